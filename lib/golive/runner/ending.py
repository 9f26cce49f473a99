"""How a rehearsal ends: everybody back on stable, the run closed, guard and world gone."""

from __future__ import annotations

import asyncio
import time

from golive.adapters.guards import still_there
from golive.alone import send_back_alone
from golive.core.errors import Stopped
from golive.core.state import State
from golive.notebook import Desk
from golive.run import Run
from golive.runner.exits import Exit
from golive.runner.pages import Pages
from golive.runner.progress import say

ANSWER_WITHIN = 25.0
SETTLE_WITHIN = 15.0
GONE_WITHIN = 5.0
POLL = 0.2


class Ending:
    """Ends one run, however its pages ended."""

    def __init__(self, run: Run, desk: Desk, pages: Pages) -> None:
        self._run, self._desk, self._pages = run, desk, pages

    def finish(self, status: Exit, why: str) -> None:
        """Make traffic safe, write the incident's page, close the run, end guard and world.

        Raises:
            GoLiveError: If the record can't be written; guard and world are ended all the same.
        """
        try:
            state = self._run.state()
            if status is not Exit.COMPLETED and not state.closed and self._at_risk(state):
                say(f"ending    {why}: rolling back")
                asyncio.run(self._send_back(f"{status.result}: {why}"))
            state = self.settled()
            if state.rollback is not None and status in (Exit.ROLLED_BACK, Exit.HELD):
                self._pages.execute("91_incident")
            if not state.closed:
                self._desk.close_run(status.result, why)
        finally:
            self._desk.end()
            self._await_guards_exit()

    def _at_risk(self, state: State) -> bool:
        """Say whether visitors are, may be, or may yet come to be on the canary, and nobody rolls back.

        After the cutover of a real site they stay: then a person decides.
        """
        if state.cutover_at and not self._run.plan.own_world:
            return False
        asked = state.request is not None and state.request.name == "shift"
        return state.rollback is None and (state.canary_out or asked)

    def _await_guards_exit(self) -> None:
        """Return once the guards' processes have gone; one that goes on without a world and a runner is ended."""
        for process in still_there(self._run.folder.root, GONE_WITHIN):
            say(f"the guard did not end by itself: ended it (process {process.pid})")
            process.kill()

    def settled(self) -> State:
        """Give where the run stands once no rollback is under way any more."""
        until = time.monotonic() + SETTLE_WITHIN
        while True:
            state = self._run.state()
            if state.rollback is None or not state.rollback.open or time.monotonic() > until:
                return state
            time.sleep(POLL)

    async def _send_back(self, because: str) -> None:
        state = self._run.state()
        phase = state.phase.name if state.phase else ""
        try:
            rolling = self._desk.roll_back(because, phase, "the runner ends, and nobody would watch the canary")
            await asyncio.wait_for(rolling, ANSWER_WITHIN)
        except (TimeoutError, Stopped):
            by = "runner, the guard did not answer in time"
            tries = 3 if self._run.plan.own_world else 0
            await send_back_alone(self._run.folder, self._run, because, by, phase=phase, tries=tries)
