"""What the guard sees: samples become evidence, evidence and alarms become a verdict."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from golive.core.doubts import StableNow, doubts, unproven
from golive.core.judging.evidence import GAP, Evidence, Soak
from golive.core.judging.judge import Alarms, judge, stable_is_sick
from golive.core.plan import Plan
from golive.core.samples import Sample, Tally, Version
from golive.core.state import PhaseState, State
from golive.core.verdict import Verdict
from golive.engine.sources import Inbox
from golive.ports import Clock, SourceCan, Split

STALE = 3.0
REMEMBERED = 1800.0
COMING = 10.0
FRESH = 5.0


class Sight:
    """The guard's eyes. `verdict` is None while nobody can be on the canary; `stable` is how it stands now."""

    def __init__(self, plan: Plan, clock: Clock, can: SourceCan) -> None:
        self._plan, self._clock, self._lag = plan, clock, can.lag
        self.inbox = Inbox()
        self.evidence = Evidence(plan, max(GAP, 2 * can.granularity))
        self.verdict: Verdict | None = None
        self.stable = StableNow()
        self._astray, self._recovered = "", 0
        self.started = clock.monotonic()
        self._phase = ""
        self._recent: deque[Sample] = deque()
        self._baseline: list[Sample] = []

    def look(self, state: State, now: float, astray: str = "") -> list[Sample]:
        """Take what has arrived, judge it, and give the new samples.

        `astray` says that the visitors are not where the record has put them, so that this soak can't be measured.
        """
        self._recovered += bool(self._astray) and not astray
        self._astray = astray
        self._begin(state)
        taken = self._take(state.phase)
        watching = state.phase is not None and state.canary_out and not state.rolled_back
        self.stable = self._stable_now(state, now)
        alarms = self._alarms(now)
        if state.cutover_at:
            against = doubts(state, self._plan.after_cutover, self.stable, self._clock.now())
            alarms = replace(alarms, no_way_back="; ".join(against))
        self.verdict = judge(self.evidence, alarms) if watching else None
        return taken

    def requests(self, since: float) -> Mapping[Version, int]:
        """Give each version's visitors in stretches begun at `since` (monotonic) or later; half an hour at most."""
        counts = dict.fromkeys(Version, 0)
        for sample in self._recent:
            if sample.at - sample.seconds >= since - 1e-6:
                counts[sample.version] += sample.tally.requests
        return counts

    def baseline(self, state: State, now: float) -> dict[str, Any] | None:
        """Give what is normal, once, when stable has been watched for long enough."""
        seconds = now - self.started
        if self.evidence.learned or seconds < self._plan.judging.baseline.total_seconds() or state.phase is None:
            return None
        tally = sum((sample.tally for sample in self._baseline), Tally())
        if not tally.requests and state.split < 1:
            return None
        spans = sum(sample.seconds for sample in self._baseline)
        body = {
            "seconds": round(seconds, 1),
            "requests": tally.requests,
            "failed": tally.failed,
            "over": {str(edge): count for edge, count in tally.over.items()},
            "rate": round(tally.requests / spans, 1) if spans else 0.0,
            "dispersion": self.evidence.learn(self._baseline),
        }
        self._baseline = []
        return body

    def soak_of(self, state: State, phase: PhaseState) -> Soak:
        """Give what is watched in a phase; its times on the guard's monotonic clock."""
        plan, shifted = self._plan, phase.shift is not None and phase.shift.done
        since = self.monotonic_of(phase.shift.ended_at if phase.shift and shifted else phase.opened_at)
        later = [p.share for p in state.phases if p.share is not None and p.share > state.split]
        settle = plan.judging.settle.total_seconds() if shifted else 0.0
        seconds = plan.phase(phase.name).soak.total_seconds()
        following = min(later, default=state.split)
        return Soak(since, since + settle, seconds, state.split, following, bool(state.cutover_at))

    def monotonic_of(self, utc: str) -> float:
        """Give a moment of the record on the guard's own clock."""
        ago: timedelta = self._clock.now() - datetime.fromisoformat(utc)
        return self._clock.monotonic() - ago.total_seconds()

    def trace(self) -> dict[str, list[float]]:
        """Give, for each measure, how far the evidence is to roll back and to proceed, as shares of what it takes."""
        if self.verdict is None:
            return {}
        return {
            reading.criterion: [round(reading.rollback_evidence, 4), round(reading.proceed_evidence, 4)]
            for reading in self.verdict.readings
            if reading.criterion in self.evidence.counts
        }

    def _stable_now(self, state: State, now: float) -> StableNow:
        """Give how stable stands: sick by its visitors or its probes, and whether it is proven to carry everybody."""
        inbox, rule = self.inbox, self._plan.health
        counted = inbox.measured_at is not None and now - inbox.measured_at <= STALE + self._lag
        sick = stable_is_sick(self.evidence) if counted else ""
        fresh = inbox.probed_at is not None and now - inbox.probed_at <= 2 * rule.every.total_seconds() + FRESH
        if fresh and inbox.sick_in_a_row[Version.STABLE] >= rule.failures_in_a_row:
            sick = sick or f"{inbox.sick_in_a_row[Version.STABLE]} health probes in a row failed"
        baseline = next((phase.baseline for phase in state.phases if phase.baseline), None)
        carried = self._plan.after_cutover.stable_carries
        if carried is None and baseline is not None:
            carried = float(baseline["rate"]) or None
        well = inbox.well_in_a_row[Version.STABLE] if fresh else 0
        return StableNow(sick, unproven(well, rule.failures_in_a_row, carried, self._coming(now)))

    def _coming(self, now: float) -> float | None:
        """Give the visitors' requests a second over the last seconds; None when there was no count of them."""
        recent = [sample for sample in self._recent if sample.at > now - COMING - self._lag]
        seconds = max((sum(s.seconds for s in recent if s.version is version) for version in Version), default=0.0)
        return sum(sample.tally.requests for sample in recent) / seconds if seconds else None

    def _begin(self, state: State) -> None:
        phase = state.phase
        shifted = phase.shift.ended_at if phase is not None and phase.shift and phase.shift.done else ""
        marker = f"{phase.name}/{shifted}/{self._recovered}" if phase is not None else ""
        if marker != self._phase and phase is not None:
            self.evidence.begin(self.soak_of(state, phase))
        self._phase = marker

    def _take(self, phase: PhaseState | None) -> list[Sample]:
        taken: list[Sample] = []
        share = self.inbox.split.share if isinstance(self.inbox.split, Split) else None
        while self.inbox.samples:
            named = [replace(s, phase=phase.name if phase else "", share=share) for s in self.inbox.samples.popleft()]
            by_version = {sample.version: sample for sample in named}
            self.evidence.add(by_version.get(Version.STABLE), by_version.get(Version.CANARY))
            if not self.evidence.learned and Version.STABLE in by_version:
                self._baseline.append(by_version[Version.STABLE])
            taken += named
        while self.inbox.topped:
            self.evidence.add_topped_up(self.inbox.topped.popleft())
        self._recent.extend(taken)
        while self._recent and self._recent[0].at < self._recent[-1].at - REMEMBERED:
            self._recent.popleft()
        return taken

    def _alarms(self, now: float) -> Alarms:
        inbox, needed = self.inbox, self._plan.health.failures_in_a_row
        sick, health, unmeasured = inbox.sick_in_a_row, "", self._astray or inbox.unmeasured or inbox.logs_unmeasured
        if sick[Version.CANARY] >= needed:
            if sick[Version.STABLE] == 0:
                health = f"{sick[Version.CANARY]} health probes in a row failed: {inbox.sick_why[Version.CANARY]}"
            else:
                unmeasured = unmeasured or "neither version answers the health prober"
        only = inbox.critical[Version.CANARY] - inbox.critical[Version.STABLE]
        critical = f"a critical log entry that stable does not log: {sorted(only)[0]}" if only else ""
        age = now - (inbox.measured_at or self.started)
        if age > STALE + self._lag and not unmeasured:
            unmeasured = f"metrics could not be measured: no counts for {age:.0f} s"
        blind_after = self._plan.guarding.blind_after.total_seconds() + self._lag
        blind = f"blind for {age:.0f} s: {unmeasured}" if age > blind_after else ""
        return Alarms(health, critical, blind, unmeasured)
