"""The verdict: one pure function from what was counted to PROCEED, HOLD or ROLLBACK."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from golive.core.evidence import AgainstHealthy, AgainstSick, AgainstStable, dispersion
from golive.core.history import History
from golive.core.plan import Criterion, Plan
from golive.core.samples import Gauges, Sample, Tally
from golive.core.verdict import Hold, Reading, Verdict, Word

LITERAL_STRETCH = 60.0
ROLLBACK_CRITERIA = ("failed", "over_1000ms")
SENTENCES = {
    "failed": "requests that failed",
    "over_1000ms": "requests over 1000 ms",
    "over_500ms": "requests over 500 ms",
    "client_errors": "4xx answers, against stable",
    "cpu": "CPU of the canary",
    "memory": "memory of the canary",
}


def bad_of(criterion: str, tally: Tally) -> int:
    """Give how many of a tally's requests count against a criterion."""
    if criterion == "failed":
        return tally.failed
    if criterion == "client_errors":
        return tally.client_errors
    return tally.over.get(int(criterion.removeprefix("over_").removesuffix("ms")), 0)


@dataclass(frozen=True)
class Watch:
    """What the guard watches now.

    Attributes:
        first_shift: When visitors first met the canary, monotonic seconds; None before that.
        since: When this phase's soak began.
        settled: From when latency is judged.
        soak: Length of the soak in seconds.
        now: Monotonic seconds.
        share: The split now, 0 to 1; `next_share` the one that would follow.
    """

    first_shift: float | None
    since: float
    settled: float
    soak: float
    now: float
    share: float
    next_share: float
    after_cutover: bool = False


@dataclass(frozen=True)
class Alarms:
    """What needs no counting: each is a sentence when it is so, else empty.

    `unmeasured` says why some source could not be measured; `blind` that it has lasted too long.
    """

    health: str = ""
    critical_log: str = ""
    blind: str = ""
    unmeasured: str = ""


@dataclass
class Evidence:
    """The running evidence of a go-live; the guard feeds it one look after another."""

    plan: Plan
    stable: History = field(default_factory=History)
    canary: History = field(default_factory=History)
    spread: dict[str, float] = field(default_factory=dict)
    sick: dict[str, AgainstHealthy] = field(default_factory=dict)
    stable_sick: AgainstHealthy | None = None
    well: dict[str, AgainstSick] = field(default_factory=dict)
    worse: AgainstStable = field(default_factory=AgainstStable)
    looks: list[float] = field(default_factory=list)

    def learn(self, since: float) -> dict[str, float]:
        """Learn stable's dispersion from its baseline seconds; give it by criterion."""
        samples = self.stable.since(since)
        most = self.plan.judging.dispersion_max
        self.spread = {
            name: dispersion([(s.tally.requests, bad_of(name, s.tally)) for s in samples], most)
            for name in ("failed", "over_1000ms", "over_500ms", "client_errors")
        }
        return self.spread

    def begin_phase(self) -> None:
        """Start the proceed evidence anew: each phase has to show for itself that it is well."""
        criteria = self.plan.criteria
        self.well = {
            name: AgainstSick.start(_sick_level(limit), limit.proceed_below)
            for name, limit in _limits(criteria).items()
            if name != "client_errors"
        }
        self.worse = AgainstStable()

    def add(self, stable: Sample | None, canary: Sample | None, settled: float) -> None:
        """Take in one look's samples; latency counts only for stretches begun after `settled`."""
        if stable is not None:
            self.stable.add(stable)
            limit = self.plan.criteria.failed.proceed_below
            self.stable_sick = (self.stable_sick or AgainstHealthy.start(limit)).add(
                stable.tally.requests, stable.tally.failed, self.spread.get("failed", 1.0)
            )
        if canary is None or not canary.tally.requests:
            return
        self.canary.add(canary)
        self.looks.append(canary.at - canary.seconds)
        limits = _limits(self.plan.criteria)
        for name in ROLLBACK_CRITERIA:
            counted = name == "failed" or canary.at - canary.seconds >= settled
            requests, bad = (canary.tally.requests, bad_of(name, canary.tally)) if counted else (0, 0)
            tracked = self.sick.get(name) or AgainstHealthy.start(limits[name].proceed_below)
            self.sick[name] = tracked.add(requests, bad, self.spread.get(name, 1.0))
        for name, tracked_well in self.well.items():
            if name == "failed" or canary.at - canary.seconds >= settled:
                self.well[name] = tracked_well.add(
                    canary.tally.requests, bad_of(name, canary.tally), self.spread.get(name, 1.0)
                )
        if stable is not None:
            self.worse = self.worse.add(
                (canary.tally.requests, canary.tally.client_errors),
                (stable.tally.requests, stable.tally.client_errors),
                self.spread.get("client_errors", 1.0),
            )


def judge(evidence: Evidence, watch: Watch, alarms: Alarms) -> Verdict:
    """Give the verdict on what was counted up to now.

    ROLLBACK needs evidence that stays valid however often it is looked at *and* the literal
    trigger over the stretch since the change; PROCEED needs the soak to be over, the literal
    criteria, *and* evidence that excludes a canary at the rollback level. All else is HOLD.
    """
    plan = evidence.plan
    readings = tuple(_read(evidence, watch, name, limit) for name, limit in _limits(plan.criteria).items()) + tuple(
        _gauge(evidence, watch, name) for name in ("cpu", "memory")
    )
    soak_left = max(0.0, watch.since + watch.soak - watch.now)
    word, hold, reason = _decide(readings, alarms, soak_left)
    if plan.judging.rule == "as-written":
        word, hold, reason = _by_the_letter(evidence, watch, alarms, soak_left)
    if watch.after_cutover and word is Word.ROLLBACK and plan.after_cutover.rollback == "hold":
        word, hold, reason = Word.HOLD, Hold.AFTER_CUTOVER, f"{reason}. After cutover a person decides"
    if word is Word.ROLLBACK and (stable := _stable_is_sick(evidence, watch)):
        word, hold, reason = _both_sick(evidence, watch, reason, stable)
    needed = [reading.needed for reading in readings if reading.needed]
    more = max(needed, default=0) if all(r.needed is not None for r in readings) else None
    rate = evidence.canary.rate(max(watch.since, watch.now - 10))
    seconds = more / rate if more is not None and rate > 0 else None
    letter, letter_why = as_written(evidence, watch)
    return Verdict(word, hold, reason, readings, soak_left, more, seconds, letter, letter_why)


def as_written(evidence: Evidence, watch: Watch) -> tuple[Word, str]:
    """Give what the runbook's letter says: limits on the trailing window, no evidence."""
    window = evidence.plan.judging.as_written_window.total_seconds()
    tally = evidence.canary.total(max(watch.since, watch.now - window))
    if not tally.requests:
        return Word.HOLD, "no canary request in the window"
    criteria = evidence.plan.criteria
    shares = {name: bad_of(name, tally) / tally.requests for name in ("failed", "over_1000ms", "over_500ms")}
    for name in ROLLBACK_CRITERIA:
        limit = _limits(criteria)[name].rollback_above
        if limit is not None and shares[name] > limit:
            return Word.ROLLBACK, f"{shares[name]:.2%} {SENTENCES[name]}, above {limit:.2%}"
    for name, share in shares.items():
        if share >= _limits(criteria)[name].proceed_below:
            return Word.HOLD, f"{share:.2%} {SENTENCES[name]}, not below {_limits(criteria)[name].proceed_below:.2%}"
    return Word.PROCEED, f"{tally.requests} requests in the last {window:.0f} s inside every limit"


def _limits(criteria: object) -> dict[str, Criterion]:
    names = ("failed", "over_1000ms", "over_500ms", "client_errors")
    return {name: getattr(criteria, name) for name in names}


def _sick_level(limit: Criterion) -> float:
    return limit.rollback_above if limit.rollback_above is not None else min(2 * limit.proceed_below, 0.95)


def _read(evidence: Evidence, watch: Watch, name: str, limit: Criterion) -> Reading:
    begun = watch.since if name in ("failed", "client_errors") else max(watch.since, watch.settled)
    tally = evidence.canary.total(begun)
    bad = bad_of(name, tally)
    seen = bad / tally.requests if tally.requests else None
    if name == "client_errors":
        return _against_stable(evidence, limit, seen, bad, tally.requests)
    spread = evidence.spread.get(name, 1.0)
    wanted_well = math.log(1 / evidence.plan.judging.beta)
    well = evidence.well[name]
    proceed = max(0.0, well.log / wanted_well)
    needed = well.needed(wanted_well, spread)
    rollback, triggered, trigger = _rollback_side(evidence, watch, name, limit)
    word, hold = Word.PROCEED, None
    why = f"{bad} of {tally.requests} requests" + (f", {seen:.2%}" if seen is not None else "")
    if rollback >= 1 and triggered:
        word, why = Word.ROLLBACK, trigger
    elif proceed < 1:
        word, hold = Word.HOLD, Hold.NOT_ENOUGH
        why += f"; {needed} more without a bad one are needed"
    elif seen is not None and seen >= limit.proceed_below and tally.requests >= 3 / limit.proceed_below:
        word, hold = Word.HOLD, Hold.BETWEEN
        why += f", not below {limit.proceed_below:.2%}"
    elif tally.requests < 3 / limit.proceed_below:
        why += "; too few for the letter, so the evidence alone decides"
    return Reading(
        name,
        SENTENCES[name],
        seen,
        bad,
        tally.requests,
        limit.proceed_below,
        limit.rollback_above,
        word,
        hold,
        rollback,
        min(proceed, 9.99),
        needed,
        why,
    )


def _rollback_side(evidence: Evidence, watch: Watch, name: str, limit: Criterion) -> tuple[float, bool, str]:
    tracked = evidence.sick.get(name)
    if tracked is None or limit.rollback_above is None:
        return 0.0, False, ""
    wanted = math.log(len(ROLLBACK_CRITERIA) * 2 / evidence.plan.judging.alpha)
    strength = max(0.0, tracked.log / wanted)
    change = evidence.looks[tracked.since - 1] if 0 < tracked.since <= len(evidence.looks) else watch.since
    stretch = min(change, watch.now - LITERAL_STRETCH)
    tally = _judged(evidence.canary.since(stretch), name, watch)
    share = bad_of(name, tally) / tally.requests if tally.requests else 0.0
    said = (
        f"{bad_of(name, tally)} of {tally.requests} {SENTENCES[name]} ({share:.1%}) in the last "
        f"{watch.now - max(stretch, watch.first_shift or stretch):.0f} s, above {limit.rollback_above:.2%}"
    )
    return min(strength, 99.0), share > limit.rollback_above, said


def _judged(samples: Sequence[Sample], name: str, watch: Watch) -> Tally:
    fresh = [s for s in samples if name == "failed" or not watch.since <= s.at - s.seconds < watch.settled]
    return sum((sample.tally for sample in fresh), Tally())


def _against_stable(evidence: Evidence, limit: Criterion, seen: float | None, bad: int, requests: int) -> Reading:
    strength = max(0.0, evidence.worse.log / math.log(1 / evidence.plan.judging.alpha))
    worse = strength >= 1 and seen is not None and seen >= limit.proceed_below
    why = f"{bad} of {requests} answers" + (", more than stable gives in the same seconds" if worse else "")
    word, hold = (Word.HOLD, Hold.BETWEEN) if worse else (Word.PROCEED, None)
    return Reading(
        "client_errors",
        SENTENCES["client_errors"],
        seen,
        bad,
        requests,
        limit.proceed_below,
        None,
        word,
        hold,
        min(strength, 99.0),
        0.0 if worse else 1.0,
        0,
        why,
    )


def _gauge(evidence: Evidence, watch: Watch, name: str) -> Reading:
    limit: Criterion = getattr(evidence.plan.criteria, name)

    def pick(gauges: Gauges) -> float | None:
        return gauges.cpu if name == "cpu" else gauges.memory

    seen = evidence.canary.worst(max(watch.since, watch.settled), pick)
    if seen is None:
        said = f"{SENTENCES[name]} could not be measured"
        return _gauge_reading(name, limit, None, Word.HOLD, Hold.UNMEASURED, said)
    projected = seen + _growth(evidence, watch, pick) if name == "cpu" else seen
    if seen >= limit.proceed_below:
        return _gauge_reading(name, limit, seen, Word.HOLD, Hold.BETWEEN, f"at worst {seen:.0%}")
    if projected >= limit.proceed_below:
        why = f"at worst {seen:.0%}, and about {projected:.0%} at the next split"
        return _gauge_reading(name, limit, seen, Word.HOLD, Hold.BETWEEN, why)
    return _gauge_reading(name, limit, seen, Word.PROCEED, None, f"at worst {seen:.0%}")


def _growth(evidence: Evidence, watch: Watch, pick: Callable[[Gauges], float | None]) -> float:
    last = evidence.stable.last
    stable = pick(last.gauges) if last else None
    if stable is None or watch.share >= 1:
        return 0.0
    return max(0.0, watch.next_share - watch.share) * stable / (1 - watch.share)


def _gauge_reading(name: str, limit: Criterion, seen: float | None, word: Word, hold: Hold | None, why: str) -> Reading:
    needed = 0 if seen is not None else None
    return Reading(
        name, SENTENCES[name], seen, 0, 0, limit.proceed_below, None, word, hold, 0.0, float(hold is None), needed, why
    )


def _decide(readings: Sequence[Reading], alarms: Alarms, soak_left: float) -> tuple[Word, Hold | None, str]:
    for alarm in (alarms.health, alarms.critical_log, alarms.blind):
        if alarm:
            return Word.ROLLBACK, None, alarm
    for reading in readings:
        if reading.word is Word.ROLLBACK:
            return Word.ROLLBACK, None, reading.why
    if alarms.unmeasured:
        return Word.HOLD, Hold.UNMEASURED, alarms.unmeasured
    if soak_left > 0:
        return Word.HOLD, Hold.SOAKING, f"{soak_left:.0f} s of soak are left"
    held = [reading for reading in readings if reading.word is Word.HOLD]
    for hold in (Hold.UNMEASURED, Hold.BETWEEN, Hold.NOT_ENOUGH):
        for reading in held:
            if reading.hold is hold:
                return Word.HOLD, hold, f"{reading.sentence}: {reading.why}"
    counted = max((reading.requests for reading in readings), default=0)
    return Word.PROCEED, None, f"all {len(readings)} criteria met on {counted} canary requests"


def _by_the_letter(evidence: Evidence, watch: Watch, alarms: Alarms, soak_left: float) -> tuple[Word, Hold | None, str]:
    for alarm in (alarms.health, alarms.critical_log, alarms.blind):
        if alarm:
            return Word.ROLLBACK, None, alarm
    word, why = as_written(evidence, watch)
    if word is Word.ROLLBACK:
        return word, None, why
    if alarms.unmeasured:
        return Word.HOLD, Hold.UNMEASURED, alarms.unmeasured
    if soak_left > 0:
        return Word.HOLD, Hold.SOAKING, f"{soak_left:.0f} s of soak are left"
    return (word, None, why) if word is Word.PROCEED else (word, Hold.BETWEEN, why)


def _stable_is_sick(evidence: Evidence, watch: Watch) -> str:
    """Say how sick stable is now, or "" when it is not measured bad."""
    if evidence.stable_sick is None:
        return ""
    wanted = math.log(2 / evidence.plan.judging.alpha)
    tally = evidence.stable.total(watch.now - 10)
    limit = evidence.plan.criteria.failed.rollback_above or 2 * evidence.plan.criteria.failed.proceed_below
    share = tally.failed / tally.requests if tally.requests else 0.0
    slow_limit = _sick_level(evidence.plan.criteria.over_1000ms)
    slow = bad_of("over_1000ms", tally) / tally.requests if tally.requests else 0.0
    if evidence.stable_sick.log >= wanted and share > limit:
        return f"stable fails {share:.1%} too"
    return f"stable has {slow:.1%} over 1000 ms too" if slow > slow_limit else ""


def _both_sick(evidence: Evidence, watch: Watch, reason: str, stable: str) -> tuple[Word, Hold | None, str]:
    recent = watch.now - 10
    canary, other = evidence.canary.total(recent), evidence.stable.total(recent)
    if canary.requests and other.requests and canary.failed / canary.requests < other.failed / other.requests / 2:
        return Word.HOLD, Hold.BETWEEN, f"{reason}, but {stable} and more: sending visitors there may harm them"
    return Word.ROLLBACK, None, f"{reason}; {stable}, so rolling back may not help"
