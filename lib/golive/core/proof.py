"""Whether counted visitors prove a split."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 3.29
FEWEST = 400
SLACK_AT_THE_END = 0.02


@dataclass(frozen=True)
class Counted:
    """Visitors counted on the canary, of all, with the range that their share allows (99.9 %)."""

    canary: int
    requests: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The counted share, 0 to 1."""
        return self.canary / self.requests if self.requests else 0.0


def counted(canary: int, requests: int) -> Counted:
    """Give the count with its Wilson score interval (Wilson, JASA 1927) at 99.9 %."""
    if not requests:
        return Counted(0, 0, 0.0, 1.0)
    share = canary / requests
    middle = share + Z * Z / (2 * requests)
    spread = Z * math.sqrt(share * (1 - share) / requests + Z * Z / (4 * requests * requests))
    scale = 1 + Z * Z / requests
    low = 0.0 if canary == 0 else max(0.0, (middle - spread) / scale)
    high = 1.0 if canary == requests else min(1.0, (middle + spread) / scale)
    return Counted(canary, requests, low, high)


def enough(share: float, requests: int) -> bool:
    """Say whether so many visitors could show that `share` is not so."""
    return requests >= max(FEWEST, 7 / min(share, 0.5))


def proves(seen: Counted, share: float) -> bool:
    """Say whether the count agrees with `share`; at 100 % a few stragglers on stable are allowed."""
    if share >= 1.0:
        return seen.share >= 1.0 - SLACK_AT_THE_END
    return seen.low <= share <= seen.high and seen.canary > 0
