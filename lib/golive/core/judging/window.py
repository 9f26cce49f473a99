"""What the last so many seconds held, in bounded memory."""

from __future__ import annotations

from collections import deque

from golive.core.samples import Sample

KINDS = ("failed", "over_1000ms", "over_500ms")


class Window:
    """Running sums over the last `seconds` of one version's samples."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.clear()

    def add(self, sample: Sample) -> None:
        """Take in the next sample, and drop what ended `seconds` before it."""
        tally, over = sample.tally, sample.tally.over
        row = (sample.at, sample.seconds, tally.requests, tally.failed, over.get(1000, 0), over.get(500, 0))
        self._kept.append(row)
        self._count(row, 1)
        while self._kept[0][0] <= sample.at - self.seconds:
            self._count(self._kept.popleft(), -1)

    def clear(self) -> None:
        """Forget everything."""
        self.requests = self.failed = self.over_1000ms = self.over_500ms = 0
        self._spans = 0.0
        self._kept: deque[tuple[float, float, int, int, int, int]] = deque()

    @property
    def rate(self) -> float:
        """Requests per second; 0 when nothing was seen."""
        return self.requests / self._spans if self._spans > 0 else 0.0

    def share(self, kind: str) -> float:
        """Give the share of one kind, 0 to 1; 0 without requests."""
        bad: int = getattr(self, kind)
        return bad / self.requests if self.requests else 0.0

    def _count(self, row: tuple[float, float, int, int, int, int], sign: int) -> None:
        self._spans += sign * row[1]
        self.requests += sign * row[2]
        self.failed += sign * row[3]
        self.over_1000ms += sign * row[4]
        self.over_500ms += sign * row[5]
