"""Whether counted visitors prove a split.

A split is proven when the range that the count allows lies between half and twice what was set, for the canary
and for stable both. That takes about 960 visitors at 1 %. Until then it is not enough yet, and counting goes on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

Z = 3.29  # 99.9 %: the range that is told, and that the split itself must lie in
FIRST_Z = 2.2  # 97.2 %: the range of the first look
LATER_Z = 2.6  # 99.1 %: of all later ones, so that looking again and again finds no proof by luck
FURTHER = 1.5  # each look waits for so many times the visitors of the one before
FEWEST = 400
SLACK_AT_THE_END = 0.02


class Standing(StrEnum):
    """What a count says of a split."""

    PROVEN = "proven"
    NOT_ENOUGH = "not enough yet"
    NOT_SO = "not so"


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
    return Counted(canary, requests, *_interval(canary / requests, requests, Z))


def _interval(share: float, requests: int, z: float) -> tuple[float, float]:
    middle = share + z * z / (2 * requests)
    spread = z * math.sqrt(share * (1 - share) / requests + z * z / (4 * requests * requests))
    scale = 1 + z * z / requests
    low = 0.0 if share == 0 else max(0.0, (middle - spread) / scale)
    high = 1.0 if share == 1 else min(1.0, (middle + spread) / scale)
    return low, high


def between(share: float) -> tuple[float, float]:
    """Give what the canary's share must lie between, so that neither version has under half or over twice its own."""
    return max(share / 2, 1 - 2 * (1 - share)), min(2 * share, 1 - (1 - share) / 2)


def needed(share: float) -> int:
    """Give how many visitors can prove `share` at the first look, if they meet exactly that."""
    if not 0 < share < 1:
        return FEWEST
    few = many = FEWEST
    while not _inside(share, many, share, FIRST_Z):
        few, many = many, many * 2
    while few < many:
        middle = (few + many) // 2
        if _inside(share, middle, share, FIRST_Z):
            many = middle
        else:
            few = middle + 1
    return many


def proves(seen: Counted, share: float, z: float = LATER_Z) -> bool:
    """Say whether the count proves `share`; at 100 % a few stragglers on stable are allowed."""
    if share >= 1.0:
        return seen.share >= 1.0 - SLACK_AT_THE_END
    return seen.low <= share <= seen.high and _inside(seen.share, seen.requests, share, z)


def _inside(seen: float, requests: int, share: float, z: float) -> bool:
    """Say whether the range of a counted share lies between half and twice what was set."""
    low, high = between(share)
    lowest, highest = _interval(seen, requests, z)
    return low <= lowest and highest <= high


class Proving:
    """Counts up to the proof of one split; `standing` is what the looks so far came to."""

    def __init__(self, share: float) -> None:
        self._share, self._next, self._z = share, needed(share), FIRST_Z
        self.seen = counted(0, 0)
        self.standing = Standing.NOT_ENOUGH

    def look(self, canary: int, requests: int) -> Standing:
        """Take the whole count so far. Proven stays proven; what is not so may only have been bad luck."""
        self.seen = counted(canary, requests)
        if requests < self._next or self.standing is Standing.PROVEN:
            return self.standing
        if proves(self.seen, self._share, self._z):
            self.standing = Standing.PROVEN
        else:
            agrees = self.seen.low <= self._share <= self.seen.high
            self.standing = Standing.NOT_ENOUGH if agrees else Standing.NOT_SO
        self._next, self._z = math.ceil(requests * FURTHER), LATER_Z
        return self.standing

    @property
    def more(self) -> int:
        """How many visitors are missing until the next look can say more."""
        return max(0, self._next - self.seen.requests)
