"""Whether another person may approve a frozen verdict or a waiver: pure, the same from a terminal and a pasted line."""

from __future__ import annotations

from golive.core.answers import Stop
from golive.core.consent import SAME, renewable
from golive.core.errors import nearest
from golive.core.findings import Excuse
from golive.core.moments import Moment
from golive.core.record import Who
from golive.core.state import PhaseState, State
from golive.core.verdict import Word

OVER = "nothing is left to approve"


def judged_as(state: State, code: str) -> PhaseState | Stop:
    """Give the phase whose newest verdict has that code; a Stop that names the right one when there is none."""
    for phase in state.phases:
        if phase.judged is not None and phase.judged.code == code.strip().upper():
            return phase
    newest = [phase for phase in state.phases if phase.judged is not None]
    if not newest:
        return Stop(f"{code!r} answers nothing: this run has no verdict yet", "go.judge() on the page of its phase")
    last = max(newest, key=lambda phase: phase.judged.at if phase.judged else "")
    assert last.judged is not None
    why = f"no newest verdict of this run has the code {code!r}: that of {last.title} is {last.judged.code}"
    return Stop(f"{why}, {last.judged.word}", f"look at what it says, then approve {last.judged.code}")


def approve_may(state: State, here: PhaseState, who: Who, because: str, valid: float, now: Moment) -> Stop | None:
    """Give why `who` may not approve the newest verdict of `here`; None when they may.

    Args:
        valid: Seconds for which a verdict may be answered.
    """
    judged, decision = here.judged, here.decision
    again = "go.judge() there, and approve the newer code"
    if state.closed or state.rolled_back:
        return Stop(f"the run {'was closed' if state.closed else 'was rolled back'}", OVER)
    if judged is None:
        return Stop(f"{here.title} has no verdict yet", "go.judge() on its page")
    if here.closed_at and not renewable(state, here):
        return Stop(f"{here.title} was closed at {here.closed_at}, and the run has gone on", OVER)
    if not any(letter.isalnum() for letter in because):
        return Stop("an approval needs a reason in words", 'the same with --because "what you saw"')
    if who.name not in state.people:
        return Stop(f"{who.name!r} fills no role of the plan{nearest(who.name, state.people)}", "--operator NAME")
    if judged.word == Word.ROLLBACK:
        return Stop("the verdict says ROLLBACK, and nobody goes forward against that", "roll back, or judge again")
    if judged.worse:
        return Stop(f"the guard says worse than the verdict {judged.code}: {judged.worse}", again)
    if now.since(judged.moment) > valid:
        return Stop(f"the verdict {judged.code} of {judged.at} is too old to be answered", again)
    if decision is not None and decision.code == judged.code and decision.choice == "proceed":
        if who.name == decision.name:
            return Stop(f"{who.name} has decided this already: the second person is another", "let them approve it")
        if (who.user, who.host) == (decision.user, decision.host):
            why = f"{who.user}@{who.host} is who decided this, under the name {decision.name}: {SAME}"
            return Stop(why, "from their own machine, or their own user's terminal")
    return None


def waiver_with(state: State, code: str) -> Excuse | None:
    """Give the waiver that is approved by that code; None when there is none."""
    return next((one for one in state.excuses if one.answer and one.answer == code.strip().upper()), None)


def waiver_may(state: State, waiver: Excuse, who: Who, because: str, now: Moment) -> Stop | None:
    """Give why `who` may not approve a waiver; None when they may."""
    what = f"the waiver {waiver.answer} of {waiver.called}"
    if state.closed or state.rolled_back:
        return Stop(f"the run {'was closed' if state.closed else 'was rolled back'}", OVER)
    if waiver.second:
        return Stop(f"{waiver.second} has approved {what} already", OVER)
    if not any(letter.isalnum() for letter in because):
        return Stop("an approval needs a reason in words", 'the same with --because "what you saw"')
    if who.name not in state.people:
        return Stop(f"{who.name!r} fills no role of the plan{nearest(who.name, state.people)}", "--operator NAME")
    if now.since(waiver.moment) > waiver.good_for:
        return Stop(f"{what} ended at {waiver.until}", "go.waive(…) again, and approve the newer one")
    if who.name == waiver.name:
        return Stop(f"{who.name} has given {what}: the second person is another", "let them approve it")
    if not waiver.may_be_approved_by(who.name, who.user, who.host):
        why = f"{who.user}@{who.host} is who gave {what}, under the name {waiver.name}: {SAME}"
        return Stop(why, "from their own machine, or their own user's terminal")
    return None
