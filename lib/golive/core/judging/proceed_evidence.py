"""Evidence that the canary is not at the rollback level: the dual, for PROCEED.

Likelihood ratios of good shares against the rollback level; each is a supermartingale for every
share at or above it, so that a canary there reaches 1/β with a chance of at most β, however often
one looks. It must hold over every stretch that begins in the first half of the planned soak: a
canary that has been sick for the second half is let through with a chance of at most β too,
whatever it was before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from golive.core.judging.bursts import Ratio

HOPED = (1.0, 0.25)  # multiples of the proceed limit that are tried
WEIGHTS = (0.5, 0.5)


@dataclass
class ProceedEvidence:
    """The running evidence of one criterion in one phase, against a canary at `level`.

    Attributes:
        level: Share at and above which a canary is sick.
        limit: Share below which a canary is good.
        correlations: What the correlation within a second may be; the least evidence of them counts.
    """

    level: float
    limit: float
    correlations: Sequence[float]
    requests: int = 0
    bad: int = 0
    looks: int = 0
    _ratios: list[Ratio] = field(default_factory=list)

    def __post_init__(self) -> None:
        shares = [self.limit * times for times in HOPED]
        self._ratios = [Ratio(self.level, shares, rho) for rho in self.correlations]
        self._sums = [[0.0] * len(shares) for _ in self.correlations]
        self._highest = [[0.0] * len(shares) for _ in self.correlations]

    def add(self, requests: int, bad: int, first_half: bool) -> None:
        """Take in one look; `first_half` while the first half of the planned soak lasts."""
        if not requests:
            return
        for ratio, sums, highest in zip(self._ratios, self._sums, self._highest, strict=True):
            for j, gain in enumerate(ratio(requests, bad)):
                sums[j] += gain
                if first_half and sums[j] > highest[j]:
                    highest[j] = sums[j]
        self.requests += requests
        self.bad += bad
        self.looks += 1

    @property
    def log(self) -> float:
        """The logarithm of the least evidence over all stretches that begin in the first half."""
        return min((self._log(i, 0.0, 0.0) for i in range(len(self._sums))), default=0.0)

    def needed(self, wanted: float, per_look: float) -> int:
        """Give how many more requests reach `wanted`, none of them bad, at `per_look` requests a look."""
        if self.log >= wanted:
            return 0
        each = max(1, round(per_look))
        return max(self._needed(i, wanted, each) for i in range(len(self._sums)))

    def _needed(self, i: int, wanted: float, each: int) -> int:
        gains = self._ratios[i](each, 0)
        low, high = 0, 1
        while self._log(i, gains[0] * high, gains[1] * high) < wanted:
            low, high = high, high * 2
        while low + 1 < high:
            middle = (low + high) // 2
            enough = self._log(i, gains[0] * middle, gains[1] * middle) >= wanted
            low, high = (low, middle) if enough else (middle, high)
        return high * each

    def _log(self, i: int, *more: float) -> float:
        sums, highest = self._sums[i], self._highest[i]
        logs = [s - h + m + math.log(w) for s, h, m, w in zip(sums, highest, more, WEIGHTS, strict=True)]
        top = max(logs)
        return top + math.log(sum(math.exp(log - top) for log in logs))
