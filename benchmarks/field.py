"""The field's rules, re-stated from their documented algorithms and judged over many runs at once.

The runbook's letter; Flagger (docs.flagger.app and `pkg/controller/scheduler.go`, 1.44); Argo
Rollouts (argo-rollouts.readthedocs.io and `analysis/analysis.go`, 1.10). All judge the same two
limits on the canary's trailing minute. The shifts happen by the plan: no rule here makes a soak
longer or shorter.
"""

from __future__ import annotations

import numpy as np
from benchmarks.kayenta import Kayenta
from benchmarks.outcomes import Outcomes, Piece, Rule, share
from benchmarks.streams import CHUNK, PROBE_EVERY, Counts, Streams, Truth, Whole

FAILED_ROLLBACK, SLOW_ROLLBACK = 0.005, 0.05
FAILED_PROCEED, SLOW_PROCEED, OVER_500_PROCEED = 0.001, 0.01, 0.05
PROBES_LOST = 3
RETRY = 10
CONSECUTIVE_ERRORS = 4


def fresh_rules(streams: Streams, kayenta_runs: int) -> dict[str, Rule]:
    """Give each of the field's rules, ready to judge; Kayenta, the dearest, for the first runs only."""
    return {
        "as written": AsWritten(streams),
        "Flagger, threshold 1": Flagger(streams, 1),
        "Flagger, threshold 5": Flagger(streams, 5),
        "Argo, failureLimit 0": Argo(streams, 0),
        "Argo, failureLimit 3": Argo(streams, 3),
        "Kayenta": Kayenta(streams, kayenta_runs),
    }


class AsWritten(Rule):
    """The runbook's letter, looked at every 5 s.

    Rolls back when more than 0.5 % of the canary's requests in the trailing 60 s failed, when more
    than 5 % took over 1000 ms, or when three health probes in a row are lost. At the soak's end it
    proceeds if the same window has requests, fewer than 0.1 % of them failed, fewer than 1 % over
    1000 ms and fewer than 5 % over 500 ms; else it holds. The window begins anew with each phase,
    so a look soon after a shift judges the few seconds there are.
    """

    def __init__(self, streams: Streams) -> None:
        super().__init__(streams)
        self._before = np.zeros((4, self.runs, CHUNK // PROBE_EVERY), np.int64)
        self._probes = np.zeros((self.runs, PROBES_LOST - 1), np.bool_)

    def see(self, piece: Piece) -> None:
        """Look at the end of every fifth second of the piece."""
        bins = _bins(piece.chunk.canary, PROBE_EVERY)
        if piece.first:
            self._before[:] = 0
        requests, failed, over_1000, over_500 = _trailing(self._before, bins)
        self._before = bins
        failed_share, slow_share = share(failed, requests), share(over_1000, requests)
        alarm = (failed_share > FAILED_ROLLBACK) | (slow_share > SLOW_ROLLBACK) | self._unhealthy(piece)
        self.roll_back(piece, _first(alarm, PROBE_EVERY))
        if piece.last:
            well = (failed_share[:, -1] < FAILED_PROCEED) & (slow_share[:, -1] < SLOW_PROCEED)
            well &= share(over_500[:, -1], requests[:, -1]) < OVER_500_PROCEED
            self.hold(~well)

    def _unhealthy(self, piece: Piece) -> Truth:
        probes = np.concatenate([self._probes, piece.chunk.probe_failed], axis=1)
        self._probes = probes[:, -(PROBES_LOST - 1) :]
        width = piece.chunk.probe_failed.shape[1]
        lost: Truth = np.all([probes[:, back : back + width] for back in range(PROBES_LOST)], axis=0)
        return lost


class Flagger(Rule):
    """Flagger: interval 60 s, metric interval 1 m, a threshold range for each of the two metrics.

    A tick first rolls back if `failedChecks` has reached the threshold, and only then measures; so
    it acts one tick after the check that failed. A tick adds at most one failed check, whichever
    metric fails; no data is a failed check; a success never takes one back. Flagger itself would
    wait for a passing tick before it shifts; here the plan shifts. After the last soak a go-live
    that has reached the threshold is rolled back one tick later, as no promotion follows a failed
    check.
    """

    def __init__(self, streams: Streams, threshold: int) -> None:
        super().__init__(streams)
        self.threshold = threshold
        self._failed_checks = np.zeros(self.runs, np.int64)
        self._ended = 0

    def see(self, piece: Piece) -> None:
        """Run the tick at the end of the piece."""
        due = self._failed_checks >= self.threshold
        self.roll_back(piece, np.where(due, CHUNK, 0))
        requests, failed, over_1000, _ = _bins(piece.chunk.canary, CHUNK)[:, :, 0]
        passed = (share(failed, requests) <= FAILED_ROLLBACK) & (share(over_1000, requests) <= SLOW_ROLLBACK)
        self._failed_checks += ~passed
        self._ended = piece.began + CHUNK

    def end(self) -> Outcomes:
        """Run the tick that follows the last soak for the runs that have a rollback due."""
        due = self.running & (self._failed_checks >= self.threshold)
        if due.any():
            last = len(self.streams.scenario.soaks) - 1
            chunk = self.streams.phase(last, self.streams.scenario.soaks[last] // CHUNK)
            self.complete(~due)
            self.roll_back(Piece(last, chunk, self._ended, False, True), np.where(due, CHUNK, 0))
        return super().end()


class Argo(Rule):
    """Argo Rollouts: one background analysis of two metrics over the whole go-live, interval 60 s.

    Each metric is successful up to its limit and failed above it; more than `failure_limit` failed
    measurements of one metric abort, failures not needing to be in a row. The first measurement is
    at 60 s (`initialDelay`), as one at 0 s would find no data in every go-live.

    A trailing minute without a canary request is an empty vector, on which `result[0]` raises: the
    measurement is an Error, counted apart, and is tried again 10 s later on the minute that trails
    then. The fifth Error in a row exceeds `consecutiveErrorLimit` 4 and aborts. A measurement that
    gives a number sets the Errors back to none and the next one is due 60 s after it, so runs leave
    each other's minute; the window may reach back over a shift. (A query that gives NaN rather than
    nothing for such a minute would count as failed at once: this reading is the milder one.)
    """

    def __init__(self, streams: Streams, failure_limit: int) -> None:
        super().__init__(streams)
        self.failure_limit = failure_limit
        self._before = np.zeros((4, self.runs, CHUNK // RETRY), np.int64)
        self._due = np.full(self.runs, CHUNK, np.int64)
        self._errors = np.zeros(self.runs, np.int64)
        self._failures = np.zeros((2, self.runs), np.int64)

    def see(self, piece: Piece) -> None:
        """Measure whichever runs are due, every 10 s of the piece."""
        bins = _bins(piece.chunk.canary, RETRY)
        requests, failed, over_1000, _ = _trailing(self._before, bins)
        self._before = bins
        failing = np.stack([share(failed, requests) > FAILED_ROLLBACK, share(over_1000, requests) > SLOW_ROLLBACK])
        aborted = np.zeros((self.runs, CHUNK // RETRY), np.bool_)
        for column in range(CHUNK // RETRY):
            now = piece.began + (column + 1) * RETRY
            measured = self._due == now
            empty = measured & (requests[:, column] == 0)
            self._errors = np.where(empty, self._errors + 1, np.where(measured, 0, self._errors))
            self._failures += measured & failing[:, :, column]
            self._due[measured] = now + CHUNK
            self._due[empty] = now + RETRY
            aborted[:, column] = self._errors > CONSECUTIVE_ERRORS
            aborted[:, column] |= (self._failures > self.failure_limit).any(axis=0)
        self.roll_back(piece, _first(aborted, RETRY))


def _bins(counts: Counts, seconds: int) -> Whole:
    """Give requests, failed, over 1000 ms and over 500 ms summed over stretches: (4, runs, stretches)."""
    columns = (counts.requests, counts.failed, counts.over_1000, counts.over_500)
    return np.stack([column.reshape(len(column), -1, seconds).sum(axis=2) for column in columns])


def _trailing(before: Whole, bins: Whole) -> Whole:
    """Give the sums over the trailing CHUNK seconds at the end of each stretch."""
    gone = np.cumsum(before, axis=-1)
    return np.cumsum(bins, axis=-1) + gone[..., -1:] - gone


def _first(alarm: Truth, seconds: int) -> Whole:
    """Give the second of the first alarm of each run, alarms being `seconds` apart; 0 without one."""
    return np.where(alarm.any(axis=1), (alarm.argmax(axis=1) + 1) * seconds, 0)
