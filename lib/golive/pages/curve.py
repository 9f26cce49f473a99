"""What a live chart shows of a phase: counts in buckets of time, so that a day takes no more room than a minute."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from golive.core.samples import Sample, Tally, Version

MOST = 300  # buckets; a chart has not many more pixels for them
WINDOW = 5.0  # seconds that a point tells of, at the least


@dataclass
class Curve:
    """Visitors' requests of both versions since `start` (UTC seconds; None before the first), each `width` seconds."""

    start: float | None = None
    width: float = 1.0
    _buckets: dict[Version, dict[int, Tally]] = field(default_factory=lambda: {version: {} for version in Version})

    def add(self, samples: Iterable[Sample]) -> None:
        """Take samples in, in the order in which they came."""
        for sample in samples:
            if self.start is None:
                self.start = sample.second - sample.seconds
            number = int((sample.second - self.start) / self.width)
            mine = self._buckets[sample.version]
            mine[number] = mine.get(number, Tally()) + sample.tally
            if len(mine) > MOST:
                self._widen()

    def copy(self) -> Curve:
        """Give the curve as it is now."""
        return replace(self, _buckets={version: dict(mine) for version, mine in self._buckets.items()})

    @property
    def seconds(self) -> float:
        """How long the curve is."""
        last = max((number for mine in self._buckets.values() for number in mine), default=-1)
        return (last + 1) * self.width

    def points(self, version: Version, value: Callable[[Tally], float]) -> tuple[list[float], list[float]]:
        """Give seconds since the start, and a value over the last seconds at each; not a number where nobody came."""
        mine = self._buckets[version]
        back = max(1, round(WINDOW / self.width))
        times, values = [], []
        for number in sorted(mine):
            told = sum((mine.get(n, Tally()) for n in range(number - back + 1, number)), mine[number])
            times.append((number + 1) * self.width)
            values.append(value(told) if told.requests else math.nan)
        return times, values

    def _widen(self) -> None:
        """Let each bucket hold twice the time."""
        self.width *= 2
        for version, mine in self._buckets.items():
            merged: dict[int, Tally] = {}
            for number, tally in mine.items():
                merged[number // 2] = merged.get(number // 2, Tally()) + tally
            self._buckets[version] = merged
