"""What the guard sees: samples become evidence, evidence and alarms become a verdict."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from golive.core.blindness import HEALTH, LOGS, LOOKS, METRICS, ROUTER, SPLIT, Blind
from golive.core.doubts import StableNow, doubts, unproven
from golive.core.judging.evidence import GAP, Evidence, Soak
from golive.core.judging.judge import Alarms, judge, stable_is_sick
from golive.core.moments import moment_of
from golive.core.plan import Plan
from golive.core.samples import CouldNotMeasure, Sample, Tally, Unmeasured, Version
from golive.core.state import PhaseState, State
from golive.core.verdict import Verdict
from golive.engine.sources import Inbox
from golive.ports import Clock, SourceCan, Split, Unknown

STALE = 3.0
REMEMBERED = 1800.0
COMING = 10.0
FRESH = 5.0
SOURCES = (SPLIT, ROUTER, METRICS, LOGS, HEALTH, LOOKS)


class Sight:
    """The guard's eyes. `verdict` is None while nobody can be on the canary; `stable` is how it stands now."""

    def __init__(self, plan: Plan, clock: Clock, can: SourceCan) -> None:
        self._plan, self._clock, self._lag = plan, clock, can.lag
        self.inbox = Inbox()
        self.evidence = Evidence(plan, max(GAP, 2 * can.granularity))
        self.verdict: Verdict | None = None
        self.stable = StableNow()
        self._recovered = 0
        self.started = self._woke = clock.monotonic()
        self._looked: float | None = None
        self._moments: dict[str, float] = {}
        self._phase, self._followed, self._strayed = "", False, False
        self._recent: deque[Sample] = deque()
        self._baseline: list[Sample] = []

    def look(
        self, state: State, now: float, astray: str = "", known: int = 0, lines: tuple[str, str] = ("", "")
    ) -> list[Sample]:
        """Take what has arrived, judge it, and give the new samples.

        `astray` says that the visitors are not where the record has put them, so that this soak can't be measured;
        `known` is the number of entries that `state` was folded from; `lines` says which watched lines are not good,
        and which were not looked at yet.
        """
        self._recovered += self.inbox.blindness.of(SPLIT) is not None and not astray
        self._say(SPLIT, Unmeasured.DISAGREES, astray, now)
        split = self.inbox.split
        self._say(ROUTER, Unmeasured.UNKNOWN, split.why if isinstance(split, Unknown) else "", now)
        self._notice_gap(now)
        self._begin(state)
        taken = self._take(state.phase, known)
        watching = state.phase is not None and state.canary_out and not state.rolled_back
        self.stable = self._stable_now(state, now)
        alarms = replace(self._alarms(now), lines=lines[0], unlooked=lines[1])
        if state.cutover_at:
            against = doubts(state, self._plan.after_cutover, self.stable, self._clock.now())
            alarms = replace(alarms, no_way_back="; ".join(against))
        self.verdict = judge(self.evidence, alarms) if watching else None
        return taken

    def follow(self, state: State, samples: Sequence[Sample]) -> None:
        """Take in samples that another guard has judged, when the record stood as `state` says."""
        if not self._followed and samples:
            self._followed, self.started = True, samples[0].at - samples[0].seconds
        if not self.evidence.learned and any(phase.baseline is not None for phase in state.phases):
            self._learn()
        strayed = state.strayed is not None
        self._recovered, self._strayed = self._recovered + (self._strayed and not strayed), strayed
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
        if phase.shift is not None and shifted:
            since = self._monotonic_of(phase.shift.ended_at, phase.shift.detail)
        else:
            since = self._monotonic_of(phase.opened_at, {})
        later = [p.share for p in state.phases if p.share is not None and p.share > state.split]
        settle = plan.judging.settle.total_seconds() if shifted else 0.0
        seconds = plan.phase(phase.name).soak.total_seconds()
        following = min(later, default=state.split)
        return Soak(since, since + settle, seconds, state.split, following, bool(state.cutover_at))

    def _monotonic_of(self, utc: str, body: Mapping[str, Any]) -> float:
        """Give a moment of the record on the guard's own clock; what is found once no setting of a clock moves."""
        if utc not in self._moments:
            now = self._clock.moment()
            ago = now.since(moment_of(utc, body.get("moment")))
            self._moments[utc] = now.seconds - (0.0 if math.isinf(ago) else ago)
        return self._moments[utc]

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

    def blind(self, now: float) -> Blind | None:
        """Give what can't be seen at `now` (monotonic seconds), None when all is seen; the split comes first."""
        blindness = self.inbox.blindness
        found = next((one for source in SOURCES if (one := blindness.of(source)) is not None), None)
        return found or self._no_counts(now)

    def _no_counts(self, now: float) -> Blind | None:
        """Give why there are no counts: by the source's own name or, when it has none, that they are late."""
        age = now - self._seen_at()
        late = Blind(METRICS, Unmeasured.LATE, f"no counts for {age:.0f} s", self._seen_at())
        return self.inbox.blindness.of(METRICS) or (late if age > STALE + self._lag else None)

    def _alarms(self, now: float) -> Alarms:
        inbox, needed = self.inbox, self._plan.health.failures_in_a_row
        sick, health = inbox.sick_in_a_row, ""
        neither = sick[Version.CANARY] >= needed and sick[Version.STABLE] > 0
        self._say(HEALTH, Unmeasured.REFUSED, "neither version answers the health prober" if neither else "", now)
        if sick[Version.CANARY] >= needed and not neither:
            health = f"{sick[Version.CANARY]} health probes in a row failed: {inbox.sick_why[Version.CANARY]}"
        only = inbox.critical[Version.CANARY] - inbox.critical[Version.STABLE]
        critical = f"a critical log entry that stable does not log: {sorted(only)[0]}" if only else ""
        found, counts, age = self.blind(now), self._no_counts(now), now - self._seen_at()
        blind_after = self._plan.guarding.blind_after.total_seconds() + self._lag
        blind = f"blind for {age:.0f} s: {counts}" if age > blind_after else ""
        return Alarms(health, critical, blind, str(found or ""))

    def _seen_at(self) -> float:
        """Give since when there are no newer counts: from the start or, after a gap, from when we looked again."""
        return max(self.started if self.inbox.measured_at is None else self.inbox.measured_at, self._woke)

    def _notice_gap(self, now: float) -> None:
        """Take notice that nobody looked for a while, until there are counts of what came after it."""
        gap = 0.0 if self._looked is None else now - self._looked
        self._looked, measured = now, self.inbox.measured_at
        if gap > GAP:
            self._woke = now
            self._say(LOOKS, Unmeasured.GAP, f"nobody looked for {gap:.0f} s", now)
        elif measured is not None and measured >= self._woke:
            self.inbox.blindness.can(LOOKS)

    def _say(self, source: str, why: Unmeasured, detail: str, now: float) -> None:
        if detail:
            self.inbox.blindness.cannot(source, CouldNotMeasure(why, detail), now)
        else:
            self.inbox.blindness.can(source)
