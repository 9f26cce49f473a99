"""One reading for each criterion: what was seen, what it says, and what it still needs."""

from __future__ import annotations

import math

from golive.core.judging.evidence import Evidence
from golive.core.judging.measures import SENTENCES, Measure
from golive.core.verdict import Hold, Reading, Word

MOST_SHOWN = 99.0


def read_measure(evidence: Evidence, measure: Measure) -> Reading:
    """Give the reading of one share of the canary's requests."""
    requests, bad = evidence.counts[measure.name]
    seen = bad / requests if requests else None
    proceed = evidence.proceed[measure.name]
    wanted = evidence.proceed_wanted
    shown = max(0.0, proceed.log / wanted)
    needed = proceed.needed(wanted, requests / max(proceed.looks, 1))
    letter_counts = requests >= 3 / measure.proceed_below
    why = f"{bad} of {requests}" + (f", {seen:.2%}" if seen is not None else "")
    word, hold = Word.PROCEED, None
    rolled, said = _rollback_side(evidence, measure)
    if said:
        word, why = Word.ROLLBACK, said
    elif seen is not None and seen >= measure.proceed_below and letter_counts:
        word, hold = Word.HOLD, Hold.BETWEEN
        why += f", not below {measure.proceed_below:.2%}"
    elif needed and evidence.soak.share < measure.proceed_from:
        why += f"; too few to judge before {measure.proceed_from:.0%} of visitors: here it can only roll back"
        needed = 0
    elif needed:
        word, hold = Word.HOLD, Hold.NOT_ENOUGH
        why += f"; of about {requests + needed} needed"
    elif not letter_counts:
        why += "; too few for the letter, so the evidence alone decides"
    return Reading(
        criterion=measure.name,
        sentence=measure.sentence,
        seen=seen,
        bad=bad,
        requests=requests,
        proceed_below=measure.proceed_below,
        rollback_above=measure.rollback_above,
        word=word,
        hold=hold,
        rollback_evidence=rolled,
        proceed_evidence=min(shown, MOST_SHOWN),
        needed=needed,
        why=why,
    )


def read_client_errors(evidence: Evidence) -> Reading:
    """Give the reading of 4xx answers: they hold when the canary gives more of them than stable does."""
    requests, bad = evidence.client_errors
    limit = evidence.plan.criteria.client_errors
    strength = max(0.0, evidence.compared["client_errors"].worse_log / math.log(1 / evidence.plan.judging.alpha))
    seen = bad / requests if requests else None
    worse = strength >= 1 and seen is not None and seen >= limit.proceed_below
    why = f"{bad} of {requests}" + (", more than stable gives in the same seconds" if worse else "")
    return _compared(
        "client_errors", SENTENCES["client_errors"], limit.proceed_below, requests, bad, why, strength, worse
    )


def read_against_stable(evidence: Evidence) -> Reading:
    """Give how the canary's failures compare with stable's in the same seconds; the plan says what follows."""
    compared, rule = evidence.compared["failed"], evidence.plan.judging.worse_than_stable
    requests, bad = evidence.counts["failed"]
    strength = max(0.0, compared.worse_log / evidence.worse_wanted)
    alike = compared.as_sick_log >= evidence.proceed_wanted
    why = "no sign that it fails more than stable"
    if strength >= 1:
        why = "fails more than stable in the same seconds"
    elif alike:
        why = "stable is as sick: the canary does not fail twice as often"
    worse = strength >= 1 and rule != "show"
    limit = evidence.plan.criteria.failed.proceed_below
    reading = _compared("worse_than_stable", "failures against stable", limit, requests, bad, why, strength, worse)
    return reading if not worse or rule == "hold" else _rolled(reading)


def read_top_up(evidence: Evidence) -> Reading:
    """Give the reading of requests of ours sent straight to the canary: they may hold or roll back, no more."""
    topped, criterion = evidence.topped, evidence.plan.criteria.failed
    tracked = evidence.top_up
    strength = max(0.0, tracked.log / tracked.wanted)
    trigger = criterion.rollback_above
    why = f"{topped.failed} of {topped.requests} of ours failed"
    sick = trigger is not None and strength >= 1 and tracked.stretch.share > trigger
    enough = topped.requests >= 3 / criterion.proceed_below
    held = sick or (enough and topped.failed / topped.requests >= criterion.proceed_below)
    reading = _compared(
        "top_up", "topped-up requests", criterion.proceed_below, topped.requests, topped.failed, why, strength, held
    )
    return _rolled(reading) if sick else reading


def _rollback_side(evidence: Evidence, measure: Measure) -> tuple[float, str]:
    """Give the evidence as a share of what it takes, and the reason when it and the literal trigger hold."""
    tracked = evidence.rollback.get(measure.name)
    if tracked is None or measure.rollback_above is None or not tracked.requests:
        return 0.0, ""
    strength = tracked.strength
    if strength < 1:
        return strength, ""
    since = tracked.stretch
    if since.share <= measure.rollback_above:
        return min(strength, MOST_SHOWN), ""
    said = f"{since.bad} of {since.requests} ({since.share:.1%}) since they began, above {measure.rollback_above:.2%}"
    return min(strength, MOST_SHOWN), said


def _compared(
    name: str, sentence: str, limit: float, requests: int, bad: int, why: str, strength: float, held: bool
) -> Reading:
    return Reading(
        criterion=name,
        sentence=sentence,
        seen=bad / requests if requests else None,
        bad=bad,
        requests=requests,
        proceed_below=limit,
        rollback_above=None,
        word=Word.HOLD if held else Word.PROCEED,
        hold=Hold.BETWEEN if held else None,
        rollback_evidence=min(strength, MOST_SHOWN),
        proceed_evidence=float(not held),
        needed=0,
        why=why,
    )


def _rolled(reading: Reading) -> Reading:
    return reading._replace(word=Word.ROLLBACK, hold=None)
