"""What the guard sees: samples become evidence, evidence and alarms become a verdict."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from golive.core.judging.evidence import GAP, Evidence, Soak
from golive.core.judging.judge import Alarms, judge
from golive.core.plan import Plan
from golive.core.samples import Sample, Tally, Version
from golive.core.state import PhaseState, State
from golive.core.verdict import Verdict
from golive.engine.sources import Inbox
from golive.ports import Clock, SourceCan, Split

STALE = 3.0
REMEMBERED = 1800.0


class Sight:
    """The guard's eyes. `verdict` is None while nobody can be on the canary."""

    def __init__(self, plan: Plan, clock: Clock, can: SourceCan) -> None:
        self._plan, self._clock, self._lag = plan, clock, can.lag
        self.inbox = Inbox()
        self.evidence = Evidence(plan, max(GAP, 2 * can.granularity))
        self.verdict: Verdict | None = None
        self._astray, self._recovered = "", 0
        self.started = clock.monotonic()
        self._phase, self._followed = "", False
        self._recent: deque[Sample] = deque()
        self._baseline: list[Sample] = []

    def look(self, state: State, now: float, astray: str = "", known: int = 0) -> list[Sample]:
        """Take what has arrived, judge it, and give the new samples.

        `astray` says that the visitors are not where the record has put them, so that this soak can't be measured;
        `known` is the number of entries that `state` was folded from.
        """
        self._wander(astray)
        self._begin(state)
        taken = self._take(state.phase, known)
        watching = state.phase is not None and state.canary_out and not state.rolled_back
        self.verdict = judge(self.evidence, self._alarms(now)) if watching else None
        return taken

    def follow(self, state: State, samples: Sequence[Sample]) -> None:
        """Take in samples that another guard has judged, when the record stood as `state` says."""
        if not self._followed and samples:
            self._followed, self.started = True, samples[0].at - samples[0].seconds
        if not self.evidence.learned and any(phase.baseline is not None for phase in state.phases):
            self._learn()
        self._wander("astray" if state.strayed is not None else "")
        self._begin(state)
        for _, together in groupby(samples, key=lambda sample: sample.at):
            self._feed(list(together))

    def remember(self) -> dict[str, Any]:
        """Give what the samples do not hold, as JSON: alarms as far as they have come, and requests of ours."""
        inbox, topped = self.inbox, self.evidence.topped
        return {
            "measured_at": inbox.measured_at,
            "sick_in_a_row": {version.value: count for version, count in inbox.sick_in_a_row.items()},
            "sick_why": {version.value: why for version, why in inbox.sick_why.items()},
            "critical": {version.value: sorted(messages) for version, messages in inbox.critical.items()},
            "topped": [topped.requests, topped.failed],
        }

    def recall(self, memory: Mapping[str, Any], shift: float) -> None:
        """Go on from what another guard remembered; `shift` is what its monotonic clock lacks to this one's."""
        inbox, at = self.inbox, memory["measured_at"]
        inbox.measured_at = None if at is None else at + shift
        inbox.sick_in_a_row |= {Version(name): count for name, count in memory["sick_in_a_row"].items()}
        inbox.sick_why |= {Version(name): why for name, why in memory["sick_why"].items()}
        inbox.critical |= {Version(name): set(messages) for name, messages in memory["critical"].items()}
        requests, failed = memory["topped"]
        if requests:
            self.evidence.add_topped_up(Tally(requests, failed))

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
            "dispersion": self._learn(),
        }
        return body

    def _learn(self) -> dict[str, list[float]]:
        learned, self._baseline = self.evidence.learn(self._baseline), []
        return learned

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

    def _begin(self, state: State) -> None:
        phase = state.phase
        shifted = phase.shift.ended_at if phase is not None and phase.shift and phase.shift.done else ""
        marker = f"{phase.name}/{shifted}/{self._recovered}" if phase is not None else ""
        if marker != self._phase and phase is not None:
            self.evidence.begin(self.soak_of(state, phase))
        self._phase = marker

    def _wander(self, astray: str) -> None:
        self._recovered += bool(self._astray) and not astray
        self._astray = astray

    def _take(self, phase: PhaseState | None, known: int) -> list[Sample]:
        taken: list[Sample] = []
        share = self.inbox.split.share if isinstance(self.inbox.split, Split) else None
        name = phase.name if phase else ""
        while self.inbox.samples:
            named = [replace(s, phase=name, share=share, known=known) for s in self.inbox.samples.popleft()]
            self._feed(named)
            taken += named
        while self.inbox.topped:
            self.evidence.add_topped_up(self.inbox.topped.popleft())
        return taken

    def _feed(self, together: Sequence[Sample]) -> None:
        """Take in the samples of one read."""
        by_version = {sample.version: sample for sample in together}
        self.evidence.add(by_version.get(Version.STABLE), by_version.get(Version.CANARY))
        if not self.evidence.learned and Version.STABLE in by_version:
            self._baseline.append(by_version[Version.STABLE])
        self._recent.extend(together)
        while self._recent and self._recent[0].at < self._recent[-1].at - REMEMBERED:
            self._recent.popleft()

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
