"""The verdict: one pure function from what was counted to PROCEED, HOLD or ROLLBACK."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from golive.core.judging.evidence import Evidence
from golive.core.judging.readings import read_against_stable, read_client_errors, read_measure, read_top_up
from golive.core.verdict import Hold, Reading, Verdict, Word
from golive.core.way_back import AfterCutover

FEWEST_STABLE_FAILED = 5
BLIND = "blind"
ORDER_OF_HOLDS = (Hold.UNMEASURED, Hold.BETWEEN, Hold.NOT_ENOUGH)
Finding = tuple[Word, Hold | None, str, str]


@dataclass(frozen=True)
class Alarms:
    """What needs no counting: each is a sentence when it is so, else empty.

    `unmeasured` says why some source could not be measured; `blind` that it has lasted too long;
    `no_way_back` what speaks against going back to stable by itself, once the cutover is over; `lines` which watched
    line is not good now, and `unlooked` which nobody has looked at yet: they hold, and send nobody back.
    """

    health: str = ""
    critical_log: str = ""
    blind: str = ""
    unmeasured: str = ""
    no_way_back: str = ""
    lines: str = ""
    unlooked: str = ""


def judge(evidence: Evidence, alarms: Alarms, without: Collection[str] = ()) -> Verdict:
    """Give the verdict on what was counted up to now; `without` names criteria that nobody recorded anything of.

    ROLLBACK needs evidence that stays valid however often it is looked at *and* the literal
    trigger over the stretch since the change that it points at; PROCEED needs the soak to be over,
    the literal criteria, *and* evidence that excludes a canary at the rollback level. All else is
    HOLD, which says which hold it is.
    """
    plan, soak = evidence.plan, evidence.soak
    readings = tuple(reading for reading in _readings(evidence) if reading.criterion not in without)
    soak_left = max(0.0, soak.seconds - evidence.watched)
    word, hold, criterion, reason = _decide(readings, alarms, soak_left)
    if plan.judging.rule == "as-written":
        word, hold, criterion, reason = _by_the_letter(evidence, alarms, soak_left)
    if word is Word.ROLLBACK:
        word, hold, reason = _weigh_stable(evidence, reason)
    if soak.after_cutover and word is Word.ROLLBACK:
        word, hold, reason = _after_cutover(plan.after_cutover, criterion, reason, alarms)
    more, seconds = _still_needed(evidence, readings)
    letter = evidence.letter
    return Verdict(word, hold, criterion, reason, readings, soak_left, more, seconds, letter.word, letter.why)


def _readings(evidence: Evidence) -> tuple[Reading, ...]:
    soak, criteria = evidence.soak, evidence.plan.criteria
    readings = [read_measure(evidence, measure) for measure in evidence.measures]
    readings += [read_client_errors(evidence), read_against_stable(evidence)]
    if evidence.topped.requests:
        readings.append(read_top_up(evidence))
    for name in ("cpu", "memory"):
        shares, known = (soak.share, soak.next_share), evidence.slopes.get(name)
        readings.append(evidence.gauging.read(name, getattr(criteria, name), shares, known))
    return tuple(readings)


def _decide(readings: Sequence[Reading], alarms: Alarms, soak_left: float) -> Finding:
    alarmed = _alarmed(alarms)
    if alarmed:
        return alarmed
    for reading in readings:
        if reading.word is Word.ROLLBACK:
            return Word.ROLLBACK, None, reading.criterion, f"{reading.sentence}: {reading.why}"
    if waits := _waits(alarms, soak_left):
        return waits
    for hold in ORDER_OF_HOLDS:
        for reading in readings:
            if reading.hold is hold:
                return Word.HOLD, hold, reading.criterion, f"{reading.sentence}: {reading.why}"
    counted = max((reading.requests for reading in readings), default=0)
    return Word.PROCEED, None, "", f"all {len(readings)} criteria met on {counted} canary requests"


def _waits(alarms: Alarms, soak_left: float) -> Finding | None:
    """Give what holds whatever the counts say."""
    if alarms.unmeasured:
        return Word.HOLD, Hold.UNMEASURED, "", alarms.unmeasured
    if alarms.lines:
        return Word.HOLD, Hold.LINES, "", alarms.lines
    if soak_left > 0:
        return Word.HOLD, Hold.SOAKING, "", f"{soak_left:.0f} s of soak are left"
    if alarms.unlooked:
        return Word.HOLD, Hold.NOT_ENOUGH, "", alarms.unlooked
    return None


def _alarmed(alarms: Alarms) -> Finding | None:
    for name, alarm in (("health", alarms.health), ("critical log", alarms.critical_log), (BLIND, alarms.blind)):
        if alarm:
            return Word.ROLLBACK, None, name, alarm
    return None


def _by_the_letter(evidence: Evidence, alarms: Alarms, soak_left: float) -> Finding:
    alarmed, letter = _alarmed(alarms), evidence.letter
    if alarmed:
        return alarmed
    if letter.word is Word.ROLLBACK:
        return letter.word, None, "as written", letter.why
    if waits := _waits(alarms, soak_left):
        return waits
    return letter.word, None if letter.word is Word.PROCEED else Hold.BETWEEN, "as written", letter.why


def _after_cutover(plan: AfterCutover, criterion: str, reason: str, alarms: Alarms) -> tuple[Word, Hold | None, str]:
    """Hold what would roll back, unless the plan wants it, something was measured, and the way back is open."""
    if criterion == BLIND:
        return Word.HOLD, Hold.UNMEASURED, f"{reason}. After cutover not knowing sends nobody back"
    if plan.rollback == "hold":
        return Word.HOLD, Hold.AFTER_CUTOVER, f"{reason}. After cutover a person decides"
    if alarms.no_way_back:
        return Word.HOLD, Hold.AFTER_CUTOVER, f"{reason}. A person decides: {alarms.no_way_back}"
    return Word.ROLLBACK, None, reason


def _weigh_stable(evidence: Evidence, reason: str) -> tuple[Word, Hold | None, str]:
    """Say what a rollback would do to visitors when stable is measured bad now, too."""
    stable = stable_is_sick(evidence)
    if not stable:
        return Word.ROLLBACK, None, reason
    canary, other = evidence.canary_recent, evidence.stable_recent
    if canary.requests and canary.share("failed") < other.share("failed") / 2:
        return Word.HOLD, Hold.BETWEEN, f"{reason}; but {stable}, and more: sending visitors there may harm them"
    return Word.ROLLBACK, None, f"{reason}; {stable}, so rolling back may not help"


def stable_is_sick(evidence: Evidence) -> str:
    """Say how sick stable is now by its visitors, or "" when it is not measured bad."""
    recent, levels = evidence.stable_recent, {measure.name: measure.level for measure in evidence.measures}
    failed, slow = recent.share("failed"), recent.share("over_1000ms")
    proven = evidence.stable_sick.log >= evidence.stable_sick.wanted
    if proven and failed > levels["failed"] and recent.failed >= FEWEST_STABLE_FAILED:
        return f"stable fails {failed:.1%} too"
    if slow > levels["over_1000ms"] and recent.over_1000ms >= FEWEST_STABLE_FAILED:
        return f"stable has {slow:.1%} over 1000 ms too"
    return ""


def _still_needed(evidence: Evidence, readings: Sequence[Reading]) -> tuple[int | None, float | None]:
    """Give how many requests and seconds are missing to a verdict, at the present rate."""
    if any(reading.needed is None for reading in readings):
        return None, None
    more = max((reading.needed or 0 for reading in readings), default=0)
    rate, soak = evidence.canary_recent.rate, evidence.soak
    if not more:
        return 0, 0.0
    until_half = max(0.0, soak.seconds / 2 - evidence.watched)
    return more, until_half + more / rate if rate > 0 else None
