"""Clocks that disagree: our own when somebody sets it, and that of what gives the counts."""

from __future__ import annotations

from golive.core.skew import MOST, in_words
from golive.ports import Clock

STEPPED = 2.0


class ClockWatch:
    """Finds each disagreement once; what is reckoned with is the time since boot, which nobody sets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart = self._now()
        self._skewed = False

    def look(self, skew: float | None) -> list[str]:
        """Give what has come to be so since the last look, a sentence each; `skew` is that of the counts' source."""
        found = []
        stepped, self._apart = self._now() - self._apart, self._now()
        if abs(stepped) > STEPPED:
            side = "forward" if stepped > 0 else "back"
            found.append(f"this machine's clock was set {side} by {abs(stepped):.1f} s; no soak is longer or shorter")
        skewed = skew is not None and abs(skew) > MOST
        if skewed and not self._skewed and skew is not None:
            found.append(f"{in_words(skew, 'the source of the counts')}; counts are reckoned by when they arrive")
        self._skewed = skewed
        return found

    def _now(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
