"""CPU and memory over a soak: mean, worst, and what they would be at the next split. They only hold.

The two versions carry two parts of the same visitors, which makes two points of a line: where machines
are fixed it rises, and where they follow the load it is flat. At an even split there is only one point,
and the line of the phases before is used.
"""

from __future__ import annotations

from collections import deque

from golive.core.plan import Criterion
from golive.core.samples import Gauges, Sample
from golive.core.verdict import Hold, Reading, Word

SENTENCES = {"cpu": "CPU of the canary", "memory": "memory of the canary"}
FURTHEST_SHARE = 0.4  # from here on the two versions' loads are too alike to tell a slope
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

    def slope(self, name: str, share: float) -> float | None:
        """Give by how much a gauge rises from no visitors to all of them; None when that can't be told at `share`."""
        stable, canary = self.stable[name].mean, self.canary[name].mean
        if stable is None or canary is None or not 0 < share < FURTHEST_SHARE:
            return None
        return max(0.0, (stable - canary) / (1 - 2 * share))

    def read(self, name: str, limit: Criterion, shares: tuple[float, float], known: float | None) -> Reading:
        """Give the reading of one gauge: what it is, at worst, and about what it would be at the next split.

        Args:
            shares: The split now and the next one, 0 to 1.
            known: The slope that earlier phases have shown; None when they have shown none.
        """
        gauge = self.canary[name]
        now, mean = gauge.now, gauge.mean
        if now is None or mean is None:
            return _reading(name, limit, None, Hold.UNMEASURED, f"{SENTENCES[name]} could not be measured")
        highest = max(now, mean)
        why = f"mean {mean:.0%}, at worst {gauge.worst:.0%}"
        if highest >= limit.proceed_below:
            return _reading(name, limit, highest, Hold.BETWEEN, why)
        here = self.slope(name, shares[0])
        then = mean + (here if here is not None else known or 0.0) * max(0.0, shares[1] - shares[0])
        if then > highest:
            why += f", about {then:.0%} at the next split"
        return _reading(name, limit, highest, Hold.BETWEEN if then >= limit.proceed_below else None, why)


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
