"""Whom to call now: counted from where the record says that something went wrong."""

from __future__ import annotations

from dataclasses import replace

from golive.core.errors import GoLiveError
from golive.core.escalation import ASKED, Beginning, beginning
from golive.core.record import Kind
from golive.pages.answer import Answer
from golive.pages.calling import escalation
from golive.run import Run


def call_now(run: Run) -> Answer:
    """Give whom to call, and who is due; in an open run that tells of nothing wrong it counts from the first time that
    somebody asks, which is written down. A store that refuses that keeps nobody from being called.
    """
    began, unwritten = beginning(run.store.read()), ""
    if run.state().closed:
        return escalation(run.plan, began)
    if began is None:
        began, unwritten = _from_now_on(run)
    answer = escalation(run.plan, began, run.clock.now())
    return replace(answer, facts=[*answer.facts, ("not written down", unwritten)]) if unwritten else answer


def _from_now_on(run: Run) -> tuple[Beginning, str]:
    """Write down that somebody asks now; give the beginning, and why it could not be written, "" when it was."""
    try:
        run.append(Kind.NOTE, ASKED)
    except (GoLiveError, OSError) as error:
        why = f"{str(error).splitlines()[0]}; run this cell again and it counts anew"
        return Beginning(run.clock.now(), "this very look"), why
    found = beginning(run.store.read())
    assert found is not None
    return found, ""
