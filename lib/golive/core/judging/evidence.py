"""The running evidence of a whole go-live; constant in memory, whatever the traffic and the time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from golive.core.judging.beginnings import Schedule
from golive.core.judging.bursts import plausible
from golive.core.judging.gauging import SENTENCES, Gauging
from golive.core.judging.letter import Letter
from golive.core.judging.measures import Measure, bad_of, measures_of, other_alpha
from golive.core.judging.proceed_evidence import ProceedEvidence
from golive.core.judging.rollback_evidence import RollbackEvidence
from golive.core.judging.stable_evidence import StableEvidence
from golive.core.judging.window import Window
from golive.core.phases import PhaseKind
from golive.core.plan import Plan
from golive.core.samples import Sample, Tally, flaw

COMPARED = ("failed", "client_errors")
RECENT = 10.0
GAP = 5.0


@dataclass(frozen=True)
class Soak:
    """What is watched now; times are monotonic seconds.

    Attributes:
        since: When the split moved, or the phase was opened.
        settled: From when on latency and gauges are judged.
        seconds: Length of the planned soak.
        share: The split, 0 to 1; `next_share` the one that would follow.
        after_cutover: Whether stable has no visitors left: the other half of α is spent from then on.
    """

    since: float
    settled: float
    seconds: float
    share: float
    next_share: float
    after_cutover: bool = False


class Evidence:
    """Feed it one look's samples after another; `judge` reads it."""

    def __init__(self, plan: Plan, gap: float = GAP) -> None:
        """Begin with nothing seen; a stretch longer than `gap` seconds is never soak time."""
        self.plan, self.gap = plan, gap
        self.measures = measures_of(plan)
        shifts = sum(phase.share is not None for phase in plan.phases)
        self.other_wanted = math.log(1 / other_alpha(plan))
        self.worse_wanted = self.other_wanted + math.log(shifts + 1)  # begun anew in each phase
        self.proceed_wanted = math.log(1 / plan.judging.beta)
        everything = plausible((), plan.judging.dispersion_max)
        self.correlations = {measure.name: everything for measure in self.measures}
        self.learned = False
        self.letter = Letter(plan)
        self.canary_recent, self.stable_recent = Window(RECENT), Window(RECENT)
        self.soak = Soak(0.0, 0.0, 0.0, 0.0, 0.0)
        self.begun = False
        self.topped = Tally()
        self.gauging = Gauging()
        self.slopes: dict[str, float] = {}
        self._halves = 0
        self._spend()
        self.begin(self.soak)
        self.begun = False

    def learn(self, baseline: Sequence[Sample]) -> dict[str, list[float]]:
        """Learn from stable's seconds before the first shift how much failures come in bursts.

        Gives the correlations within a second that stay possible, by measure. Nothing is learned once
        the canary has had visitors: evidence keeps the terms under which it began.
        """
        most = self.plan.judging.dispersion_max
        self.correlations = {
            measure.name: plausible([measure.count(sample) for sample in baseline], most) for measure in self.measures
        }
        self.learned = True
        if not self.begun:
            self._halves = 0
            self._spend()
            self.begin(self.soak)
        return {name: list(found) for name, found in self.correlations.items()}

    def begin(self, soak: Soak) -> None:
        """Begin a phase: proceed evidence anew, since each phase has to show for itself that it is well."""
        if soak.after_cutover and not self.soak.after_cutover:
            self._spend()
        moved, before = soak.share != self.soak.share, self.soak
        self.soak = soak
        self.watched = 0.0
        self.counts = {measure.name: (0, 0) for measure in self.measures}
        self.proceed = {
            measure.name: ProceedEvidence(measure.level, measure.proceed_below, self.correlations[measure.name])
            for measure in self.measures
        }
        self.compared = {kind: StableEvidence() for kind in COMPARED}
        self.client_errors = (0, 0)
        found = {name: self.gauging.slope(name, before.share) for name in SENTENCES}
        self.slopes |= {name: slope for name, slope in found.items() if slope is not None}
        self.gauging = Gauging()
        self.letter.begin()
        self.canary_recent.clear()
        if moved:
            for evidence in self.rollback.values():
                evidence.shift()

    def add(self, stable: Sample | None, canary: Sample | None) -> None:
        """Take in one look's samples; those that can't be true are left out and count for nobody."""
        stable = stable if stable is not None and not flaw(stable.tally) else None
        canary = canary if canary is not None and not flaw(canary.tally) else None
        if stable is not None:
            self.stable_recent.add(stable)
            self.stable_sick.wait(stable.seconds, True)
            self.stable_sick.add(stable.tally.requests, stable.tally.failed)
        self._watch(stable, canary)
        self._wait(canary)
        if canary is None or not canary.tally.requests:
            return
        self.begun = True
        begun, soak = canary.at - canary.seconds, self.soak
        settled, first_half = begun >= soak.settled - 1e-6, canary.at <= soak.since + soak.seconds / 2
        self.canary_recent.add(canary)
        self.letter.add(canary)
        for measure in self.measures:
            requests, bad = measure.count(canary)
            if not requests or not (settled or measure.at_once):
                continue
            name = measure.name
            before = self.counts[name]
            self.counts[name] = (before[0] + requests, before[1] + bad)
            self.proceed[name].add(requests, bad, first_half)
            if name in self.rollback:
                self.rollback[name].add(requests, bad)
        before = self.client_errors
        self.client_errors = (before[0] + canary.tally.requests, before[1] + canary.tally.client_errors)
        if stable is not None:
            self._compare(stable, canary)

    def add_topped_up(self, tally: Tally) -> None:
        """Take in requests of ours that were sent straight to the canary: never for PROCEED."""
        if not flaw(tally):
            self.topped = self.topped + tally
            self.top_up.add(tally.requests, tally.failed)

    def _spend(self) -> None:
        """Begin to spend one half of α: the first for the soaks, the second for the watch after cutover."""
        self._halves += 1
        if self._halves > 2:
            raise ValueError("α has two halves, and both are being spent")
        criteria, correlations = self.plan.criteria, self.correlations
        schedule = schedule_of(self.plan, after_cutover=self._halves == 2)
        self.rollback = {
            measure.name: RollbackEvidence(
                measure.proceed_below,
                measure.rollback_above,
                correlations[measure.name],
                math.log(1 / measure.alpha),
                schedule,
            )
            for measure in self.measures
            if measure.rollback_above is not None
        }
        limit, trigger = criteria.failed.proceed_below, _sick(self.measures)
        wanted = self.other_wanted
        self.top_up = RollbackEvidence(limit, trigger, correlations["failed"], wanted, schedule)
        self.stable_sick = RollbackEvidence(limit, trigger, correlations["failed"][-1:], wanted, schedule)

    def _watch(self, stable: Sample | None, canary: Sample | None) -> None:
        newest = canary or stable
        if newest is None:
            return
        begun = newest.at - newest.seconds
        if newest.seconds <= self.gap and newest.at > self.soak.since:
            self.watched += min(newest.seconds, newest.at - self.soak.since)
        if begun >= self.soak.settled - 1e-6:
            self.gauging.add(stable, canary)

    def _wait(self, canary: Sample | None) -> None:
        """Let time pass for what may begin at any second, with visitors on the canary or none in this one."""
        if canary is None or not self.soak.share:
            return
        planned = canary.at <= self.soak.since + self.soak.seconds + 1e-6
        for evidence in (*self.rollback.values(), self.top_up):
            evidence.wait(canary.seconds, planned)

    def _compare(self, stable: Sample, canary: Sample) -> None:
        for kind, evidence in self.compared.items():
            evidence.add(
                (canary.tally.requests, bad_of(kind, canary.tally)), (stable.tally.requests, bad_of(kind, stable.tally))
            )


def schedule_of(plan: Plan, *, after_cutover: bool) -> Schedule:
    """Give what a plan soaks, and shifts, in one half of the go-live: before the cutover, or from it on."""
    kinds = (PhaseKind.CUTOVER, PhaseKind.WATCH) if after_cutover else (PhaseKind.CANARY,)
    phases = [phase for phase in plan.phases if phase.kind in kinds]
    shifts = sum(phase.share is not None for phase in phases)
    return Schedule(sum(phase.soak.total_seconds() for phase in phases), max(0, shifts - 1))


def _sick(measures: Sequence[Measure]) -> float:
    return next(measure.level for measure in measures if measure.name == "failed")
