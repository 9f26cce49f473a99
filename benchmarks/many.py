"""Our own rule, judged over many runs at once: `Evidence.add` and `judge` for arrays of runs.

Left out is what no simulated stream holds: routes, gauges, critical logs, topped-up requests, and a
stable that is measured sick at the very time the canary is.
"""

from __future__ import annotations

import math

import numpy as np
from benchmarks.many_evidence import ByRun, ManyCompared, ManyProceed
from benchmarks.many_rollback import ManyRollback
from benchmarks.outcomes import Outcome, Outcomes, Piece, Rule
from benchmarks.ratios import Baseline, grid_up_to
from benchmarks.streams import CHUNK, PROBE_EVERY, Chunk, Counts, Real, Streams, Truth, Whole

from golive.core.judging.evidence import schedule_of
from golive.core.judging.measures import Measure, measures_of
from golive.core.plan import Plan

COLUMNS = {"failed": "failed", "over_1000ms": "over_1000", "over_500ms": "over_500"}


class ManyJudged(ByRun):
    """The running evidence of many go-lives, which all open each phase at the same look."""

    def __init__(self, plan: Plan, correlations: dict[str, Whole], after_cutover: bool = False) -> None:
        """Begin with nothing seen; `correlations` (3, runs) by measure are indices in the grid."""
        schedule = schedule_of(plan, after_cutover=after_cutover)
        self.plan, self.measures = plan, measures_of(plan)
        most = plan.judging.dispersion_max
        runs = next(iter(correlations.values())).shape[1]
        self.rollback = {
            m.name: ManyRollback(
                m.proceed_below, m.rollback_above, most, correlations[m.name], math.log(1 / m.alpha), schedule
            )
            for m in self.measures
            if m.rollback_above is not None
        }
        self.proceed = {
            m.name: ManyProceed(m.level, m.proceed_below, most, correlations[m.name]) for m in self.measures
        }
        self.compared = ManyCompared(runs)
        self.counts = np.zeros((len(self.measures), 2, runs), np.int64)
        self.client_errors = np.zeros((2, runs), np.int64)
        self.lost = np.zeros(runs, np.int64)
        self.alarmed = np.zeros(runs, np.bool_)

    def begin(self, soak: int, settle: int) -> None:
        """Begin a phase whose split has just moved."""
        self.soak, self.settle = soak, settle
        self.counts = np.zeros_like(self.counts)
        self.client_errors = np.zeros_like(self.client_errors)
        self.compared.begin()
        for proceed in self.proceed.values():
            proceed.begin()
        for rollback in self.rollback.values():
            rollback.shift()

    def add(self, chunk: Chunk, column: int, second: int) -> None:
        """Take in a column of a chunk, the phase's second number `second`, counted from 1."""
        requests, fit = chunk.canary.requests[:, column], int(chunk.canary.requests.max(initial=0))
        for rollback in self.rollback.values():
            rollback.beginnings.wait(second <= self.soak)
        for i, measure in enumerate(self.measures):
            if second <= self.settle and not measure.at_once:
                continue
            bad = bad_of(measure, chunk.canary)[:, column]
            self.counts[i] += requests, bad
            proceed = self.proceed[measure.name]
            proceed.ratios.fit(fit)
            proceed.feed(requests, bad, second <= self.soak / 2)
            if measure.name in self.rollback:
                rollback = self.rollback[measure.name]
                rollback.ratios.fit(fit)
                rollback.feed(requests, bad)
        client, others = chunk.canary.client_errors[:, column], chunk.stable.client_errors[:, column]
        self.client_errors += requests, client
        if client.any() or others.any():
            self.compared.add((requests, client), (chunk.stable.requests[:, column], others))
        if second % PROBE_EVERY == 0:
            failed = chunk.probe_failed[:, column // PROBE_EVERY]
            self.lost = np.where(failed, self.lost + 1, 0)
            self.alarmed = self.lost >= self.plan.health.failures_in_a_row

    def rolls_back(self) -> Truth:
        """Say of each run whether its verdict is ROLLBACK."""
        found = self.alarmed.copy()
        for rollback in self.rollback.values():
            found |= rollback.rolls_back()
        return found

    def proceeds(self, second: int) -> Truth:
        """Say of each run that does not roll back whether its verdict is PROCEED, at this second of the phase."""
        found = np.full(len(self.lost), second >= self.soak)
        if second < self.soak:
            return found
        wanted = math.log(1 / self.plan.judging.beta)
        for i, measure in enumerate(self.measures):
            requests, bad = self.counts[i]
            between = (bad >= measure.proceed_below * requests) & (requests >= 3 / measure.proceed_below)
            found &= ~between & (self.proceed[measure.name].log >= wanted)
        requests, bad = self.client_errors
        worse = self.compared.log >= math.log(1 / self.plan.judging.alpha)
        found &= ~(worse & (bad >= self.plan.criteria.client_errors.proceed_below * requests) & (requests > 0))
        return found

    def taken(self, runs: Whole | Truth) -> ManyJudged:
        """Give these runs alone."""
        part = super().taken(runs)
        part.rollback = {name: each.taken(runs) for name, each in self.rollback.items()}
        part.proceed = {name: each.taken(runs) for name, each in self.proceed.items()}
        part.compared = self.compared.taken(runs)
        return part

    def put(self, runs: Whole | Truth, part: ManyJudged) -> None:
        """Put the runs that were taken out back to their places."""
        super().put(runs, part)
        for name, each in self.rollback.items():
            each.put(runs, part.rollback[name])
        for name, each in self.proceed.items():
            each.put(runs, part.proceed[name])
        self.compared.put(runs, part.compared)


class Ours(Rule):
    """Our verdict, look by look; a HOLD at a soak's end asks for more of the same phase, up to `hold_up_to`.

    After that a person is asked. With `goes_on` that person always proceeds, so that every go-live
    is judged to its end; else the go-live ends held.
    """

    def __init__(self, streams: Streams, plan: Plan, goes_on: bool = False) -> None:
        super().__init__(streams)
        self.plan, self.goes_on = plan, goes_on
        phases = len(streams.scenario.soaks)
        self.held, self.proceeded = (np.zeros((self.runs, phases), np.bool_) for _ in range(2))
        self.extended = np.zeros(self.runs, np.int64)
        self._settle = int(plan.judging.settle.total_seconds())
        self._longest = int(plan.judging.hold_up_to.total_seconds())
        after_cutover = streams.scenario.shares[0] == 1
        self._judged = ManyJudged(plan, learned(streams, plan), after_cutover)
        self._rows = np.arange(self.runs)

    @property
    def at_in_plan(self) -> Real:
        """Seconds from the first shift to the rollback as if no soak had been extended; NaN without one."""
        return self._at

    def see(self, piece: Piece) -> None:
        """Look at every second of the piece; when it is a soak's last, also at as many more as it takes."""
        self._drop()
        soak = self.streams.scenario.soaks[piece.phase]
        if piece.first:
            self._judged.begin(soak, self._settle)
            self._second = 0
        chunk = _taken(piece.chunk, self._rows)
        ended = np.zeros(len(self._rows), np.int64)
        for column in range(CHUNK):
            self._second += 1
            self._judged.add(chunk, column, self._second)
            ended[self._judged.rolls_back() & (ended == 0)] = column + 1
        self._close(self._rows, chunk, ended, piece.began)
        if piece.last:
            proceeding = (ended == 0) & self._judged.proceeds(self._second)
            self.proceeded[self._rows[proceeding], piece.phase] = True
            self._extend(piece, np.flatnonzero((ended == 0) & ~proceeding))

    def end(self) -> Outcomes:
        """Let what still runs complete, and give how each run ended."""
        self.complete(self.running)
        return Outcomes(self._outcome, self._at + self.extended, self._failed)

    def _extend(self, piece: Piece, held: Whole) -> None:
        """Hold these places of the judged runs, until each has a verdict or `hold_up_to` is over."""
        judged, soak = self._judged.taken(held), self._second
        began = piece.began + CHUNK
        for second in range(1, self._longest + 1):
            if not held.size:
                return
            column = (second - 1) % CHUNK
            if column == 0:
                drawn = self.streams.phase(piece.phase, (soak + second - 1) // CHUNK)
                chunk = _taken(drawn, self._rows[held])
            judged.add(chunk, column, soak + second)
            back = judged.rolls_back()
            on = judged.proceeds(soak + second) & ~back
            over = np.full(held.size, second == self._longest)
            ends = back | on | over
            rows = self._rows[held]
            self._failed[rows] += chunk.canary.failed[:, column]
            if not ends.any():
                continue
            self.extended[rows[ends]] += second
            self._outcome[rows[back]] = Outcome.ROLLED_BACK
            self._at[rows[back]] = began  # and what it was extended by
            self.proceeded[rows[on], piece.phase] = True
            asked = ~back & ~on & ends
            self.held[rows[asked], piece.phase] = True
            if not self.goes_on:
                self._outcome[rows[asked]] = Outcome.HELD
            self._judged.put(held[ends], judged.taken(ends))
            held, judged, chunk = held[~ends], judged.taken(~ends), _taken(chunk, np.flatnonzero(~ends))

    def _close(self, rows: Whole, chunk: Chunk, ended: Whole, began: int) -> None:
        """Count what visitors saw in a piece, and roll back the runs that ended at a second of it."""
        seen = np.where(ended > 0, ended, CHUNK)[:, None] > np.arange(CHUNK)
        self._failed[rows] += np.sum(chunk.canary.failed * seen, axis=1)
        back = rows[ended > 0]
        self._outcome[back] = Outcome.ROLLED_BACK
        self._at[back] = began + ended[ended > 0]

    def _drop(self) -> None:
        """Leave the runs that have ended out of the arrays."""
        running = self.running[self._rows]
        if not running.all():
            self._judged, self._rows = self._judged.taken(running), self._rows[running]


def learned(streams: Streams, plan: Plan) -> dict[str, Whole]:
    """Give what stable's baseline leaves possible, by measure: indices (3, runs) of the grid."""
    most = plan.judging.dispersion_max
    baselines = {measure.name: Baseline(most) for measure in measures_of(plan)}
    for number in range(streams.scenario.baseline // CHUNK):
        stable = streams.baseline(number).stable
        for measure in measures_of(plan):
            baselines[measure.name].add(stable.requests, bad_of(measure, stable))
    return {name: baseline.plausible() for name, baseline in baselines.items()}


def correlations(streams: Streams, plan: Plan) -> dict[str, Real]:
    """Give the same as correlations themselves."""
    grid = np.array(grid_up_to(plan.judging.dispersion_max))
    return {name: grid[found] for name, found in learned(streams, plan).items()}


def bad_of(measure: Measure, counts: Counts) -> Whole:
    """Give the requests that count against a measure."""
    bad: Whole = getattr(counts, COLUMNS[measure.kind])
    return bad


def _taken(chunk: Chunk, runs: Whole) -> Chunk:
    def some(counts: Counts) -> Counts:
        return Counts(*(column[runs] for column in vars(counts).values()))

    return Chunk(some(chunk.canary), some(chunk.stable), chunk.probe_failed[runs])
