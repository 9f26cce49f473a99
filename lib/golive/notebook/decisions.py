"""Which typed decisions count: the newest verdict's code, a reason, and a person of the plan."""

from __future__ import annotations

from dataclasses import dataclass

from golive.core.decided import Judged
from golive.core.errors import Stopped, nearest
from golive.core.moments import Moment
from golive.core.plan import Plan
from golive.core.state import State
from golive.core.verdict import Word
from golive.pages.words import both, span

CHOICES = ("proceed", "hold", "rollback")
THEN = {
    "proceed": "go.close()",
    "hold": 'go.judge() again later, or await go.rollback(because="what you saw")',
    "rollback": 'await go.rollback(because="what you saw")',
}


@dataclass(frozen=True)
class Decided:
    """What was typed, or what the plan's policy chose."""

    choice: str
    code: str
    because: str
    by_policy: bool = False


def undecided(judged: Judged) -> Stopped:
    """Give the stop of a gate at which nobody has decided yet."""
    why = f"undecided: the verdict {judged.code} says {judged.word}: {judged.reason}"
    return Stopped(why, typed(judged))


def by_policy(judged: Judged, because: str) -> Decided:
    """Give what the policy of an unattended rehearsal decides: it follows the verdict."""
    why = because or f"the plan's policy follows the verdict: {judged.reason}"
    return Decided(judged.word.lower(), judged.code, why, by_policy=True)


def refuse(decided: Decided, judged: Judged, plan: Plan, now: Moment) -> None:
    """Raise Stopped when the decision can't count: with why, and with what to type instead."""
    if decided.choice not in CHOICES:
        raise Stopped(f"{decided.choice!r} is no decision: proceed, hold and rollback are", typed(judged))
    if decided.code.strip().upper() != judged.code:
        raise Stopped(
            f"{decided.code!r} is not the newest verdict: that is {judged.code} of {both(judged.at)}, {judged.word}",
            typed(judged),
        )
    if not any(letter.isalnum() for letter in decided.because):
        raise Stopped("a decision needs a reason in words", typed(judged, decided.choice))
    age = now.since(judged.moment)
    if age > plan.judging.decision_valid.total_seconds():
        raise Stopped(
            f"the verdict {judged.code} is {span(age)} old, and good for "
            f"{span(plan.judging.decision_valid.total_seconds())}",
            "go.judge()",
        )
    if decided.choice == "proceed" and judged.word == Word.ROLLBACK:
        raise Stopped("the verdict says ROLLBACK, and nobody goes forward against that", typed(judged, "rollback"))
    if decided.choice == "proceed" and judged.worse:
        raise Stopped(f"since the verdict {judged.code} the guard has said {judged.worse}", "go.judge()")


def refuse_name(state: State, name: str) -> None:
    """Raise Stopped when nobody of that name may go forward on this site: the plan's roles say who may."""
    if state.own_world or not state.people or name in state.people:
        return
    why = f"{name!r} fills no role of the plan{nearest(name, state.people)}"
    raise Stopped(why, 'operator = "NAME" in the cell with the parameters, then run the cells from there on')


def typed(judged: Judged, choice: str = "") -> str:
    """Give the line that answers a verdict."""
    return f'go.decide("{choice or judged.word.lower()}", "{judged.code}", because="what you saw")'
