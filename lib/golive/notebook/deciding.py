"""Decide, and let another person's line count: both are entries that the record's write lock checks once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from golive.core.answers import Stop
from golive.core.consent import approving, consent, missing
from golive.core.errors import Stopped
from golive.core.folding import fold
from golive.core.order import Step, may
from golive.core.record import Entry, Kind
from golive.core.state import PhaseState, State
from golive.core.wheel import at_the_wheel
from golive.notebook.approvals import approve
from golive.notebook.attended import attended
from golive.notebook.decisions import THEN, Decided, by_policy, refuse, refuse_name, undecided
from golive.notebook.desk import Desk
from golive.pages.answer import Answer
from golive.pages.words import both

__all__ = ["approve", "decide"]


def decide(desk: Desk, phase: str, choice: str, code: str, because: str, then: str = "") -> Answer:
    """Write down a decision on the newest verdict of `phase`; `then` is what to type once it stands, if not the usual.

    Raises:
        Stopped: If it can't count: nothing was written then.
    """
    run, state = desk.run, desk.state
    here = state.named(phase)
    judged = here.judged
    assert judged is not None
    if already := _already(desk, state, here, choice, code):
        return already
    if choice:
        decided = Decided(choice, code, because)
    elif attended() or not run.plan.own_world:
        raise undecided(judged)
    else:
        decided = by_policy(judged, because)
    name = "policy" if decided.by_policy else run.who.name
    valid = run.plan.judging.decision_valid.total_seconds()
    moment = run.clock.moment().to_json()
    body = {**asdict(decided), "code": judged.code, "good_for": valid, "moment": moment}
    signed = replace(run, who=replace(run.who, name=name))
    signed.append(Kind.DECISION, body, phase, lambda entries: _counts(desk, phase, decided, entries))
    return _told(desk, phase, decided, name, then)


def _already(desk: Desk, state: State, here: PhaseState, choice: str, code: str) -> Answer | None:
    """Give what stands when the same was decided before: running a cell again makes no decision younger."""
    made, judged, now = here.decision, here.judged, desk.run.clock.moment()
    if made is None or judged is None or made.code != judged.code or made.expired(now):
        return None
    same = choice == made.choice and code.strip().upper() == made.code and made.name == desk.run.who.name
    if not same and (choice or made.by_policy):
        return None
    what = f"{made.name} decided to {made.choice} on {made.code} at {both(made.at)}: {made.because}"
    stands = consent(state, here, now) if made.choice == "proceed" else None
    return Answer("NOTHING DONE", f"{what}{f'; {stands.why}' if stands else ''}", next=_next(stands, made.choice))


def _next(stands: Stop | None, choice: str, then: str = "") -> str:
    return stands.next if stands is not None else then or THEN[choice]


def _told(desk: Desk, phase: str, decided: Decided, name: str, then: str) -> Answer:
    state = desk.state
    here = state.named(phase)
    said = f"{decided.choice}, signed {name}: {decided.because}"
    lacks = missing(state, here, desk.run.clock.moment()) if decided.choice == "proceed" else None
    if lacks is None:
        return Answer("DONE", said, _claimed(desk, decided), next=_next(None, decided.choice, then))
    assert here.judged is not None
    more = f"--phase {phase} --evidence {here.judged.evidence} --print "
    elsewhere = approving(state.run, here.judged.code, "NAME", more)
    facts = [*_claimed(desk, decided), ("missing", lacks.why), ("without this run's store", elsewhere)]
    return Answer("WAITING", f"{said}; it does not count yet", facts, next=lacks.next)


def _claimed(desk: Desk, decided: Decided) -> list[tuple[str, str]]:
    who = desk.run.who
    return [] if decided.by_policy else [("claimed by", f"{who.name}; seen: {who.seen}")]


def _counts(desk: Desk, phase: str, decided: Decided, entries: Sequence[Entry]) -> None:
    state, now, name = fold(entries), desk.run.clock.moment(), desk.run.who.name
    allowed = may(state, Step.DECIDE, phase, now, name)
    if isinstance(allowed, Stop):
        raise allowed.error()
    judged = state.named(phase).judged
    if judged is None:
        raise Stopped("there is no verdict to answer any more", "go.judge()")
    refuse(decided, judged, desk.run.plan, now)
    if decided.choice != "proceed":
        return
    wheel = at_the_wheel(state, name)
    if isinstance(wheel, Stop):
        raise wheel.error()
    if not decided.by_policy:
        refuse_name(state, name)
