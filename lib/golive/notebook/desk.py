"""What every page has: the run, who is at it, and how acts are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from golive import wiring
from golive.adapters.guards import still_there
from golive.adapters.presence import Presence, hold
from golive.asking import Wait, ask
from golive.core.errors import Stopped
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.core.state import State
from golive.going_back import go_back
from golive.notebook.attended import attended
from golive.notebook.view import View
from golive.pages.answer import Answer
from golive.pages.words import span
from golive.run import Run
from golive.watchman import watch

NO_GUARD = "operator, no guard answered"
GONE_DEADLINE, EXIT_WITHIN = 12.0, 5.0
PATIENCE = 1.5  # seconds that a person waits before the page says what it waits for


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
        return await ask(self.run, request, phase, check=check, then=self.revive(), wait=_waiting(act))

    async def roll_back(self, because: str, phase: str, even_though: str = "") -> Answer:
        """Send everybody back to stable, through the guard, or without one when none answers.

        What speaks against it is asked once more, and obeyed with `even_though`.
        """
        self.presence.touch()
        return await go_back(
            self.run,
            because,
            by=NO_GUARD,
            attended=attended(),
            phase=phase,
            even_though=even_though,
            wait=_waiting("rollback"),
        )

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


class Waiting(Wait):
    """Says, in one line that makes way for the answer, what is waited for and since when."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what, self._view = what, View()

    async def a_moment(self) -> None:
        """Wait a little."""
        if self.seconds > PATIENCE and attended():
            self._view.show(Answer("WAITING", f"{self._what}; {span(self.seconds)} so far"))
        await super().a_moment()

    def over(self) -> None:
        """Make way for what follows."""
        self._view.make_way()


def _waiting(act: str) -> Callable[[Entry], Waiting]:
    return lambda asked: Waiting(f"asked the guard to {act}, entry {asked.seq}")


def _not_closed(entries: Sequence[Entry]) -> None:
    state = fold(entries)
    if state.closed:
        raise Stopped(f"the run was closed as {state.closed}", f"golive verify {state.run}")
