"""What every page has: the run, who is at it, and how acts are asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

from golive import wiring
from golive.adapters.guards import still_there
from golive.adapters.presence import Presence, hold
from golive.alone import doubts_of, send_back_alone
from golive.core.errors import RecordBroken, Stopped, StoreUnavailable
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.core.state import State
from golive.notebook.attended import attended
from golive.notebook.view import View
from golive.pages import rollbacks
from golive.pages.answer import Answer
from golive.pages.words import span
from golive.run import Run
from golive.watchman import watch

POLL = 0.1
NO_GUARD = "operator, no guard answered"
ACT_DEADLINE = 45.0
GONE_DEADLINE, EXIT_WITHIN = 12.0, 5.0
RECORD_WITHIN = 2.0
PATIENCE = 1.5  # seconds that a person waits before the page says what it waits for


Got = TypeVar("Got")


class GuardSilent(Stopped):
    """No guard has beaten for `guard_silent`, so none will answer."""


class Desk:
    """A run, and the one who operates it from this process."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.presence: Presence = hold(run.folder.operators, run.who.name)

    def watch_over(self) -> Self:
        """Look after the run's guards from this process, for as long as this desk is used and the run is open."""
        watch(self.run, self)
        return self

    @property
    def state(self) -> State:
        """Where the run stands now."""
        return self.run.state()

    async def ask(self, act: str, body: dict[str, Any], phase: str, check: Callable[[State], None]) -> Entry:
        """Ask the guard for an act and give the outcome's entry.

        Raises:
            GuardSilent: If the guard has stopped beating.
            Stopped: If it may not be asked for, or no outcome came in time.
        """
        self.presence.touch()
        request = {"act": act, "attended": attended(), **body}
        asked = await _soon(lambda: self.run.append(Kind.REQUEST, request, phase, lambda entries: check(fold(entries))))
        waiting = Waiting(f"asked the guard to {act}, entry {asked.seq}")
        while waiting.seconds < ACT_DEADLINE:
            for entry in self.run.store.read(asked.seq):
                if (
                    entry.kind is Kind.OUTCOME
                    and entry.body.get("request") == asked.id
                    and not entry.body.get("cut_off")
                ):
                    waiting.over()
                    return entry
                if entry.kind is Kind.OUTCOME and entry.body["act"] == "rollback" and act != "rollback":
                    waiting.over()
                    raise Stopped(f"the guard rolled back: {entry.body['because']}", "open 91_incident.ipynb")
            if self.guard_silent() if act == "rollback" else self.run.unguarded():
                waiting.over()
                raise GuardSilent("the guard is silent, so nobody acts on this", self.revive())
            await waiting.a_moment()
        waiting.over()
        raise Stopped(f"the guard did not answer within {ACT_DEADLINE:.0f} s", f"golive status {self.run.folder.name}")

    async def roll_back(self, because: str, phase: str, even_though: str = "") -> Answer:
        """Send everybody back to stable, through the guard, or without one when none answers.

        What speaks against it is asked once more, and obeyed with `even_though`.
        """
        self.presence.touch()
        if not because.strip():
            return Answer(
                "NOTHING DONE",
                "no reason was given, so nobody was moved",
                next='await go.rollback(because="what you saw")',
            )
        try:
            state = await _soon(self.run.state)
            if state.closed:
                return Answer(
                    "NOTHING DONE", f"the run was closed as {state.closed}", next=f"golive status {state.run}"
                )
            against = doubts_of(self.run, state)
            if against and not even_though.strip():
                return rollbacks.asked_once_more(against, because)
            if self.guard_silent():
                raise GuardSilent("the guard is silent", self.revive())
            body = {"because": because, "even_though": even_though} if even_though else {"because": because}
            await self.ask("rollback", body, phase, lambda _: None)
        except (GuardSilent, StoreUnavailable, RecordBroken):
            sent = await send_back_alone(
                self.run.folder, self.run, because, NO_GUARD, phase=phase, even_though=even_though
            )
            if sent.unrecorded:
                return sent.answer()
        act = self.state.rollback
        assert act is not None
        return rollbacks.rollback_answer(act)

    def guard_silent(self) -> bool:
        """Say whether nobody acts now, though somebody who stands by may yet."""
        return self.run.guard_silent()

    def revive(self) -> str:
        """Give what to type when the guard is silent."""
        return 'await go.rollback(because="the guard is silent")'

    def close_run(self, result: str, why: str) -> None:
        """Close the run and return once its guard and world are gone."""
        self.run.append(Kind.RUN_CLOSED, {"result": result, "why": why}, "", _not_closed)
        self.end()

    def end(self) -> None:
        """Wait for the guards to go, then end the world."""
        until = time.monotonic() + GONE_DEADLINE
        while time.monotonic() < until and self.state.guard is not None and not self.run.unguarded():
            time.sleep(0.05)
        still_there(self.run.folder.root, EXIT_WITHIN)
        if self.run.plan.own_world:
            wiring.world(self.run).stop()
        self.presence.release()


async def _soon(call: Callable[[], Got]) -> Got:
    """Give what the record answers; StoreUnavailable when it keeps everybody waiting, since a rollback can't wait."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(call), RECORD_WITHIN)
    except TimeoutError:
        raise StoreUnavailable(f"the record did not answer in {RECORD_WITHIN:g} s\nNEXT     golive status") from None


class Waiting:
    """Says, in one line that makes way for the answer, what is waited for and since when."""

    def __init__(self, what: str) -> None:
        self._what, self._since, self._view = what, time.monotonic(), View()

    @property
    def seconds(self) -> float:
        """How long the wait has lasted."""
        return time.monotonic() - self._since

    async def a_moment(self) -> None:
        """Wait a little."""
        if self.seconds > PATIENCE and attended():
            self._view.show(Answer("WAITING", f"{self._what}; {span(self.seconds)} so far"))
        await asyncio.sleep(POLL)

    def over(self) -> None:
        """Make way for what follows."""
        self._view.make_way()


def _answers(outcome: Entry, asked: Entry) -> bool:
    """Say whether an outcome answers a request; one that a rollback cut off is answered by the rollback's."""
    return outcome.body.get("request") == asked.id and not outcome.body.get("cut_off")


def _not_closed(entries: Sequence[Entry]) -> None:
    state = fold(entries)
    if state.closed:
        raise Stopped(f"the run was closed as {state.closed}", f"golive verify {state.run}")
