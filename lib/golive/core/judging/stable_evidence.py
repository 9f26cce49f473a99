"""Evidence of the canary against stable in the same seconds, whatever the site's own level is.

Given how many requests of a second were bad on both versions together, the canary's part of them is
its part of all requests when both are alike. The bad requests of one second may share one fate, so
their likelihood ratios are averaged, not multiplied: an average of e-values is an e-value under any
dependence (Vovk and Wang, "E-values: calibration, combination and applications", 2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

WORSE = (2.0, 4.0, 16.0)  # odds of a bad request on the canary against one on stable
AS_SICK = 2.0


def fair_share(canary: int, stable: int, odds: float = 1.0) -> float:
    """Give the canary's expected part of all bad requests, at these odds."""
    return odds * canary / (odds * canary + stable)


@dataclass
class StableEvidence:
    """The running comparison of one kind of bad request.

    `worse_log` is evidence against "the canary is no worse than stable", `as_sick_log` against "the
    canary is at least twice as bad as stable", both as natural logarithms.
    """

    _worse: list[float] = field(default_factory=lambda: [0.0] * len(WORSE))
    as_sick_log: float = 0.0

    def add(self, canary: tuple[int, int], stable: tuple[int, int]) -> None:
        """Take in one second: each pair is (requests, bad)."""
        both = canary[1] + stable[1]
        if not canary[0] or not stable[0] or not both:
            return
        part = canary[1] / both
        alike = fair_share(canary[0], stable[0])
        for j, odds in enumerate(WORSE):
            self._worse[j] += math.log(_average(part, fair_share(canary[0], stable[0], odds), alike))
        self.as_sick_log += math.log(_average(part, alike, fair_share(canary[0], stable[0], AS_SICK)))

    @property
    def worse_log(self) -> float:
        """The logarithm of the mixture over how much worse."""
        highest = max(self._worse)
        return highest + math.log(sum(math.exp(log - highest) for log in self._worse) / len(WORSE))


def _average(part: float, share: float, against: float) -> float:
    return part * share / against + (1 - part) * (1 - share) / (1 - against)
