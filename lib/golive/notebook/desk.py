"""What every page has: the run, who is at it, and how acts are asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from golive import wiring
from golive.adapters.presence import Presence, hold
from golive.alone import send_back_alone
from golive.core.errors import RecordBroken, Stopped, StoreUnavailable
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.core.state import State
from golive.notebook.attended import attended
from golive.notebook.view import View
from golive.pages import tables
from golive.pages.answer import Answer
from golive.pages.words import span
from golive.run import Run

POLL = 0.1
NO_GUARD = "operator, no guard answered"
ACT_DEADLINE = 45.0
GONE_DEADLINE = 12.0
PATIENCE = 1.5  # seconds that a person waits before the page says what it waits for


class GuardSilent(Stopped):
    """The guard has not beaten for `guard_silent`, so it won't answer."""


class Desk:
    """A run, and the one who operates it from this process."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.presence: Presence = hold(run.folder.operators, run.who.name)

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
        asked = self.run.append(
            Kind.REQUEST, {"act": act, "attended": attended(), **body}, phase, lambda entries: check(fold(entries))
        )
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
            if self.guard_silent():
                waiting.over()
                raise GuardSilent("the guard is silent, so nobody acts on this", self.revive())
            await waiting.a_moment()
        waiting.over()
        raise Stopped(f"the guard did not answer within {ACT_DEADLINE:.0f} s", f"golive status {self.run.folder.name}")

    async def roll_back(self, because: str, phase: str) -> Answer:
        """Send everybody back to stable, through the guard, or without one when none answers."""
        self.presence.touch()
        if not because.strip():
            return Answer(
                "NOTHING DONE",
                "no reason was given, so nobody was moved",
                next='await go.rollback(because="what you saw")',
            )
        try:
            state = self.state
            if state.closed:
                return Answer(
                    "NOTHING DONE", f"the run was closed as {state.closed}", next=f"golive status {state.run}"
                )
            if self.guard_silent():
                raise GuardSilent("the guard is silent", self.revive())
            await self.ask("rollback", {"because": because}, phase, lambda _: None)
        except (GuardSilent, StoreUnavailable, RecordBroken):
            sent = await send_back_alone(self.run.folder, self.run, because, NO_GUARD, phase=phase)
            if sent.unrecorded:
                return tables.unrecorded_rollback(sent.rolled.done, sent.rolled.why, sent.unrecorded)
        act = self.state.rollback
        assert act is not None
        return tables.rollback_answer(act)

    def guard_silent(self) -> bool:
        """Say whether the guard has not beaten for `guard_silent`."""
        return self.run.guard_silent()

    def revive(self) -> str:
        """Give what to type when the guard is silent."""
        return 'await go.rollback(because="the guard is silent")'

    def close_run(self, result: str, why: str) -> None:
        """Close the run and return once its guard and world are gone."""
        self.run.append(Kind.RUN_CLOSED, {"result": result, "why": why}, "", _not_closed)
        self.end()

    def end(self) -> None:
        """Wait for the guard to go, then end the world."""
        until = time.monotonic() + GONE_DEADLINE
        while time.monotonic() < until and not self.guard_silent():
            guard = self.state.guard
            if guard is None or guard.stopped:
                break
            time.sleep(0.05)
        if self.run.plan.own_world:
            wiring.world(self.run).stop()
        self.presence.release()


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
