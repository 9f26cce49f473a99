"""Ask a run's guard for an act, and give what it answers: the one way through the guard."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, TypeVar

from golive.core.errors import Stopped, StoreUnavailable
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.core.state import State
from golive.run import Run

POLL = 0.1
ACT_DEADLINE = 45.0
RECORD_WITHIN = 2.0
Got = TypeVar("Got")


class GuardSilent(Stopped):
    """No guard has beaten for `guard_silent`, or none has begun in time, so none will answer."""


class Wait:
    """A wait for the guard, from the moment in which this is made."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self._since

    async def a_moment(self) -> None:
        """Wait a little."""
        await asyncio.sleep(POLL)

    def over(self) -> None:
        """End the wait."""


def unheard(intent: Entry) -> None:
    """Take no notice of what the guard has begun."""


async def ask(
    run: Run,
    request: dict[str, Any],
    phase: str,
    *,
    check: Callable[[State], None],
    then: str,
    wait: Callable[[Entry], Wait] = lambda asked: Wait(),
    begun: Callable[[Entry], None] = unheard,
    begins_within: float = math.inf,
) -> Entry:
    """Append a request and give the outcome's entry.

    Args:
        request: The entry's body; its `act` is what is asked for.
        check: Refuses under the record's lock what may not be asked for now.
        then: What to type when the guard is silent.
        wait: Gives the wait for the answer to that entry.
        begun: Hears the intent of the act, as soon as the guard has written it.
        begins_within: Seconds after which a guard that has not begun counts as silent.

    Raises:
        GuardSilent: If the guard has stopped beating, or has not begun in time.
        StoreUnavailable: If the record does not take the request in two seconds.
        Stopped: If it may not be asked for, or no outcome came in time.
    """
    act = str(request["act"])
    asked = await in_time(lambda: run.append(Kind.REQUEST, request, phase, lambda entries: check(fold(entries))))
    waiting, heard = wait(asked), False
    try:
        while waiting.seconds < ACT_DEADLINE:
            for entry in run.store.read(asked.seq):
                if _about(entry, asked, Kind.OUTCOME):
                    return entry
                if _about(entry, asked, Kind.INTENT) and not heard:
                    heard = True
                    begun(entry)
                if entry.kind is Kind.OUTCOME and entry.body["act"] == "rollback" and act != "rollback":
                    raise Stopped(f"the guard rolled back: {entry.body['because']}", "open 91_incident.ipynb")
            if run.guard_silent() if act == "rollback" else run.unguarded():
                raise GuardSilent("the guard is silent, so nobody acts on this", then)
            if not heard and waiting.seconds > begins_within:
                raise GuardSilent(f"no guard has begun in {begins_within:g} s", then)
            await waiting.a_moment()
    finally:
        waiting.over()
    raise Stopped(f"the guard did not answer within {ACT_DEADLINE:.0f} s", f"golive status {run.folder.name}")


async def in_time(call: Callable[[], Got]) -> Got:
    """Give what the record answers; StoreUnavailable when it keeps everybody waiting, since a rollback can't wait."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(call), RECORD_WITHIN)
    except TimeoutError:
        raise StoreUnavailable(f"the record did not answer in {RECORD_WITHIN:g} s\nNEXT     golive status") from None


def _about(entry: Entry, asked: Entry, kind: Kind) -> bool:
    """Say whether an entry of that kind answers a request; what a rollback cut off is answered by the rollback's."""
    return entry.kind is kind and entry.body.get("request") == asked.id and not entry.body.get("cut_off")
