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

from golive.core.judging.bursts import Ratio

HOPED = (1.0, 0.25)  # multiples of the proceed limit that are tried, half of the weight each
HALF = math.log(0.5)


class ProceedEvidence:
    """The running evidence of one criterion in one phase, against a canary at `level`.

    `log` is the logarithm of the least evidence over all stretches that begin in the first half of
    the soak, and over all correlations that are possible.
    """

    def __init__(self, level: float, limit: float, correlations: Sequence[float]) -> None:
        """Begin with nothing seen.

        Args:
            level: Share at and above which a canary is sick.
            limit: Share below which a canary is good.
            correlations: What the correlation within a second may be.
        """
        self.requests = self.bad = self.looks = 0
        self.log = 0.0
        self._tracks = [_Track(Ratio(level, [limit * times for times in HOPED], rho)) for rho in correlations]

    def add(self, requests: int, bad: int, first_half: bool) -> None:
        """Take in one look; `first_half` while the first half of the planned soak lasts."""
        if not requests:
            return
        for track in self._tracks:
            track.add(requests, bad, first_half)
        self.log = min(track.log for track in self._tracks)
        self.requests += requests
        self.bad += bad
        self.looks += 1

    def needed(self, wanted: float, per_look: float) -> int:
        """Give how many more requests reach `wanted`, none of them bad, at `per_look` requests a look."""
        if self.log >= wanted:
            return 0
        each, looks = max(1, round(per_look)), 0
        for track in sorted(self._tracks, key=_log):
            if track.after(looks, each) < wanted:
                looks = track.looks_to(wanted, each)
        return looks * each


class _Track:
    """The evidence at one correlation, as natural logarithms."""

    def __init__(self, ratio: Ratio) -> None:
        self._ratio = ratio
        self._bold = self._mild = self._bold_highest = self._mild_highest = 0.0
        self.log = 0.0

    def add(self, requests: int, bad: int, first_half: bool) -> None:
        bold, mild = self._ratio(requests, bad)
        self._bold += bold
        self._mild += mild
        if first_half:
            self._bold_highest = max(self._bold_highest, self._bold)
            self._mild_highest = max(self._mild_highest, self._mild)
        self.log = _half_and_half(self._bold - self._bold_highest, self._mild - self._mild_highest)

    def after(self, looks: int, each: int) -> float:
        """Give the evidence after so many more looks of `each` good requests."""
        boldly, mildly = self._ratio(each, 0)
        bold, mild = self._bold - self._bold_highest, self._mild - self._mild_highest
        return _half_and_half(bold + boldly * looks, mild + mildly * looks)

    def looks_to(self, wanted: float, each: int) -> int:
        """Give the fewest looks of `each` good requests that reach `wanted`, which the evidence has not yet.

        It is convex in their number, so that Newton's steps come down from above to it.
        """
        bold, mild = self._bold - self._bold_highest, self._mild - self._mild_highest
        boldly, mildly = self._ratio(each, 0)
        looks = min((wanted - HALF - bold) / boldly, (wanted - HALF - mild) / mildly)
        for _ in range(3):
            one, other = bold + boldly * looks, mild + mildly * looks
            reached = _half_and_half(one, other)
            slope = boldly * math.exp(one + HALF - reached) + mildly * math.exp(other + HALF - reached)
            looks -= (reached - wanted) / slope
        whole = max(1, math.ceil(looks - 1e-6))
        return whole if self.after(whole, each) >= wanted else whole + 1


def _log(track: _Track) -> float:
    return track.log


def _half_and_half(a: float, b: float) -> float:
    low, high = (a, b) if a < b else (b, a)
    return high + HALF + math.log1p(math.exp(low - high))
