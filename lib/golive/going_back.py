"""Send everybody of a run back to stable for a person who asks: through the guard, or without one when none answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from golive.alone import SentBack, doubts_of, send_back_alone
from golive.asking import GuardSilent, Wait, ask, in_time
from golive.core.errors import RecordBroken, StoreUnavailable
from golive.core.record import Entry
from golive.core.state import State
from golive.folders import RunFolder
from golive.opened_soon import OpenedSoon
from golive.pages.answer import Answer
from golive.pages.rollbacks import asked_once_more, begun_answer, moved_answer, rollback_answer
from golive.run import Run

BEGINS_WITHIN = 2.0
AGAIN = 'await go.rollback(because="the guard is silent")'
NO_REASON = Answer(
    "NOTHING DONE", "no reason was given, so nobody was moved", next='await go.rollback(because="what you saw")'
)


def untold(answer: Answer) -> None:
    """Wait for the end alone."""


async def go_back(
    run: Run,
    because: str,
    *,
    by: str,
    attended: bool,
    phase: str = "",
    even_though: str = "",
    wait: Callable[[Entry], Wait] = lambda asked: Wait(),
    moved: Callable[[Answer], None] = untold,
    begins_within: float = math.inf,
) -> Answer:
    """Send everybody of an open run back, and give what came of it once that was verified.

    What speaks against it is asked once more, and obeyed with `even_though`.

    Args:
        by: Who acts in place of a guard that does not answer, for the record.
        attended: Whether a person asks.
        moved: Hears what the router came to before it is verified, which takes some seconds more.
        begins_within: Seconds after which a guard that has not begun is no longer waited for.

    Raises:
        Stopped: If the guard has begun and does not end.
        GoLiveError: If no guard answers and nothing says where the run's router is.
    """
    if not because.strip():
        return NO_REASON
    try:
        state = await in_time(run.state)
        if (answer := stands_against(run, state, because, even_though)) is not None:
            return answer
        if run.guard_silent():
            raise GuardSilent("the guard is silent", AGAIN)
        request: dict[str, Any] = {"act": "rollback", "attended": attended, "because": because}
        request |= {"even_though": even_though} if even_though else {}
        await ask(
            run,
            request,
            phase,
            check=lambda _: None,
            then=AGAIN,
            wait=wait,
            begun=lambda intent: _begun(intent, moved),
            begins_within=begins_within,
        )
    except (GuardSilent, StoreUnavailable, RecordBroken):
        sent = await send_back_alone(
            run.folder, run, because, by, phase=phase, even_though=even_though, moved=lambda sent: _moved(sent, moved)
        )
        if sent.unrecorded:
            return sent.answer()
    act = run.state().rollback
    assert act is not None
    return rollback_answer(act)


async def go_back_now(
    folder: RunFolder,
    because: str,
    *,
    by: str,
    operator: str = "",
    even_though: str = "",
    moved: Callable[[Answer], None] = untold,
) -> Answer:
    """Send everybody of the run in `folder` back for a person who can't wait: whatever its record does, at once.

    `operator` is in whose name it is asked for, "" for the user's.

    Raises:
        GoLiveError: If nothing says where the run's router is.
    """
    if not because.strip():
        return NO_REASON
    opening = OpenedSoon(folder, operator)
    run, state = opening.soon(), opening.state
    if run is not None and state is not None:
        phase = state.phase.name if state.phase else ""
        return await go_back(
            run,
            because,
            by=by,
            attended=True,
            phase=phase,
            even_though=even_though,
            moved=moved,
            begins_within=BEGINS_WITHIN,
        )
    sent = await send_back_alone(
        folder,
        None,
        because,
        by,
        even_though=even_though,
        moved=lambda sent: _moved(sent, moved),
        later=opening.at_last,
    )
    return sent.answer(opening.trouble)


def stands_against(run: Run, state: State, because: str, even_though: str) -> Answer | None:
    """Give the answer that keeps a rollback from being begun: the run is closed, or a doubt is asked once more."""
    if state.closed:
        return Answer("NOTHING DONE", f"the run was closed as {state.closed}", next=f"golive status {state.run}")
    against = doubts_of(run, state)
    return asked_once_more(against, because) if against and not even_though.strip() else None


def _begun(intent: Entry, moved: Callable[[Answer], None]) -> None:
    """Pass on what the guard's first call of the router came to; a router that has not taken it is not waited for."""
    if intent.body.get("read_back") == 0.0:
        moved(begun_answer(intent.at))


def _moved(sent: SentBack, moved: Callable[[Answer], None]) -> None:
    moved(moved_answer(sent.rolled.done, sent.rolled.superseded, sent.rolled.seconds, sent.rolled.why))
