"""The first answer of a page, whose first line is read aloud: world, phase, site, split, and who is at the keyboard."""

from __future__ import annotations

from dataclasses import replace

from golive.core.moments import Moment
from golive.core.plan import Plan
from golive.core.record import Who
from golive.core.state import PhaseState, State
from golive.pages.answer import Answer
from golive.pages.overview import places_of
from golive.pages.progress import progress_of
from golive.pages.words import both, percent, span


def banner(state: State, here: PhaseState, plan: Plan, who: Who, now: Moment) -> Answer:
    """Give the banner of the phase `here`: how far it is, and what to type next."""
    word = "SANDBOX" if plan.world.driver == "sandbox" else state.plan.upper()
    shown = f"{here.title} · {plan.site.name} · {percent(state.split)} of visitors on the canary · {who.name}"
    shown += " · ROLLED BACK" if state.rolled_back else ""
    last, wheel, guard, use = state.head, state.wheel, state.guard, plan.phase(here.name)
    offered = f", handed to {wheel.offered_to}, who has not taken it" if wheel.offered_to else ""
    facts = [
        ("run", state.run),
        ("operator", f"{who.name} (claimed), {who.seen} (seen)"),
        ("wheel", f"{wheel.name} since {both(wheel.since)}{offered}"),
        ("responsible", ", ".join(str(one) for one in here.responsible) or ", ".join(use.responsible)),
        ("soak", span(use.soak.total_seconds()) if use.soak else "none"),
        ("plan", state.fingerprint[:12]),
        ("guard", f"{guard.id} on {guard.host}" if guard else "none"),
        ("last entry", f"{last.seq} {last.kind} at {both(last.at)}" if last else "none"),
    ]
    if places := places_of(state):
        facts.append(("guards stand", places))
    if state.other_code:
        facts.append(("other code", f"the guard runs {state.other_code}, the run was opened with {state.code}"))
    stands = progress_of(state, here, now)
    if stands.begun:
        facts.append(("so far", str(stands)))
    if any(phase.assumed for phase in state.phases):
        facts.append(("assumed", "earlier phases were assumed, not passed: this is no rehearsal of the whole"))
    answer = Answer(word, shown, [*facts, ("limits", plan.note)], next="the next cell")
    return replace(answer, next=stands.next) if stands.begun and not state.rolled_back else answer
