"""A router that reads back another split than the record knows."""

from __future__ import annotations

from dataclasses import dataclass

from golive.ports import Split, Unknown

SAME = 1e-9


@dataclass(frozen=True)
class Stray:
    """How the read-back differs from the record.

    Attributes:
        share, recorded: What the router reads back, and what the record says (0 to 1).
        since: Monotonic seconds of the last read that agreed, so that it has stood no longer than since then.
        reads: How many reads in a row have lain on this side of the record.
        at: When the newest of them was begun; None when that is not known.
    """

    share: float
    recorded: float
    since: float
    reads: int
    at: float | None

    @property
    def above(self) -> bool:
        """Whether more visitors are on the canary than the record says."""
        return self.share > self.recorded


class Watch:
    """Follows the read-backs. Reads begun before the split last moved say nothing, nor does a router that is silent."""

    def __init__(self, now: float) -> None:
        self._agreed = self._settled = now
        self._stray: Stray | None = None
        self._fresh = False

    @property
    def stray(self) -> Stray | None:
        """How the read-back differs from the record; None when it does not, or nothing was read since the last move."""
        return self._stray if self._fresh else None

    def moved(self, until: float) -> None:
        """Take notice that the split has been moved, and that reads show it from `until` on (monotonic seconds)."""
        self._settled, self._fresh = until, False

    def read(self, split: Split | Unknown, at: float | None, recorded: float, now: float) -> None:
        """Take the newest read-back, begun `at`, beside what the record says."""
        if self._stray is not None and self._stray.recorded != recorded:
            self._agreed, self._stray = max(self._agreed, min(self._settled, now)), None
        if not isinstance(split, Split) or (at is not None and at < self._settled):
            return
        before, self._fresh = self._stray, True
        if abs(split.share - recorded) < SAME:
            self._agreed, self._stray = now if at is None else at, None
        elif before is None or before.above != (split.share > recorded):
            self._stray = Stray(split.share, recorded, self._agreed, 1, at)
        elif at is None or at != before.at:
            self._stray = Stray(split.share, recorded, before.since, before.reads + 1, at)
