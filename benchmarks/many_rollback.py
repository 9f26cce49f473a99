"""`RollbackEvidence` for many runs at once: arrays of alternatives × correlations × runs.

E-values are kept as numbers, not as logarithms, which makes a look cheap. Where one grows beyond
what a double holds it is divided by a scale that is remembered; what is then 10^300 times smaller
than the rest counts as nothing.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from benchmarks.many_evidence import ByRun, Fed
from benchmarks.ratios import Ratios, grid_up_to
from benchmarks.streams import Real, Truth, Whole

from golive.core.judging.beginnings import PLANNED, UNHURRIED, Parts, Schedule
from golive.core.judging.rollback_evidence import (
    BETWEEN,
    BETWEEN_WANTED,
    HEALTHY,
    LOWEST_BOOSTED,
    NOTHING_LEFT,
    alternatives,
    between,
    weights_of_others,
)

LARGE = 1e150
LARGEST_GAIN = 300.0


class ManyBeginnings(ByRun):
    """`Beginnings` of many runs, which all open each phase at the same look."""

    def __init__(self, schedule: Schedule, runs: int) -> None:
        self._schedule = schedule
        self._planned, self._beyond, self._spent, self._shift = (np.zeros(runs) for _ in range(4))
        self._first, self._shifts, self._seen = np.ones(runs), np.zeros(runs, np.int64), np.zeros(runs, np.bool_)

    def shift(self) -> None:
        """Say that a split has just moved."""
        shifted = self._seen & (self._shifts < self._schedule.shifts)
        self._shifts = self._shifts + shifted
        self._shift = self._shift + shifted / max(self._schedule.shifts, 1)

    def wait(self, planned: bool) -> None:
        """Say that a second has passed."""
        if planned:
            self._planned = self._planned + 1
        else:
            self._beyond = self._beyond + 1

    def take(self, seen: Truth) -> tuple[Real, Real, Real]:
        """Give what enters with this look of these runs: for the first request, the shifts, and any second."""
        seconds = self._schedule.seconds
        within = np.minimum(self._planned / seconds, 1.0) if seconds else np.zeros_like(self._planned)
        beyond = self._beyond + np.maximum(0.0, self._planned - seconds)
        spent = PLANNED * within + (1 - PLANNED) * (1 - 1 / (1 + np.log1p(beyond / UNHURRIED)))
        entering = tuple(np.where(seen, part, 0.0) for part in (self._first, self._shift, spent - self._spent))
        self._first, self._shift = (np.where(seen, 0.0, part) for part in (self._first, self._shift))
        self._spent, self._seen = np.where(seen, spent, self._spent), self._seen | seen
        return entering[0], entering[1], entering[2]


class ManyRollback(Fed):
    """`RollbackEvidence` of one criterion, for many runs."""

    def __init__(
        self, limit: float, trigger: float, most: float, correlation: Whole, wanted: float, schedule: Schedule
    ) -> None:
        """Begin with nothing seen; `correlation` (3, runs) are indices in the grid up to `most`."""
        tried = alternatives(trigger)
        self.limit, self.trigger, self.wanted = limit, trigger, wanted
        shares = [*(share for share, _ in tried), between(limit, trigger)]
        self.ratios = Ratios(limit, shares, grid_up_to(most))
        self._prior = tuple(weight for _, weight in tried)
        self._prior_of_others = weights_of_others(len(tried))
        tracks, runs = correlation.shape
        shape = (len(tried), tracks, runs)
        self.correlation = correlation
        self.beginnings = ManyBeginnings(schedule, runs)
        self.requests, self.bad = (np.zeros(runs, np.int64) for _ in range(2))
        self._left, self._left_sick = np.ones(runs), np.ones(runs)
        self._values, self._best = np.zeros(shape), np.zeros(shape)
        self._sick = np.zeros((len(self._prior_of_others), tracks, runs))
        self._begun_requests, self._begun_bad = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._untouched, self._total = np.ones((tracks, runs)), np.ones((tracks, runs))
        self._untouched_sick, self._total_sick = np.ones((tracks, runs)), np.ones((tracks, runs))
        self._scale, self._scale_sick = np.zeros((tracks, runs)), np.zeros((tracks, runs))

    def shift(self) -> None:
        """Say that a split has just moved."""
        self.beginnings.shift()

    def taken(self, runs: Whole | Truth) -> Self:
        """Give these runs alone."""
        part = super().taken(runs)
        part.beginnings = self.beginnings.taken(runs)
        return part

    def put(self, runs: Whole | Truth, part: Self) -> None:
        """Put the runs that were taken out back to their places."""
        super().put(runs, part)
        self.beginnings.put(runs, part.beginnings)

    def add(self, requests: Whole, bad: Whole, *more: bool) -> None:
        """Take in one look of every run; a run without requests stays as it is."""
        now = self.beginnings.take(requests > 0)
        entering, entering_sick = _entering(HEALTHY, now), _entering(BETWEEN, now)
        self._left, self._left_sick = self._left - entering, self._left_sick - entering_sick
        start = np.array(self._prior)[:, None, None] * (entering * self._untouched)
        rest = np.maximum(self._left, NOTHING_LEFT) * self._untouched
        base = self._values + start
        boost = self._boost(requests, base, rest)
        gains = self.ratios.gains(requests, bad, self.correlation)
        self._add_sick(gains[: len(self._prior_of_others)] - gains[-1], entering_sick)
        gains = gains[:-1]
        top = _beyond_reach(gains)
        if top is not None:
            gains -= top
            rest *= np.exp(-top)  # what has no gain shrinks against what has
            self._untouched, self._scale = self._untouched * np.exp(-top), self._scale + top
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

    def _add_sick(self, gains: Real, entering: Real) -> None:
        """Take in a look against a canary between the lines."""
        base = self._sick + np.array(self._prior_of_others)[:, None, None] * (entering * self._untouched_sick)
        top = _beyond_reach(gains)
        if top is not None:
            gains -= top
            self._untouched_sick, self._scale_sick = self._untouched_sick * np.exp(-top), self._scale_sick + top
        self._sick = base * np.exp(gains)
        self._total_sick = self._sick.sum(axis=0) + np.maximum(self._left_sick, NOTHING_LEFT) * self._untouched_sick
        if self._total_sick.max(initial=0.0) > LARGE:
            by = np.where(self._total_sick > LARGE, self._total_sick, 1.0)
            self._scale_sick = self._scale_sick + np.log(by)
            self._total_sick, self._untouched_sick = self._total_sick / by, self._untouched_sick / by
            self._sick = self._sick / by

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

    @property
    def beyond(self) -> Real:
        """The logarithm of the evidence against a canary between the lines, at the correlation that gives the least."""
        least: Real = (np.log(self._total_sick) + self._scale_sick).min(axis=0)
        return least

    def stretch(self, runs: Whole) -> tuple[Whole, Whole]:
        """Give requests and bad ones since the best supported change, of these runs."""
        track = self.logs[:, runs].argmin(axis=0)
        best = self._best[:, track, runs].argmax(axis=0)
        begun = self._begun_requests[best, track, runs], self._begun_bad[best, track, runs]
        return self.requests[runs] - begun[0], self.bad[runs] - begun[1]

    def rolls_back(self) -> Truth:
        """Say of each run whether evidence and literal trigger both hold."""
        found: Truth = (self.log >= self.wanted) & (self.beyond >= BETWEEN_WANTED)
        runs = np.flatnonzero(found)
        requests, bad = self.stretch(runs)
        found[runs] = bad > self.trigger * requests
        return found

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
        beyond = _after(base[:, track, run], rest[track, run], self.ratios.gains(n, most, rho)[:-1]) >= line
        if beyond.any():
            run, track, n, most, rho, line = (each[beyond] for each in (run, track, n, most, rho, line))
            outcomes = np.minimum(np.arange(most.max() + 1)[:, None], most)
            gains = self.ratios.gains(n, outcomes, rho)[:-1]
            values = _after(base[:, track, run][:, None], rest[track, run], gains) / line
            chances = np.exp(self.ratios.log_chance(n, outcomes, rho))
            boost[track, run] = _shared_out(values, chances, self._total[track, run] / line)
        return boost


def _entering(parts: Parts, now: tuple[Real, Real, Real]) -> Real:
    entering: Real = parts.first * now[0] + parts.shifts * now[1] + parts.anywhere * now[2]
    return entering


def _beyond_reach(gains: Real) -> Real | None:
    """Give what of the gains is beyond a double's reach and has to go into a scale; None for nothing."""
    top = gains.max(axis=0)
    if top.max(initial=0.0) <= LARGEST_GAIN:
        return None
    beyond: Real = np.where(top > LARGEST_GAIN, top, 0.0)
    return beyond


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
