"""What may happen next: `may(state, step, …)`, asked by cells, runner, guard and command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from golive.core.answers import Already, May, Stop, Yes
from golive.core.consent import before, consent, renewable
from golive.core.findings import Found, problems
from golive.core.moments import Moment
from golive.core.plan import PhaseKind
from golive.core.responsible import closing
from golive.core.state import PhaseState, State
from golive.core.wheel import at_the_wheel

__all__ = ["Already", "May", "Step", "Stop", "Yes", "may"]


class Step(StrEnum):
    """What an operator may ask for, in the order of a page."""

    OPEN = "open"
    CHECK = "check"
    BASELINE = "baseline"
    SHIFT = "shift"
    PROVE = "prove"
    SOAK = "soak"
    JUDGE = "judge"
    DECIDE = "decide"
    CLOSE = "close"
    TAG = "tag"
    PROMOTE = "promote"
    ALIAS = "alias"
    REMOVE = "remove"
    CLOSE_RUN = "close the run"
    ROLLBACK = "roll back"


BACKWARD = (Step.ROLLBACK, Step.CLOSE_RUN, Step.CHECK)
RENEWING = (Step.JUDGE, Step.DECIDE)  # a decision that has lapsed before anybody was moved on by it
NAMED = (Step.TAG, Step.PROMOTE, Step.ALIAS)  # what the guard does to deployments, asked for by name
AT_THE_WHEEL = (Step.SHIFT, Step.PROVE, Step.CLOSE)


def may(state: State, step: Step, phase: str, now: Moment, who: str = "", because: str = "") -> May:
    """Say whether `step` may happen in `phase`, `now`, asked by `who` ("" where no person asks), for a reason.

    Order comes from the record alone, so a restarted kernel, a second tab and a runner get the
    same answer. Forward takes the wheel; looking, and going back, take none. A phase is closed by
    whom the plan makes responsible for it, or by somebody else with a reason.
    """
    allowed = _may(state, step, phase, now)
    if who and step in AT_THE_WHEEL and isinstance(allowed, Yes):
        allowed = at_the_wheel(state, who)
    if step is Step.CLOSE and isinstance(allowed, Yes):
        return closing(state, state.named(phase), who, because) or allowed
    return allowed


def _may(state: State, step: Step, phase: str, now: Moment) -> May:
    if not state.run:
        return Stop("the record holds no run", "golive rehearse")
    if state.closed:
        return _after_the_end(state, step, now)
    if step is Step.REMOVE:
        return Stop(
            "the run is open, and everybody may still have to go back to stable",
            f"golive deployment remove {state.run} again after its end",
        )
    if state.rolled_back and step not in BACKWARD:
        return _after_a_rollback(state, step, phase)
    if step in (Step.ROLLBACK, Step.CLOSE_RUN):
        return Yes()
    here = state.named(phase)
    if step is Step.OPEN:
        return _open(state, here)
    if not here.opened_at:
        return Stop(f"{here.title} is not open", f"run the first cell of {here.notebook}.ipynb")
    if here.closed_at and step is not Step.CLOSE and not (step in RENEWING and renewable(state, here)):
        return Stop(f"{here.title} was closed at {here.closed_at}", _onwards(state, here))
    return _RULES[step](state, here, now)


def _after_the_end(state: State, step: Step, now: Moment) -> May:
    if step in (Step.CLOSE_RUN, Step.CLOSE):
        return Already(f"the run was closed as {state.closed} at {state.closed_at}")
    if step is Step.REMOVE:
        return _remove(state, now)
    return _ended(state)


def _ended(state: State) -> Stop:
    return Stop(f"run {state.run} was closed as {state.closed} at {state.closed_at}", f"golive verify {state.run}")


def _remove(state: State, now: Moment) -> May:
    """Stable's deployment may go once this run has put everybody on the canary for longer than a way back is safe."""
    if state.closed != "completed" or state.rolled_back or not state.cutover_at:
        ended = f"the run was closed as {state.closed}" if state.cutover_at else "it never put everybody on the canary"
        return Stop(f"{ended}, so visitors may be on stable", f"golive verify {state.run}")
    if any(phase.assumed for phase in state.phases):
        return Stop("phases of this run were assumed, so its cutover proves nothing", f"golive verify {state.run}")
    if state.safe_for is None:
        return Stop("the record does not say how long a rollback is safe", "remove it by hand, if the plan lets you")
    until = datetime.fromisoformat(state.cutover_at) + state.safe_for
    if now.at <= until:
        return Stop(f"stable is kept until {until:%Y-%m-%d %H:%M}Z, for a way back", "the same again after that")
    return Yes()


def _after_a_rollback(state: State, step: Step, phase: str) -> May:
    assert state.rollback is not None
    if step is Step.JUDGE:
        return Yes() if state.named(phase).opened_at else Stop("this phase is not open", "90_rollback.ipynb")
    if step is Step.PROMOTE and state.rollback.done:
        return _by_the_guard(state)
    because = str(state.rollback.detail.get("because", ""))
    done = "is back on stable" if state.rollback.done else "is being sent back to stable"
    why = f"Everybody {done} since {state.rollback.asked_at}: {because}"
    if step is Step.CLOSE and state.attended and not state.rollback.done:
        return Stop(why, "go.close() again in some seconds; golive status says when everybody is back")
    return Stop(why, "nothing moves forward in this run; open 91_incident.ipynb, and start a new run when it is mended")


def _open(state: State, here: PhaseState) -> May:
    if here.closed_at:
        return Already(f"{here.title} was closed at {here.closed_at}")
    for earlier in state.phases:
        if earlier.name == here.name:
            return Yes()
        if not earlier.over:
            return Stop(
                f"{here.title} comes after {earlier.title}, which is not closed", f"go on in {earlier.notebook}.ipynb"
            )
    raise KeyError(here.name)


def _check(state: State, here: PhaseState, now: Moment) -> May:
    return Yes()


def _shift(state: State, here: PhaseState, now: Moment) -> May:
    if not here.shifts or here.share is None:
        return Stop(f"{here.title} moves nobody", "go on with the next cell")
    if here.shift is not None and here.shift.done and state.strayed is None:
        return Already(f"the canary already has {here.share:.0%} of visitors since {here.shift.ended_at}")
    if state.request is not None and state.request.name == "shift":
        return Stop(
            f"a shift asked for at {state.request.asked_at} is still under way", "await go.shift() again in 5 s"
        )
    if here.shift is not None and here.shift.open:
        return Stop("a shift is under way and nobody knows its end yet", "await go.shift() again in 5 s")
    fresh = _fresh_checks(state, here, now)
    if isinstance(fresh, Stop):
        return fresh
    if stop := let_go(state, here, now):
        return stop
    if state.guard is None or state.guard.stopped:
        return Stop("no guard watches this run, so nothing may move", f"golive resume {state.run}")
    if here.share < state.split or (here.share == state.split and state.strayed is None):
        return Stop(
            f"the canary has {state.split:.0%} already and {here.title} would give it {here.share:.0%}",
            "look at the record: golive status",
        )
    return Yes()


def let_go(state: State, here: PhaseState, now: Moment, seen: Mapping[str, Any] | None = None) -> Stop | None:
    """Give why the decision of the phase before lets nobody be moved into `here`; None when it does.

    Args:
        seen: The guard's newest verdict with its `phase`; the record's when left out.
    """
    earlier = before(state, here)
    return consent(state, earlier, now, seen) if earlier is not None else None


def _fresh_checks(state: State, here: PhaseState, now: Moment) -> May:
    checked = here.checks.get("start")
    if checked is None:
        return Stop("nobody has checked whether this phase may start", "await go.checks()")
    not_standing = [said for phase in bound_by(state, here) for said in problems(_started(phase), state.excuses, now)]
    if not_standing:
        return Stop(f"not every check stands: {'; '.join(not_standing)}", "mend what they name, then await go.checks()")
    if not _started(here) and not checked.passed:
        return Stop(f"the checks of {checked.at} did not all pass", "mend what they name, then await go.checks()")
    if not _started(here) and checked.expired(now):
        return Stop(f"the checks of {checked.at} were good until {checked.good_until}", "await go.checks()")
    return Yes()


def bound_by(state: State, here: PhaseState) -> list[PhaseState]:
    """Give the phases whose start checks a shift of `here` needs: its own, and for the first shift the preflight's."""
    first = state.split == 0 and here.shifts
    earlier = [p for p in state.phases if first and p.kind is PhaseKind.PREFLIGHT and not p.assumed]
    return [*(p for p in earlier if p.name != here.name), here]


def _started(phase: PhaseState) -> Mapping[str, Found]:
    return phase.found.get("start", {})


def _prove(state: State, here: PhaseState, now: Moment) -> May:
    if here.shift is None or not here.shift.done:
        return Stop("nothing has been shifted in this phase", "await go.shift()")
    if here.proof is not None and here.proof.done:
        return Already(f"the split was proven at {here.proof.ended_at}")
    return Yes()


def _soak(state: State, here: PhaseState, now: Moment) -> May:
    if here.shifts and (here.proof is None or not here.proof.done):
        return Stop("the split is not proven, so the soak has not begun", "await go.prove()")
    return Yes()


def _judge(state: State, here: PhaseState, now: Moment) -> May:
    if "start" not in here.checks:
        return Stop("this phase has not been checked", "await go.checks()")
    if here.kind is PhaseKind.PREFLIGHT and here.baseline is None:
        return Stop("nobody has looked at what is normal", "await go.baseline()")
    if here.shifts and (here.proof is None or not here.proof.done):
        return Stop("the split is not proven", "await go.prove()")
    return Yes()


def _decide(state: State, here: PhaseState, now: Moment) -> May:
    if here.judged is None:
        return Stop("there is no verdict to answer", "go.judge()")
    return Yes()


def _close(state: State, here: PhaseState, now: Moment) -> May:
    if here.closed_at:
        return Already(f"{here.title} was closed at {here.closed_at}")
    return consent(state, here, now) or Yes()


def _tag(state: State, here: PhaseState, now: Moment) -> May:
    return _by_the_guard(state)


def _by_the_guard(state: State) -> May:
    if state.request is not None:
        asked = state.request
        return Stop(f"{asked.name}, asked for at {asked.asked_at}, is still under way", "the same again in 5 s")
    if state.guard is None or state.guard.stopped:
        return Stop("no guard watches this run, and nobody else acts in it", f"golive resume {state.run}")
    return Yes()


def _served(state: State, here: PhaseState, now: Moment) -> May:
    if not state.cutover_at or state.split < 1 or state.strayed is not None:
        share = state.split if state.strayed is None else state.strayed
        return Stop(
            f"the canary has {share:.0%} of visitors: before it has all of them this would send others past the guard",
            "go on to the cutover",
        )
    return _by_the_guard(state)


def _onwards(state: State, here: PhaseState) -> str:
    names = [phase.name for phase in state.phases]
    after = names.index(here.name) + 1
    return f"open {state.phases[after].notebook}.ipynb" if after < len(names) else f"golive seal {state.run}"


_RULES = {
    Step.CHECK: _check,
    Step.BASELINE: _check,
    Step.SHIFT: _shift,
    Step.PROVE: _prove,
    Step.SOAK: _soak,
    Step.JUDGE: _judge,
    Step.DECIDE: _decide,
    Step.CLOSE: _close,
    Step.TAG: _tag,
    Step.PROMOTE: _served,
    Step.ALIAS: _served,
}
