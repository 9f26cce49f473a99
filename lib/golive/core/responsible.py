"""Who closes a phase: whom its plan makes responsible, or somebody who says why they stand in for them. Pure."""

from __future__ import annotations

import json

from golive.core.answers import Stop
from golive.core.decided import Wanted
from golive.core.errors import nearest
from golive.core.plain import plain
from golive.core.record import Entry
from golive.core.state import PhaseState, State

STAND_IN = 'go.close(because="why you stand in for them")'


def responsible(state: State, here: PhaseState) -> tuple[Wanted, ...]:
    """Give the people who may close a phase without a reason; none where anybody may.

    That is where the plan names nobody yet, and in an unattended rehearsal in the run's own world.
    """
    return () if state.own_world and state.unattended else here.responsible


def stands_in_for(state: State, here: PhaseState, who: str) -> tuple[Wanted, ...]:
    """Give the people for whom `who` would stand in by closing a phase; none when it is theirs to close."""
    people = responsible(state, here)
    return () if not who or who in {one.name for one in people} else people


def closing(state: State, here: PhaseState, who: str, because: str) -> Stop | None:
    """Give why `who` may not close a phase, with that reason; None when they may."""
    people = stands_in_for(state, here, who)
    if not people:
        return None
    if not state.own_world and state.people and who not in state.people:
        why = (
            f"{who!r} fills no role of the plan{nearest(who, state.people)}, and {named(people)} may close {here.title}"
        )
        return Stop(why, 'operator = "NAME" in the cell with the parameters, then run the cells from there on')
    if any(letter.isalnum() for letter in because):
        return None
    to = json.dumps(plain(people[0].name, 100), ensure_ascii=False)
    why = f"{here.title} is closed by {named(people)}, and you are {who}"
    return Stop(why, f'go.hand_over(to={to}, because="it is theirs to close"), who takes the wheel; or {STAND_IN}')


def stood_in(entry: Entry) -> str:
    """Give who stood in for whom by the entry that closed a phase, and why; "" when nobody did."""
    people = tuple(Wanted(role, name) for role, name in entry.body.get("stands_in_for", ()))
    return f"{entry.who['name']} stood in for {named(people)}: {entry.body['because']}" if people else ""


def named(people: tuple[Wanted, ...]) -> str:
    """Give people with their roles, in words."""
    return " or ".join(str(one) for one in people)
