"""Who is called when something is wrong, and when each is due: counted from where the record says that it began."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, model_serializer

from golive.core.record import Entry, Kind
from golive.core.scalars import Duration, Part
from golive.core.units import say_duration


class Call(Part):
    """One call: to whose role, `after` how long since the beginning, and what they do then.

    Without `after` it has no time of its own, only its place in the order.
    """

    role: str
    after: Duration | None = None
    does: str = ""

    @model_serializer
    def _short(self) -> Any:
        """Give a plain role as the plan has it, so that plans of such are the same as ever."""
        if self.after is None and not self.does:
            return self.role
        return {"role": self.role, "after": self.after, "does": self.does}


def _calls(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple({"role": item} if isinstance(item, str) else item for item in value)
    return value


Calls = Annotated[tuple[Call, ...], BeforeValidator(_calls)]


@dataclass(frozen=True)
class Beginning:
    """Since when something is wrong, and by what that is told."""

    at: datetime
    by: str


@dataclass(frozen=True)
class Turn:
    """One call as it stands: of which level, and when it is due; `due` is None where nothing says so."""

    level: int
    call: Call
    due: datetime | None = None

    def since(self, now: datetime) -> timedelta | None:
        """Give for how long it has been due; less than nothing while it is not, None where nothing says when."""
        return now - self.due if self.due is not None else None


def call_problems(calls: Sequence[Call], roles: Iterable[str]) -> list[str]:
    """Give what is wrong with a plan's escalation, a sentence each."""
    known, problems, last = set(roles), [], timedelta(0)
    for call in calls:
        if call.role not in known:
            problems.append(f"escalation: role {call.role!r} is not in roles")
        if call.after is not None and call.after < last:
            why = (
                f"{call.role} is due after {say_duration(call.after)}, and who comes before after {say_duration(last)}"
            )
            problems.append(f"escalation: {why}: the times must ascend")
        last = call.after if call.after is not None else last
    return problems


def turns(calls: Sequence[Call], began: datetime | None) -> tuple[Turn, ...]:
    """Give the calls with their level and due time; who is due at the same time is of the same level."""
    found = list[Turn]()
    for call in calls:
        last = found[-1] if found else None
        same = last is not None and call.after is not None and call.after == last.call.after
        level = (last.level if last else 0) + (0 if same else 1)
        due = began + call.after if began is not None and call.after is not None else None
        found.append(Turn(level, call, due))
    return tuple(found)


def beginning(entries: Sequence[Entry]) -> Beginning | None:
    """Give since when something is wrong, by the record: the first rollback asked for or made.

    Without one the first verdict ROLLBACK or alarm; without that, when somebody first asked here whom to call.
    """
    for begins in (_rollback, _alarm, _asked):
        for entry in entries:
            if by := begins(entry):
                late = ", written down late" if entry.body.get("late") else ""
                return Beginning(datetime.fromisoformat(entry.at), by + late)
    return None


ASKED = {"text": "somebody asked whom to call", "incident": True}


def _rollback(entry: Entry) -> str:
    if entry.body.get("act") != "rollback":
        return ""
    if entry.kind is Kind.REQUEST:
        return f"the rollback that {entry.who['name']} asked for"
    return "the rollback" if entry.kind in (Kind.INTENT, Kind.OUTCOME) else ""


def _alarm(entry: Entry) -> str:
    if entry.kind is Kind.VERDICT and entry.body["word"] == "ROLLBACK":
        return "the guard's first verdict ROLLBACK"
    alarm = entry.kind is Kind.NOTICE and entry.body["level"] == "alarm"
    return f"the first alarm, {entry.body['title']}" if alarm else ""


def _asked(entry: Entry) -> str:
    asked = entry.kind is Kind.NOTE and entry.body.get("incident") is True
    return "the first look at whom to call, as nobody was sent back and nothing alarmed" if asked else ""
