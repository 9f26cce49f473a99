"""The evidence of `golive.core.judging`, for many runs at once: arrays of alternatives × correlations × runs.

E-values are kept as numbers, not as logarithms, which makes a look cheap. Where one grows beyond
what a double holds it is divided by a scale that is remembered; what is then 10^300 times smaller
than the rest counts as nothing.
"""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np
from benchmarks.ratios import Ratios, grid_up_to
from benchmarks.streams import Real, Truth, Whole

from golive.core.judging.proceed_evidence import HALF, HOPED
from golive.core.judging.rollback_evidence import ANYWHERE, AT_FIRST, AT_SHIFTS, LOWEST_BOOSTED, alternatives
from golive.core.judging.stable_evidence import WORSE

LARGE = 1e150
LARGEST_GAIN = 300.0
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


class ManyRollback(Fed):
    """`RollbackEvidence` of one criterion, for many runs."""

    def __init__(self, limit: float, trigger: float, most: float, correlation: Whole, wanted: float) -> None:
        """Begin with nothing seen; `correlation` (3, runs) are indices in the grid up to `most`."""
        tried = alternatives(trigger)
        self.limit, self.trigger, self.wanted = limit, trigger, wanted
        self.ratios = Ratios(limit, [share for share, _ in tried], grid_up_to(most))
        self._prior = tuple(weight for _, weight in tried)
        tracks, runs = correlation.shape
        shape = (len(tried), tracks, runs)
        self.correlation = correlation
        self.requests, self.bad, self._shifts = (np.zeros(runs, np.int64) for _ in range(3))
        self._entering, self._left = np.full(runs, AT_FIRST), np.ones(runs)
        self._values, self._best = np.zeros(shape), np.zeros(shape)
        self._begun_requests, self._begun_bad = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._untouched, self._total = np.ones((tracks, runs)), np.ones((tracks, runs))
        self._scale = np.zeros((tracks, runs))
        self._spent = np.zeros(runs)

    def shift(self) -> None:
        """Say that a split has just moved."""
        seen = self.requests > 0
        self._shifts += seen
        shifts = np.maximum(self._shifts, 1)
        self._entering += np.where(seen, AT_SHIFTS / (shifts * (shifts + 1)), 0.0)

    def add(self, requests: Whole, bad: Whole, *more: bool) -> None:
        """Take in one look of every run; a run without requests stays as it is."""
        seen = requests > 0
        spent = 1 - 1 / (1 + np.log1p(self.limit * (self.requests + requests)))
        entering = np.where(seen, self._entering + ANYWHERE * (spent - self._spent), 0.0)
        self._spent = spent
        self._entering = np.where(seen, 0.0, self._entering)
        self._left -= entering
        start = np.array(self._prior)[:, None, None] * (entering * self._untouched)
        rest = np.maximum(self._left, 0.0) * self._untouched
        base = self._values + start
        boost = self._boost(requests, base, rest)
        gains = self.ratios.gains(requests, bad, self.correlation)
        self._tame(gains, rest)
        factor = np.exp(gains)
        factor *= boost
        newer = self._best < start
        np.copyto(self._best, start, where=newer)
        np.copyto(self._begun_requests, self.requests, where=newer)
        np.copyto(self._begun_bad, self.bad, where=newer)
        self._best *= factor
        base *= factor
        self._values = base
        self._untouched = self._untouched * boost
        self._total = base.sum(axis=0) + rest * boost
        self.requests = self.requests + requests
        self.bad = self.bad + bad
        if self._total.max(initial=0.0) > LARGE:
            self._divide(self._total > LARGE)

    @property
    def logs(self) -> Real:
        """The logarithm of the e-process, by correlation and run."""
        logs: Real = np.log(self._total) + self._scale
        return logs

    @property
    def log(self) -> Real:
        """The logarithm of the e-process, at the correlation that gives the least."""
        least: Real = self.logs.min(axis=0)
        return least

    def stretch(self, runs: Whole) -> tuple[Whole, Whole]:
        """Give requests and bad ones since the best supported change, of these runs."""
        track = self.logs[:, runs].argmin(axis=0)
        best = self._best[:, track, runs].argmax(axis=0)
        begun = self._begun_requests[best, track, runs], self._begun_bad[best, track, runs]
        return self.requests[runs] - begun[0], self.bad[runs] - begun[1]

    def rolls_back(self) -> Truth:
        """Say of each run whether evidence and literal trigger both hold."""
        found: Truth = self.log >= self.wanted
        runs = np.flatnonzero(found)
        requests, bad = self.stretch(runs)
        found[runs] = bad > self.trigger * requests
        return found

    def _tame(self, gains: Real, rest: Real) -> None:
        """Move what a gain has beyond a double's reach into the scale."""
        top = gains.max(axis=0)
        if top.max(initial=0.0) <= LARGEST_GAIN:
            return
        top = np.where(top > LARGEST_GAIN, top, 0.0)
        gains -= top
        rest *= np.exp(-top)  # what has no gain shrinks against what has
        self._untouched = self._untouched * np.exp(-top)
        self._scale = self._scale + top

    def _divide(self, large: Truth) -> None:
        by = np.where(large, self._total, 1.0)
        self._scale = self._scale + np.log(by)
        self._total, self._untouched = self._total / by, self._untouched / by
        self._values, self._best = self._values / by, self._best / by

    def _boost(self, requests: Whole, base: Real, rest: Real) -> Real:
        """Give by what every outcome below the line may be multiplied for what lies beyond it."""
        boost = np.ones_like(rest)
        logs = np.log(self._total) + self._scale
        near = (logs >= LOWEST_BOOSTED) & (logs < self.wanted) & (requests > 0)
        track, run = np.nonzero(near)
        if not run.size:
            return boost
        n, due = requests[run], self.limit * requests[run]
        most = np.minimum(n, (due + 3 * np.sqrt(due)).astype(np.int64) + 2)
        line = np.exp(self.wanted - self._scale[track, run])
        rho = self.correlation[track, run]
        beyond = _after(base[:, track, run], rest[track, run], self.ratios.gains(n, most, rho)) >= line
        if beyond.any():
            run, track, n, most, rho, line = (each[beyond] for each in (run, track, n, most, rho, line))
            outcomes = np.minimum(np.arange(most.max() + 1)[:, None], most)
            gains = self.ratios.gains(n, outcomes, rho)
            values = _after(base[:, track, run][:, None], rest[track, run], gains) / line
            chances = np.exp(self.ratios.log_chance(n, outcomes, rho))
            boost[track, run] = _shared_out(values, chances, self._total[track, run] / line)
        return boost


def _after(base: Real, rest: Real, gains: Real) -> Real:
    after: Real = (base * np.exp(np.minimum(gains, 600.0))).sum(axis=0) + rest
    return after


def _shared_out(values: Real, chances: Real, now: Real) -> Real:
    """Give the factor for outcomes below the line; all in units of the line, outcomes along the first axis."""
    first = (values >= 1).argmax(axis=0)
    below = np.arange(1, len(values))[:, None]
    beyond = 1 - np.cumsum(chances, axis=0)[:-1]
    held = np.cumsum(chances * np.minimum(values, 1.0), axis=0)[:-1]  # only sums up to `first` are used
    room = now - beyond
    fair = (room > held) & (held > 0)
    factor = np.where(fair, room / np.where(fair, held, 1.0), 1.0)
    fits = (values[:-1] * factor < 1) & (below <= first)
    last = len(fits) - 1 - fits[::-1].argmax(axis=0)
    given: Real = np.where(fits.any(axis=0), factor[last, np.arange(len(first))], 1.0)
    return given


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
