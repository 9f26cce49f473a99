"""The plan's criteria over a whole run: the canary's value since its first visitor, and the worst minute. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from golive.core.judging.gauging import SENTENCES as GAUGES
from golive.core.judging.measures import SENTENCES, bad_of, measures_of
from golive.core.plan import Plan
from golive.core.samples import Sample, Version

MINUTE = 60
COMPARED = "client_errors"


@dataclass(frozen=True)
class Criterion:
    """What one criterion came to over a whole run.

    Attributes:
        value: Its share over the whole run, 0 to 1; None when nothing was measured.
        of: The requests that were judged, or the seconds in which a gauge was measured.
        worst: Its share in its worst minute, which began at `worst_at`, UTC seconds since the epoch.
        stable: Stable's share in the same time, where that is what the canary is held against.
    """

    name: str
    sentence: str
    proceed_below: float
    value: float | None
    of: float
    worst: float
    worst_at: int
    stable: float | None = None

    @property
    def good(self) -> bool:
        """Whether it was measured and is below its limit, or no more than stable's by as much as its limit."""
        return self.value is not None and self.value - (self.stable or 0.0) < self.proceed_below


class _Share:
    """A share in all, and by the minute; `count` gives how much of a sample is judged, and how much of it is bad."""

    def __init__(self, count: Callable[[Sample], tuple[float, float]]) -> None:
        self._count, self._of, self._bad = count, 0.0, 0.0
        self._minutes: dict[int, tuple[float, float]] = {}

    def add(self, sample: Sample) -> None:
        of, bad = self._count(sample)
        if of > 0:
            self._of, self._bad = self._of + of, self._bad + bad
            minute = int(sample.second // MINUTE)
            had = self._minutes.get(minute, (0.0, 0.0))
            self._minutes[minute] = (had[0] + of, had[1] + bad)

    @property
    def value(self) -> float | None:
        return self._bad / self._of if self._of else None

    def read(self, name: str, sentence: str, limit: float, stable: float | None) -> Criterion:
        worst = max(self._minutes, key=lambda minute: (self._ratio(minute), -minute), default=0)
        ratio = self._ratio(worst) if self._minutes else 0.0
        return Criterion(name, sentence, limit, self.value, self._of, ratio, worst * MINUTE, stable)

    def _ratio(self, minute: int) -> float:
        of, bad = self._minutes[minute]
        return bad / of


class WholeRun:
    """Samples of a run, taken in as they came; those before the canary's first visitor count for nothing."""

    def __init__(self, plan: Plan) -> None:
        self._begun: float | None = None
        self._last = self._measured = 0.0
        self._rows = [(m.name, m.sentence, m.proceed_below, _Share(m.count)) for m in measures_of(plan)]
        compared = plan.criteria.client_errors.proceed_below
        self._rows.append((COMPARED, SENTENCES[COMPARED], compared, _Share(_client_errors)))
        for name, sentence in GAUGES.items():
            self._rows.append((name, sentence, getattr(plan.criteria, name).proceed_below, _Share(_gauge(name))))
        self._stable = _Share(_client_errors)

    def add(self, sample: Sample) -> None:
        """Take in the next sample of either version."""
        mine = sample.version is Version.CANARY
        if self._begun is None and not (mine and (sample.share or sample.tally.requests)):
            return
        if self._begun is None:
            self._begun = sample.second - sample.seconds
        self._last = max(self._last, sample.second)
        if not mine:
            self._stable.add(sample)
            return
        self._measured += sample.seconds
        for *_, share in self._rows:
            share.add(sample)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion of the plan, in its order, critical routes behind the others."""
        found = []
        for name, sentence, limit, share in self._rows:
            stable = (self._stable.value or 0.0) if name == COMPARED else None
            found.append(share.read(name, sentence, limit, stable))
        return tuple(sorted(found, key=lambda one: ": " in one.name))

    @property
    def seconds(self) -> tuple[float, float]:
        """For how long the canary was measured, and how long it is from its first visitor to the newest sample."""
        return self._measured, self._last - self._begun if self._begun is not None else 0.0


def _client_errors(sample: Sample) -> tuple[float, float]:
    return sample.tally.requests, bad_of(COMPARED, sample.tally)


def _gauge(name: str) -> Callable[[Sample], tuple[float, float]]:
    def count(sample: Sample) -> tuple[float, float]:
        value: float | None = getattr(sample.gauges, name)
        return (sample.seconds, value * sample.seconds) if value is not None else (0.0, 0.0)

    return count
