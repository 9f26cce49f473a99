"""The evidence to proceed, and against stable, of `golive.core.judging` for many runs at once."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np
from benchmarks.ratios import Ratios, grid_up_to
from benchmarks.streams import Real, Truth, Whole

from golive.core.judging.proceed_evidence import HALF, HOPED
from golive.core.judging.stable_evidence import WORSE

SPARSE = 5  # one run of so many with requests is cheaper judged apart


class ByRun:
    """State whose arrays all have runs as their last axis, so that some runs can be taken out and put back."""

    def taken(self, runs: Whole | Truth) -> Self:
        """Give these runs alone."""
        part = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(part, name, value[..., runs])
        return part

    def put(self, runs: Whole | Truth, part: Self) -> None:
        """Put the runs that were taken out back to their places."""
        for name, value in vars(part).items():
            if isinstance(value, np.ndarray):
                getattr(self, name)[..., runs] = value


class Fed(ByRun):
    """Evidence that takes in a look of every run."""

    def add(self, requests: Whole, bad: Whole, *more: bool) -> None:
        """Take in one look of every run."""
        raise NotImplementedError

    def feed(self, requests: Whole, bad: Whole, *more: bool) -> None:
        """Take in one look; only the runs that have requests are touched when they are few."""
        seen = np.flatnonzero(requests)
        if SPARSE * seen.size > requests.size:
            self.add(requests, bad, *more)
        elif seen.size:
            part = self.taken(seen)
            part.add(requests[seen], bad[seen], *more)
            self.put(seen, part)


class ManyProceed(Fed):
    """`ProceedEvidence` of one criterion in one phase, for many runs."""

    def __init__(self, level: float, limit: float, most: float, correlation: Whole) -> None:
        """Begin with nothing seen; `correlation` (3, runs) are indices in the grid up to `most`."""
        self.ratios = Ratios(level, [limit * times for times in HOPED], grid_up_to(most))
        self.correlation = correlation
        self.begin()

    def begin(self) -> None:
        """Begin a phase."""
        self._sums = np.zeros((len(HOPED), *self.correlation.shape))
        self._highest = np.zeros_like(self._sums)

    def add(self, requests: Whole, bad: Whole, *more: bool) -> None:
        """Take in one look of every run; `more` is whether the first half of the planned soak lasts."""
        self._sums = self._sums + self.ratios.gains(requests, bad, self.correlation)
        if all(more):
            self._highest = np.maximum(self._highest, self._sums)

    @property
    def log(self) -> Real:
        """The logarithm of the least evidence over all stretches that begin in the first half."""
        logs = self._sums - self._highest + HALF
        top = logs.max(axis=0)
        least: Real = (top + np.log(np.exp(logs - top).sum(axis=0))).min(axis=0)
        return least


class ManyCompared(ByRun):
    """`StableEvidence` that the canary is worse than stable, for many runs."""

    def __init__(self, runs: int) -> None:
        self._worse = np.zeros((len(WORSE), runs))

    def begin(self) -> None:
        """Begin a phase."""
        self._worse = np.zeros_like(self._worse)

    def add(self, canary: tuple[Whole, Whole], stable: tuple[Whole, Whole]) -> None:
        """Take in one second of every run: each pair is (requests, bad)."""
        both = canary[1] + stable[1]
        told = np.flatnonzero((canary[0] > 0) & (stable[0] > 0) & (both > 0))
        part = canary[1][told] / both[told]
        alike = canary[0][told] / (canary[0][told] + stable[0][told])
        for j, odds in enumerate(WORSE):
            worse = odds * canary[0][told] / (odds * canary[0][told] + stable[0][told])
            self._worse[j, told] += np.log(part * worse / alike + (1 - part) * (1 - worse) / (1 - alike))

    @property
    def log(self) -> Real:
        """The logarithm of the mixture over how much worse."""
        top = self._worse.max(axis=0)
        logs: Real = top + np.log(np.exp(self._worse - top).sum(axis=0) / len(WORSE))
        return logs
