"""Failures come in bursts: how much one second's requests share their fate.

Within a second the bad requests of a version are beta-binomial: the second draws a chance from a
beta distribution with mean p and intra-class correlation ρ, and its requests follow it. ρ = 0 is
the binomial. The likelihood ratio of two means at one ρ falls or rises with the number of bad
requests throughout, so that it is an e-value against every mean on the far side of the null, not
at its edge only (monotone likelihood ratio; Karlin and Rubin 1956).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

GRID = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MOST_KNOWN = 4096
PLAUSIBLE = 2.0  # nats below the best: about 95 % (Wilks 1938)


class Ratio:
    """Likelihood ratios, in nats, of several shares against one, at one correlation within a second."""

    def __init__(self, against: float, shares: Iterable[float], correlation: float) -> None:
        self.shares = tuple(shares)
        self._against, self._correlation = against, correlation
        if correlation <= 0:
            nothing = math.log1p(-against)
            self._each = [(math.log(share / against), math.log1p(-share) - nothing) for share in self.shares]
            return
        size = 1 / correlation - 1
        lgamma = math.lgamma
        self._null = (against * size, (1 - against) * size)
        self._null_at_zero = lgamma(self._null[0]) + lgamma(self._null[1])
        beta = [(share * size, (1 - share) * size) for share in self.shares]
        self._beta = [(a, b, lgamma(a) + lgamma(b)) for a, b in beta]
        self._known: dict[int, list[float]] = {}

    def __call__(self, requests: int, bad: int) -> list[float]:
        """Give one gain for each share, after a second with so many requests and bad ones."""
        good = requests - bad
        if self._correlation <= 0:
            return [bad * b + good * g for b, g in self._each]
        if not bad:
            return self._all_good(requests)
        lgamma = math.lgamma
        null = lgamma(bad + self._null[0]) + lgamma(good + self._null[1]) - self._null_at_zero
        return [lgamma(bad + a) + lgamma(good + b) - zero - null for a, b, zero in self._beta]

    def _all_good(self, requests: int) -> list[float]:
        """Most seconds of most sites have no bad request, and few different numbers of requests."""
        known = self._known.get(requests)
        if known is None:
            lgamma, (_, null) = math.lgamma, self._null
            before = lgamma(requests + null) - lgamma(null)
            known = [lgamma(requests + b) - lgamma(b) - before for _, b, _ in self._beta]
            if len(self._known) < MOST_KNOWN:
                self._known[requests] = known
        return known

    def log_chance(self, requests: int, bad: int) -> float:
        """Give the log-probability of so many bad ones of so many requests, at the share tested against."""
        lgamma, good = math.lgamma, requests - bad
        ways = lgamma(requests + 1) - lgamma(bad + 1) - lgamma(good + 1)
        if self._correlation <= 0:
            return ways + bad * math.log(self._against) + good * math.log1p(-self._against)
        a, b = self._null
        return ways + lgamma(bad + a) + lgamma(good + b) - lgamma(requests + a + b) - self._null_at_zero + lgamma(a + b)


def plausible(seconds: Iterable[tuple[int, int]], most: float) -> tuple[float, ...]:
    """Give the correlations that stable's baseline leaves possible: lowest, middle, highest; at most `most`.

    `seconds` are (requests, bad). A correlation is possible when the likelihood of the baseline at it
    is within `PLAUSIBLE` nats of the best; without bad requests nothing is learned and all are. The
    bound keeps a sick stable from excusing a sick canary.
    """
    counted = [(n, x) for n, x in seconds if n]
    requests, bad = sum(n for n, _ in counted), sum(x for _, x in counted)
    grid = sorted({rho for rho in GRID if rho < most} | {most})
    if 0 < bad < requests:
        fits = [_fit(counted, bad / requests, rho) for rho in grid]
        grid = [rho for rho, fit in zip(grid, fits, strict=True) if fit >= max(fits) - PLAUSIBLE]
    return tuple(dict.fromkeys((grid[0], grid[len(grid) // 2], grid[-1])))


def _fit(seconds: list[tuple[int, int]], share: float, correlation: float) -> float:
    """Give the log-likelihood of the seconds, but for what does not depend on the correlation."""
    if correlation <= 0:
        return sum(x * math.log(share) + (n - x) * math.log1p(-share) for n, x in seconds)
    size = 1 / correlation - 1
    a, b = share * size, (1 - share) * size
    lgamma = math.lgamma
    zero = lgamma(a + b) - lgamma(a) - lgamma(b)
    return sum(zero + lgamma(x + a) + lgamma(n - x + b) - lgamma(n + a + b) for n, x in seconds)
