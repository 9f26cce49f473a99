"""Shares as pairs of HAProxy weights, and back: pure arithmetic, exact or not at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

HEAVIEST = 256
PARTS = 100
SAME = 1e-9


@dataclass(frozen=True)
class Weights:
    """The weights of stable and canary in one backend; never both 0."""

    stable: int
    canary: int

    @property
    def share(self) -> float:
        """The visitors' share on the canary, 0 to 1."""
        return self.canary / (self.stable + self.canary)


def same(one: float, other: float) -> bool:
    """Say whether two shares are one and the same split."""
    return abs(one - other) < SAME


def weights_for(share: float) -> Weights | None:
    """Give weights of at most 256 that make `share` (0 to 1) exactly, in hundredths where that goes; else None."""
    if not math.isfinite(share) or not 0 <= share <= 1:
        return None
    exact = Fraction(share).limit_denominator(2 * HEAVIEST)
    if not same(float(exact), share):
        return None
    canary, whole = exact.numerator, exact.denominator
    by = PARTS // whole if PARTS % whole == 0 else 1
    found = Weights((whole - canary) * by, canary * by)
    return found if max(found.stable, found.canary) <= HEAVIEST else None


def nearest_to(share: float) -> Weights:
    """Give the weights, both above 0, whose share lies nearest to `share` (between 0 and 1)."""

    def off(weights: Weights) -> tuple[float, int]:
        return abs(weights.share - share), weights.stable + weights.canary

    def beside(canary: int) -> list[Weights]:
        stable = canary * (1 - share) / share
        return [Weights(min(max(round_(stable), 1), HEAVIEST), canary) for round_ in (math.floor, math.ceil)]

    return min((weights for canary in range(1, HEAVIEST + 1) for weights in beside(canary)), key=off)
