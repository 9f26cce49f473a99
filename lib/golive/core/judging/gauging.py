"""CPU and memory over a soak: mean, worst, and what they would be at the next split. They only hold."""

from __future__ import annotations

from collections import deque

from golive.core.plan import Criterion
from golive.core.samples import Gauges, Sample
from golive.core.verdict import Hold, Reading, Word

SENTENCES = {"cpu": "CPU of the canary", "memory": "memory of the canary"}
SECONDS = 10  # a single second of a gauge is too noisy to hold anybody


class Gauge:
    """One gauge of one version since the canary has settled."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=SECONDS)
        self._sum, self._number = 0.0, 0
        self.worst = 0.0

    def add(self, value: float | None) -> None:
        """Take in one measurement; None is none."""
        if value is None:
            return
        self._recent.append(value)
        self._sum, self._number = self._sum + value, self._number + 1
        self.worst = max(self.worst, value)

    @property
    def mean(self) -> float | None:
        """The mean since the canary settled; None when it was never measured."""
        return self._sum / self._number if self._number else None

    @property
    def now(self) -> float | None:
        """The mean of the last ten measurements."""
        return sum(self._recent) / len(self._recent) if self._recent else None


class Gauging:
    """CPU and memory of both versions in one phase."""

    def __init__(self) -> None:
        self.canary = {name: Gauge() for name in SENTENCES}
        self.stable = {name: Gauge() for name in SENTENCES}

    def add(self, stable: Sample | None, canary: Sample | None) -> None:
        """Take in one look's gauges."""
        for gauges, sample in ((self.stable, stable), (self.canary, canary)):
            for name, gauge in gauges.items():
                gauge.add(getattr(sample.gauges if sample else Gauges(), name))

    def read(self, name: str, limit: Criterion, share: float, next_share: float) -> Reading:
        """Give the reading of one gauge: what it is, at worst, and about what it would be at `next_share`."""
        gauge = self.canary[name]
        now, mean = gauge.now, gauge.mean
        if now is None or mean is None:
            return _reading(name, limit, None, Hold.UNMEASURED, f"{SENTENCES[name]} could not be measured")
        highest = max(now, mean)
        why = f"mean {mean:.0%}, at worst {gauge.worst:.0%}"
        if highest >= limit.proceed_below:
            return _reading(name, limit, highest, Hold.BETWEEN, why)
        then = self._projected(name, highest, share, next_share)
        if then > highest:
            why += f", about {then:.0%} at the next split"
        return _reading(name, limit, highest, Hold.BETWEEN if then >= limit.proceed_below else None, why)

    def _projected(self, name: str, highest: float, share: float, next_share: float) -> float:
        """Reckon with stable as the second point: it carries the rest of the same visitors.

        CPU grows with load, so that what visitors cost on stable comes along with them. Memory keeps
        what it has, and lies between the two versions' for a load between theirs.
        """
        stable = self.stable[name].now
        if stable is None or share >= 1 or next_share <= share:
            return highest
        if name == "cpu":
            return highest + (next_share - share) * stable / (1 - share)
        reached = 1.0 if next_share >= 1 - share else (next_share - share) / (1 - 2 * share)
        return highest + max(0.0, stable - highest) * reached


def _reading(name: str, limit: Criterion, seen: float | None, hold: Hold | None, why: str) -> Reading:
    return Reading(
        criterion=name,
        sentence=SENTENCES[name],
        seen=seen,
        bad=0,
        requests=0,
        proceed_below=limit.proceed_below,
        rollback_above=None,
        word=Word.HOLD if hold else Word.PROCEED,
        hold=hold,
        rollback_evidence=0.0,
        proceed_evidence=float(hold is None),
        needed=0 if seen is not None else None,
        why=why,
    )
