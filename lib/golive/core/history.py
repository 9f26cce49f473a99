"""The samples so far, with running sums, so that any stretch is counted at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from golive.core.samples import Gauges, Sample, Tally, Version


class History:
    """Samples of one version in the order they came; memory grows by one row a second."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._samples: list[Sample] = []
        self._ends: list[float] = []
        for sample in samples:
            self.add(sample)

    def add(self, sample: Sample) -> None:
        """Take in the next sample; one that is older than the last is ignored."""
        if self._ends and sample.at <= self._ends[-1]:
            return
        self._samples.append(sample)
        self._ends.append(sample.at)

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def last(self) -> Sample | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    def since(self, at: float) -> list[Sample]:
        """Give the samples whose stretch began at `at` or later (monotonic seconds)."""
        first = bisect_left(self._ends, at)
        return [s for s in self._samples[first:] if s.at - s.seconds >= at - 1e-6]

    def total(self, since: float) -> Tally:
        """Give the sum of the samples since `at`."""
        return sum((sample.tally for sample in self.since(since)), Tally())

    def rate(self, since: float) -> float:
        """Give requests per second since `at`; 0 when nothing was seen."""
        samples = self.since(since)
        seconds = sum(sample.seconds for sample in samples)
        return sum(sample.tally.requests for sample in samples) / seconds if seconds else 0.0

    def worst(self, since: float, gauge: Callable[[Gauges], float | None]) -> float | None:
        """Give the highest value of a gauge since `at`; None when it was never measured."""
        values = [value for sample in self.since(since) if (value := gauge(sample.gauges)) is not None]
        return max(values, default=None)


def histories(samples: Iterable[Sample]) -> dict[Version, History]:
    """Give one history for each version."""
    both = {version: History() for version in Version}
    for sample in samples:
        both[sample.version].add(sample)
    return both
