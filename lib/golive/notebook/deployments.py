"""What a person asks the guard to do to a deployment: its name once more, and a reason."""

from __future__ import annotations

from collections.abc import Callable

from golive.core.errors import Stopped
from golive.core.order import Step
from golive.core.state import State
from golive.notebook.desk import Desk
from golive.pages.answer import Answer
from golive.pages.words import clock

WHAT = {Step.TAG: "the tag", Step.PROMOTE: "the deployment's id", Step.ALIAS: "the domain"}


async def carry_out(
    desk: Desk, step: Step, name: str, because: str, phase: str, check: Callable[[State], None], **said: bool
) -> Answer:
    """Ask the guard for one of the named acts and give what came of it.

    Args:
        check: Refuses under the record's lock what may not happen now.
        said: `attended`, where a person has asked otherwise than in a notebook.

    Raises:
        Stopped: If the name or the reason is missing, it may not happen, or it did not.
    """
    typed = f'await go.{step}("{name or "NAME"}", because="why")'
    if not name.strip():
        raise Stopped(f"{WHAT[step]} was not named, so nothing was done", typed)
    if not any(letter.isalnum() for letter in because):
        raise Stopped("no reason was given in words, so nothing was done", typed)
    ended = await desk.ask(step, {"name": name, "because": because, **said}, phase, check)
    if ended.body["result"] != "done":
        raise Stopped(f"{step} {name}: {ended.body['result']}: {ended.body['seen']}", "mend what it says, then again")
    facts = [("because", because), ("signed", desk.run.who.name)]
    return Answer("DONE", f"{step} at {clock(ended.at)}: {ended.body['seen']}", facts, next="the next cell")
