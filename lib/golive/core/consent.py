"""Whether a decision lets the run go on: it stands, for the newest verdict, nothing is worse, and all have signed."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import Any

from golive.core.answers import Stop
from golive.core.decided import Approval, Decision, Judged, worse
from golive.core.moments import Moment
from golive.core.state import PhaseState, State
from golive.core.verdict import Word

AGAIN = "go.judge(), then go.decide(…)"
SAME = "the same user on the same host is never two"


def before(state: State, here: PhaseState) -> PhaseState | None:
    """Give the phase whose decision the shift of `here` needs; None where it needs none.

    That is the one before it. It was assumed where a page was opened by itself; and a shift that is done was decided.
    """
    at = _place(state, here)
    earlier = state.phases[at - 1] if at else None
    done = here.shift is not None and here.shift.done
    return None if not here.shifts or done or earlier is None or earlier.assumed else earlier


def after(state: State, here: PhaseState) -> PhaseState | None:
    """Give the phase that a decision of `here` goes on to; None after the last."""
    following = _place(state, here) + 1
    return state.phases[following] if following < len(state.phases) else None


def _place(state: State, here: PhaseState) -> int:
    return [phase.name for phase in state.phases].index(here.name)


def renewable(state: State, here: PhaseState) -> bool:
    """Say whether a closed phase may be judged and decided again: nobody was moved on by its decision yet."""
    following = after(state, here)
    earlier = before(state, following) if following is not None else None
    return earlier is not None and earlier.name == here.name


def at_stake(state: State, here: PhaseState, now: Moment) -> PhaseState:
    """Give the phase that is judged and decided on the page of `here`.

    Its own; and before its shift the phase before, once the decision that leads here does not stand any more.
    """
    earlier = before(state, here)
    lapsed = earlier is not None and earlier.closed_at and consent(state, earlier, now) is not None
    return earlier if earlier is not None and lapsed else here


def consent(state: State, here: PhaseState, now: Moment, seen: Mapping[str, Any] | None = None) -> Stop | None:
    """Give why the decision of `here` lets nobody go on now, and what to type; None when it does.

    Args:
        seen: The guard's newest verdict with its `phase`; the record's when left out.
    """
    decision, judged = here.decision, here.judged
    if decision is None or judged is None:
        code = judged.code if judged else "CODE"
        return Stop(f"{here.title} is undecided", f'go.decide("proceed", "{code}", because="what you saw")')
    if decision.choice != "proceed":
        return Stop(
            f"{decision.name} decided to {decision.choice} at {decision.at}",
            "go.judge() for a newer verdict, then go.decide(…), or await go.rollback(because=…)",
        )
    if decision.code != judged.code:
        why = f"the decision of {decision.at} answers {decision.code}, and the verdict {judged.code} is newer"
        return Stop(why, f'go.decide("proceed", "{judged.code}", because="what you saw")')
    if decision.expired(now):
        return Stop(f"the decision of {decision.at} is too old to hand anything over on", AGAIN)
    fallen = judged.worse or _worse_now(judged, here.name, seen or state.verdict)
    if fallen:
        return Stop(f"the guard says worse than the verdict {judged.code} that was decided on: {fallen}", AGAIN)
    return missing(state, here, now)


def _worse_now(judged: Judged, phase: str, verdict: Mapping[str, Any] | None) -> str:
    """Say how the newest verdict is worse; one that stood already when it was frozen was weighed then."""
    known = verdict is None or verdict.get("seq", math.inf) < judged.seq
    return worse(judged, phase, verdict) if verdict is not None and not known else ""


def missing(state: State, here: PhaseState, now: Moment) -> Stop | None:
    """Give whose approval a decision to proceed still lacks, and what they type; None when all have signed."""
    decision, judged = here.decision, here.judged
    assert decision is not None and judged is not None
    if decision.by_policy and state.own_world:
        return None
    counted, doubled = _counted(here, decision, judged, now)
    signers = {decision.name, *(one.name for one in counted)}
    following = after(state, here)
    wanted = [one for one in (following.wants if following is not None else ()) if one.name not in signers]
    lacks = [f"{one} has not approved it" for one in wanted]
    bold = judged.word != Word.PROCEED and not any(one.name in state.people for one in counted)
    if bold and not wanted:
        names = ", ".join(sorted({*state.people} - {decision.name})) or "the plan names none"
        lacks.append(f"it is bolder than the verdict {judged.word}, and no second person has approved it ({names})")
    if not lacks:
        return None
    who = wanted[0].name if wanted else "NAME"
    besides = "".join(f"; {one.name}'s approval came from {one.user}@{one.host}, and {SAME}" for one in doubled)
    why = f"{decision.name} decided to proceed on {judged.code}, and {'; '.join(lacks)}{besides}"
    return Stop(why, f"they type: {approving(state.run, judged.code, who)}")


def _counted(
    here: PhaseState, decision: Decision, judged: Judged, now: Moment
) -> tuple[list[Approval], list[Approval]]:
    """Give the approvals that count, and those that would if they came from somebody else's account."""
    seen = [(decision.user, decision.host)]
    counted, doubled = list[Approval](), list[Approval]()
    for one in here.approved:
        mine = (one.code, one.evidence) == (judged.code, judged.evidence)
        if not mine or one.expired(now) or one.name == decision.name:
            continue
        if (one.user, one.host) in seen:
            doubled.append(one)
            continue
        seen.append((one.user, one.host))
        counted.append(one)
    return counted, doubled


def approving(run: str, code: str, name: str, more: str = "") -> str:
    """Give the command by which another person approves a verdict."""
    return f'golive approve {run} {code} --operator {shlex.quote(name)} {more}--because "what you saw"'
