"""Whom to call, in which order, and who of them is due now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from golive.core.escalation import Beginning, Turn, turns
from golive.core.plan import Plan
from golive.core.units import say_duration
from golive.pages.answer import Answer, Table
from golive.pages.words import clock, day, span

IN_THIS_ORDER = "call in this order"
COLUMNS = ("level", "role", "name", "phone", "chat", "does", "due", "stands")


def escalation(plan: Plan, began: Beginning | None = None, now: datetime | None = None) -> Answer:
    """Give whom to call, in which order, and from when on.

    Args:
        began: Since when something is wrong; None where nothing says so, and nobody is due by a clock.
        now: To say who is due; None in what is told of a run that is over.
    """
    calls = turns(plan.escalation, began.at if began else None)
    rows = [_row(plan, turn, now) for turn in calls]
    headline = IN_THIS_ORDER + (f": {_due_now(plan, calls, now)}" if began and now else "")
    facts = [("counted from", f"{day(began.at.isoformat())}: {began.by}")] if began else []
    return Answer("DONE", headline, facts, Table(COLUMNS, rows))


def _row(plan: Plan, turn: Turn, now: datetime | None) -> tuple[str, ...]:
    person, call = plan.roles[turn.call.role], turn.call
    after = "in its turn" if call.after is None else f"after {say_duration(call.after)}" if call.after else "at once"
    due = clock(turn.due.isoformat()) if turn.due else after
    reached = (person.name, person.phone, person.chat)
    return (str(turn.level), call.role, *reached, call.does, due, _stands(turn, now))


def _stands(turn: Turn, now: datetime | None) -> str:
    since = turn.since(now) if now is not None else None
    if since is None:
        return ""
    seconds = since.total_seconds()
    return f"DUE since {span(seconds)}" if seconds >= 0 else f"due in {span(-seconds)}"


def _due_now(plan: Plan, calls: Sequence[Turn], now: datetime) -> str:
    timed = [turn for turn in calls if turn.due is not None]
    due = [turn for turn in timed if turn.due is not None and turn.due <= now]
    ahead = [turn for turn in timed if turn not in due]
    if not timed:
        return "the plan says no times"
    said = [f"level {due[-1].level} is due now, {_who(plan, due)}"] if due else ["nobody is due yet"]
    if ahead:
        said.append(f"next, level {ahead[0].level} {_stands(ahead[0], now)}, {_who(plan, ahead[:1], ahead)}")
    return "; ".join(said)


def _who(plan: Plan, of: Sequence[Turn], among: Sequence[Turn] = ()) -> str:
    """Give the people of the level of the last one of these, in words."""
    mine = [turn.call for turn in (among or of) if turn.level == of[-1].level]
    return " and ".join(f"{plan.roles[call.role].name} ({call.role})" for call in mine)
