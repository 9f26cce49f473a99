"""Likelihood ratios of many runs at once, read from tables of log rising factorials.

The same numbers as `golive.core.judging.bursts`, for arrays: Γ(a + k) / Γ(a) is the product of
a, a + 1, … a + k − 1, so that its logarithm for every count k is a running sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from benchmarks.streams import Real, Whole

from golive.core.judging.bursts import GRID, PLAUSIBLE

SHIFTED = 8  # from here on Stirling's series is exact to a double's last digits
SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


class Ratios:
    """Log likelihood ratios of several shares against one, at several correlations, by count."""

    def __init__(self, against: float, shares: Iterable[float], correlations: Sequence[float]) -> None:
        self.against, self.shares, self.correlations = against, tuple(shares), tuple(correlations)
        self._most = -1
        self.fit(63)

    def fit(self, most: int) -> None:
        """Make room for counts up to `most`; what is there is kept when it is enough."""
        if most <= self._most:
            return
        self._most = most = int(most * 1.25)
        shape = (len(self.shares), len(self.correlations), most + 1)
        self._bad, self._good = np.empty(shape), np.empty(shape)
        self._ways = _rising(1.0, most)
        self._null_bad, self._null_good, self._null_all = (np.zeros(shape[1:]) for _ in range(3))
        counts, p = np.arange(most + 1), self.against
        for i, rho in enumerate(self.correlations):
            if rho <= 0:
                self._null_bad[i], self._null_good[i] = counts * np.log(p), counts * np.log1p(-p)
                shares = np.array(self.shares)[:, None]
                self._bad[:, i] = counts * np.log(shares / p)
                self._good[:, i] = counts * (np.log1p(-shares) - np.log1p(-p))
                continue
            size = 1 / rho - 1
            self._null_bad[i], self._null_good[i] = _rising(p * size, most), _rising((1 - p) * size, most)
            self._null_all[i] = _rising(size, most)
            for j, share in enumerate(self.shares):
                self._bad[j, i] = _rising(share * size, most) - self._null_bad[i]
                self._good[j, i] = _rising((1 - share) * size, most) - self._null_good[i]

    def gains(self, requests: Whole, bad: Whole, correlation: Whole) -> Real:
        """Give one gain for each share, along a first axis; `correlation` are indices."""
        at = correlation * (self._most + 1)
        gains: Real = self._bad.reshape(len(self.shares), -1).take(at + bad, axis=1)
        gains += self._good.reshape(len(self.shares), -1).take(at + (requests - bad), axis=1)
        return gains

    def log_chance(self, requests: Whole, bad: Whole, correlation: Whole) -> Real:
        """Give the log-probability of so many bad ones of so many requests, at the share tested against."""
        good = requests - bad
        ways = self._ways[requests] - self._ways[bad] - self._ways[good]
        chance: Real = self._null_bad[correlation, bad] + self._null_good[correlation, good]
        return ways + chance - self._null_all[correlation, requests]


def grid_up_to(most: float) -> list[float]:
    """Give the correlations that are tried when the highest possible is `most`."""
    return sorted({rho for rho in GRID if rho < most} | {most})


class Baseline:
    """What stable's seconds before the first shift leave possible, for many runs; fed in chunks."""

    def __init__(self, most: float) -> None:
        self.grid = grid_up_to(most)
        self._requests: list[Whole] = []
        self._bad: list[Whole] = []

    def add(self, requests: Whole, bad: Whole) -> None:
        """Take in some seconds, each array (runs, seconds)."""
        self._requests.append(requests)
        self._bad.append(bad)

    def plausible(self) -> Whole:
        """Give, for each run, the indices in `grid` of the lowest, middle and highest possible correlation."""
        requests, bad = (sum(part.sum(axis=1) for part in parts) for parts in (self._requests, self._bad))
        told = (bad > 0) & (bad < requests)
        share = np.where(told, bad, 1) / np.where(told, requests, 2)
        fits = np.zeros((len(share), len(self.grid)))
        for n, x in zip(self._requests, self._bad, strict=True):
            for i, rho in enumerate(self.grid):
                fits[:, i] += _fit(n, x, share[:, None], rho)
        possible = (fits >= fits.max(axis=1, keepdims=True) - PLAUSIBLE) | ~told[:, None]
        number = possible.sum(axis=1)
        ranked = np.argsort(~possible, axis=1, kind="stable")
        rows = np.arange(len(share))
        return np.stack([ranked[:, 0], ranked[rows, number // 2], ranked[rows, number - 1]])


def _fit(requests: Whole, bad: Whole, share: Real, rho: float) -> Real:
    """Give the log-likelihood of each run's seconds, but for what does not depend on the correlation."""
    if rho <= 0:
        fit: Real = (bad * np.log(share) + (requests - bad) * np.log1p(-share)).sum(axis=1)
        return fit
    size = 1 / rho - 1
    a, b = share * size, (1 - share) * size
    whole = _rising(size, int(requests.max(initial=0)))
    each = log_gamma(requests - bad + b) - log_gamma(b) - whole[requests]
    run, second = np.nonzero(bad)
    each[run, second] += log_gamma(bad[run, second] + a[run, 0]) - log_gamma(a[run, 0])
    total: Real = each.sum(axis=1)
    return total


def log_gamma(x: Real) -> Real:
    """Give log Γ(x) for x > 0, by Stirling's series after moving x up (Abramowitz and Stegun 6.1.41)."""
    product = np.ones_like(x)
    for step in range(SHIFTED):
        product *= x + step
    y = x + SHIFTED
    series, power = np.zeros_like(y), 1 / y
    inverse_square = power * power
    for factor in SERIES:
        series += factor * power
        power = power * inverse_square
    result: Real = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi) + series - np.log(product)
    return result


def _rising(start: float, most: int) -> Real:
    """Give log Γ(start + k) − log Γ(start) for every k from 0 to `most`."""
    return np.concatenate([[0.0], np.cumsum(np.log(start + np.arange(most)))])
