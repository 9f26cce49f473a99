"""How far a phase is: what was done in it, what is half done, what has expired, and what to type next."""

from __future__ import annotations

from dataclasses import dataclass

from golive.core.consent import consent
from golive.core.moments import Moment
from golive.core.phases import PhaseKind
from golive.core.state import Act, PhaseState, State
from golive.pages.words import both, percent, span


@dataclass(frozen=True)
class Progress:
    """One phase.

    Attributes:
        steps: What stands, in the order of the page: "shift done at …", "proof under way since …".
        next: What to type on its page.
        begun: Whether anything but opening it was done.
    """

    steps: tuple[str, ...]
    next: str
    begun: bool

    def __str__(self) -> str:
        return " · ".join(self.steps)


def progress_of(state: State, here: PhaseState, now: Moment) -> Progress:
    """Give how far a phase is."""
    if here.closed_at:
        return Progress((f"closed at {both(here.closed_at)}",), "the next phase's page", True)
    steps, typed = list[str](), list[str]()
    fresh = _checks(here, now, steps)
    if not fresh:
        typed.append("await go.checks()")
    if here.kind is PhaseKind.PREFLIGHT:
        _one(steps, typed, here.baseline is not None, "baseline seen", "no baseline yet", "await go.baseline()")
    if here.shifts:
        _act(steps, typed, here.shift, "shift", "await go.shift()")
        _act(steps, typed, here.proof, "proof", "await go.prove()")
    if here.shifts or here.kind is PhaseKind.WATCH:
        done = f"soaked {span(here.soaked['seconds'])}" if here.soaked else ""
        _one(steps, typed, bool(done), done, "soak not over", "await go.soak()")
    judged, decision = here.judged, here.decision
    said = f"verdict {judged.code} {judged.word} at {both(judged.at)}" if judged else ""
    _one(steps, typed, judged is not None, said, "no verdict yet", "go.judge()")
    stop = consent(state, here, now)
    if decision is not None and stop is not None and judged is not None:
        why = f"decision of {both(decision.at)} expired" if decision.expired(now) else stop.why
        _one(steps, typed, False, "", why, stop.next)
    else:
        chosen = f"{decision.name} decided to {decision.choice}" if decision else ""
        code = judged.code if judged else "CODE"
        deciding = f'go.decide("proceed", "{code}", because="what you saw")'
        _one(steps, typed, decision is not None, chosen, "undecided", deciding)
    moved = any(part is not None for part in (here.shift, here.soaked, judged))
    return Progress(tuple(steps), (typed or ["go.close()"])[0], moved or bool(here.checks))


def split_of(state: State) -> str:
    """Give the recorded split, and what the router shows instead when that is known to be less."""
    strayed = f", but {percent(state.strayed)} at the router" if state.strayed is not None else ""
    return percent(state.split) + strayed


def _checks(here: PhaseState, now: Moment, steps: list[str]) -> bool:
    checked = here.checks.get("start")
    if checked is None:
        steps.append("not checked yet")
        return False
    if not checked.passed:
        steps.append(f"checks of {both(checked.at)} did not all pass")
        return False
    moved = here.shift is not None and here.shift.done
    if checked.expired(now) and not moved and here.shifts:
        steps.append(f"checks of {both(checked.at)} expired")
        return False
    steps.append(f"checked at {both(checked.at)}")
    return True


def _act(steps: list[str], typed: list[str], act: Act | None, name: str, call: str) -> None:
    if act is None:
        _one(steps, typed, False, "", f"no {name} yet", call)
    elif act.open:
        _one(steps, typed, False, "", f"{name} half done: begun at {both(act.asked_at)}, its end is not known", call)
    elif not act.done:
        _one(steps, typed, False, "", f"{name} {act.result} at {both(act.ended_at)}", call)
    else:
        steps.append(f"{name} done at {both(act.ended_at)}")


def _one(steps: list[str], typed: list[str], done: bool, said: str, otherwise: str, call: str) -> None:
    steps.append(said if done else otherwise)
    if not done:
        typed.append(call)
