"""Kayenta's judge (NetflixACAJudge-v1.0), re-stated from its documented algorithm.

Its Mann-Whitney test is the one of R's `wilcox.test` (two samples, normal approximation with
continuity correction and ties), with the interval's ends found by Brent's method (R. Brent,
"Algorithms for minimization without derivatives", 1973, chapter 4) to 1e-4.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import NormalDist, fmean

import numpy as np
from benchmarks.outcomes import Piece, Rule, share
from benchmarks.streams import CHUNK, Real, Streams

TOLERANCE = 0.25
CONFIDENCE = 0.98
ALLOWED_INCREASE = 1.0
ROOT_TOLERANCE = 1e-4
ROOT_STEPS = 1001
NOISE = 1e-5


class AllTied(Exception):
    """All observations are one value, so that the ranks say nothing."""


class Label(Enum):
    """What the judge calls a metric."""

    PASS = "Pass"
    HIGH = "High"
    NO_DATA = "Nodata"
    ERROR = "Error"


@dataclass(frozen=True)
class Shift:
    """How far the canary's points lie above stable's: an estimate and its interval."""

    low: float
    high: float
    estimate: float


class Kayenta(Rule):
    """Kayenta at the end of each soak, on the failed share of each of its minutes, in percent.

    Direction increase, critical, tolerance 0.25, confidence 0.98; a minute without requests is no
    point (nanStrategy remove). High fails the critical metric and rolls back; so does no data on
    one side, as a critical metric that is not Pass scores 0. A metric that cannot be computed is an
    Error, which neither counts nor fails. Percent, because the roots are found to 1e-4 whatever the
    unit, which for shares of 1 would be 0.01 %. It judges the first `runs` runs only: each is a
    search of its own.
    """

    def __init__(self, streams: Streams, runs: int) -> None:
        super().__init__(streams, runs)
        self._canary: list[Real] = []
        self._stable: list[Real] = []
        self._noise = np.random.default_rng(
            np.random.SeedSequence(streams.seed, spawn_key=(len(streams.scenario.soaks) + 1,))
        )

    def see(self, piece: Piece) -> None:
        """Keep the minute's two points; judge the soak with the last of them."""
        if piece.first:
            self._canary, self._stable = [], []
        for points, counts in ((self._canary, piece.chunk.canary), (self._stable, piece.chunk.stable)):
            failed, requests = (column[: self.runs].sum(axis=1) for column in (counts.failed, counts.requests))
            points.append(100 * share(failed, requests))
        second = np.zeros(self.runs, np.int64)
        if piece.last:
            canary, stable = np.array(self._canary), np.array(self._stable)
            for run in np.flatnonzero(self.running):
                label = classify(canary[:, run].tolist(), stable[:, run].tolist(), self._noise)
                second[run] = CHUNK if label in (Label.HIGH, Label.NO_DATA) else 0
        self.roll_back(piece, second)


def classify(canary: Sequence[float], stable: Sequence[float], noise: np.random.Generator) -> Label:
    """Give the judge's label for the points of a metric with direction increase; NaN is no point."""
    canary, stable = _points(canary), _points(stable)
    if not canary or not stable:
        return Label.NO_DATA
    if canary == stable or len({*canary, *stable}) == 1:
        return Label.PASS
    if len({*canary}) == len({*stable}) == 1:
        canary, stable = (_shaken(points, noise) for points in (canary, stable))
    try:
        shift = mann_whitney(canary, stable)
    except AllTied:
        return Label.ERROR
    means = fmean(canary), fmean(stable)
    large = not all(means) or means[0] / means[1] >= ALLOWED_INCREASE
    return Label.HIGH if large and shift.low > TOLERANCE * abs(shift.estimate) else Label.PASS


def mann_whitney(canary: Sequence[float], stable: Sequence[float], confidence: float = CONFIDENCE) -> Shift:
    """Give the shift between two samples of at least one point each.

    Raises:
        AllTied: when a shift under test leaves one single value, which has no interval.
    """
    stable = sorted(stable)
    quantile = NormalDist().inv_cdf((1 - confidence) / 2)
    lowest, highest = min(canary) - stable[-1], max(canary) - stable[0]

    def root(wanted: float) -> float:
        at_lowest, at_highest = (_standard_score(canary, stable, shift) - wanted for shift in (lowest, highest))
        if at_lowest <= 0:
            return lowest
        if at_highest >= 0:
            return highest
        return find_root(lambda shift: _standard_score(canary, stable, shift) - wanted, lowest, highest)

    return Shift(root(-quantile), root(quantile), root(0.0))


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Give where the function crosses zero between two points of unlike sign, by Brent's method.

    Stops within 1e-4; on a step function it gives the side of the step that is nearer to zero.
    """
    before, best, other = low, high, low
    f_before, f_best = function(low), function(high)
    f_other = f_before
    for _ in range(ROOT_STEPS):
        last_step = best - before
        if abs(f_other) < abs(f_best):
            before, best, other = best, other, best
            f_before, f_best, f_other = f_best, f_other, f_best
        tolerance = 2 * np.finfo(float).eps * abs(best) + ROOT_TOLERANCE / 2
        step = (other - best) / 2
        if abs(step) <= tolerance or f_best == 0:
            return best
        if abs(last_step) >= tolerance and abs(f_before) > abs(f_best):
            step = _interpolated(best, before, other, (f_best, f_before, f_other), (last_step, tolerance), step)
        if abs(step) < tolerance:
            step = math.copysign(tolerance, step)
        before, f_before = best, f_best
        best += step
        f_best = function(best)
        if f_best * f_other > 0:
            other, f_other = before, f_before
    return best


def _interpolated(
    best: float,
    before: float,
    other: float,
    values: tuple[float, float, float],
    bounds: tuple[float, float],
    half: float,
) -> float:
    """Give the step by the secant or by inverse quadratic interpolation, or `half` where it is unsafe."""
    f_best, f_before, f_other = values
    last_step, tolerance = bounds
    span, ratio = other - best, f_best / f_before
    if before == other:
        p, q = span * ratio, 1 - ratio
    else:
        first, second = f_before / f_other, f_best / f_other
        p = ratio * (span * first * (first - second) - (best - before) * (second - 1))
        q = (first - 1) * (second - 1) * (ratio - 1)
    if p > 0:
        q = -q
    p = abs(p)
    safe = p < 0.75 * span * q - abs(tolerance * q) / 2 and p < abs(last_step * q / 2)
    return p / q if safe else half


def _standard_score(canary: Sequence[float], stable: Sequence[float], shift: float) -> float:
    """Give the rank-sum statistic of the canary's points less `shift`, in standard deviations."""
    moved = [point - shift for point in canary]
    n, m = len(moved), len(stable)
    above = sum(bisect_left(stable, point) + bisect_right(stable, point) for point in moved) / 2
    difference = above - n * m / 2
    ties = sum(count**3 - count for count in Counter([*moved, *stable]).values())
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance <= 0:
        raise AllTied
    return (difference - math.copysign(0.5, difference) * (difference != 0)) / math.sqrt(variance)


def _points(values: Sequence[float]) -> list[float]:
    return sorted(value for value in values if not math.isnan(value))


def _shaken(points: Sequence[float], noise: np.random.Generator) -> list[float]:
    """Give equal points a little noise, as the judge does when either side is constant."""
    return [point + noise.normal(0, abs(point) * NOISE) for point in points]
