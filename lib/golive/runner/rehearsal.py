"""A rehearsal: every page in order, each judged by the record, and one end for all ways to end."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from golive.core.errors import GoLiveError
from golive.core.moments import moment_of
from golive.core.plan import Phase
from golive.core.record import Kind
from golive.core.state import State
from golive.faults import FaultSetter
from golive.notebook import Desk
from golive.run import Run
from golive.runner.ahead import ahead
from golive.runner.ending import Ending
from golive.runner.exits import Exit
from golive.runner.pages import Pages
from golive.runner.progress import phase_line, redrawn, say, standing
from golive.runner.signals import Signals
from golive.runner.spare import Spare
from golive.start import Start

if TYPE_CHECKING:
    from golive.execution.pages import PageResult

POLL = 0.2


class Rehearsal:
    """One run, conducted by this process."""

    def __init__(self, run: Run, start: Start, faults: FaultSetter, signals: Signals) -> None:
        self.run, self.start, self.faults, self.signals = run, start, faults, signals
        self.desk = Desk(run)
        self.spare = Spare(run.folder.logs / "kernels.log")
        self.pages = Pages(run, self.spare, signals)
        self.ending = Ending(run, self.desk, self.pages)

    def conduct(self) -> Exit:
        """Execute what is left of the plan, end the run, seal it, and say how it ended."""
        closed = self.run.state().closed
        if closed:
            self.desk.end()
            return self._sealed(Exit.of(closed))
        status, why = Exit.ERROR, "the rehearsal did not end by itself"
        try:
            try:
                status, why = self._phases()
            except GoLiveError as error:
                status, why = Exit.ERROR, str(error).splitlines()[0]
            finally:
                self.ending.finish(status, why)
        finally:
            self.spare.close()
        return self._sealed(status)

    def _phases(self) -> tuple[Exit, str]:
        start = self.start
        with redrawn(lambda: f"world: starting, {start.seconds:.0f} s"), ahead(_now, self._make_first_ready):
            start.await_world()
            if self.signals.came is not None:
                return self.signals.came
            start.await_guard()
        self.desk.watch_over()
        say(f"world     up in {start.seconds:.1f} s, the guard watches")
        for phase in self.run.plan.phases:
            if self.signals.came is not None:
                return self.signals.came
            if self.run.state().named(phase.name).over:
                continue
            with self.faults.during(phase), redrawn(lambda: standing(self.run, phase)):  # noqa: B023  over by then
                with ahead(lambda: self._quiet(phase), self._make_ready):  # noqa: B023
                    result = self.pages.execute(phase.notebook, phase)
                if not result.complete and "Stopped" not in result.error:
                    self._await_guard(phase)
            ended = self._judged(phase, result)
            if ended is not None:
                return ended
        return Exit.COMPLETED, "all phases are closed"

    def _quiet(self, phase: Phase) -> bool:
        """Say whether a phase has come to its soak, so that what comes next may be made ready beside it."""
        here = self.run.state().named(phase.name)
        if phase is self.run.plan.phases[-1]:
            return False
        if here.shifts:  # so most of the work falls into `settle`, where latency is not judged
            return here.shift is not None and here.shift.done
        return bool(here.opened_at)

    def _make_first_ready(self) -> None:
        """Start the first page's kernel, and import what executes pages."""
        self.spare.make()
        importlib.import_module("golive.execution.pages")

    def _make_ready(self) -> None:
        """Start the next page's kernel, and import what seals: each takes a second or two."""
        self.spare.make()
        importlib.import_module("golive.sealing")
        importlib.import_module("nbconvert")

    def _judged(self, phase: Phase, result: PageResult) -> tuple[Exit, str] | None:
        """Say how a phase ended, and with it the rehearsal; None when the next phase may begin."""
        state = self.ending.settled()
        here = state.named(phase.name)
        say(phase_line(self.run, phase, state, result.seconds))
        if self.signals.came is not None:
            return self.signals.came
        if state.rollback is not None:
            return Exit.ROLLED_BACK, str(state.rollback.detail.get("because", ""))
        if result.complete and here.closed_at and here.decision and here.decision.choice == "proceed":
            return None
        why = result.error.replace("\n", " ")[:300] or result.why
        if "Stopped" in result.error or (here.decision and here.decision.choice == "hold"):
            return Exit.HELD, here.decision.because if here.decision else why
        return Exit.ERROR, why

    def _await_guard(self, phase: Phase) -> None:
        """Let the guard end its soak: a dead page changes nothing about what it sees and does."""
        longest = phase.soak + self.run.plan.judging.hold_up_to
        until = time.monotonic() + longest.total_seconds()
        while time.monotonic() < until and self.signals.came is None and not self.desk.guard_silent():
            state = self.run.state()
            shift = state.named(phase.name).shift
            if state.rollback is not None or shift is None or not shift.done:
                return
            shifted = moment_of(shift.ended_at, shift.detail.get("moment"))
            if self.run.clock.moment().since(shifted) > phase.soak.total_seconds():
                return
            time.sleep(POLL)

    def _sealed(self, status: Exit) -> Exit:
        say("sealing   pages, charts and manifest")
        try:
            head = self._seal()
        except (GoLiveError, OSError) as error:
            say(f"NOT SEALED  {error}\nNEXT      golive seal {self.run.folder.root}")
            return status or Exit.ERROR
        entries = self.run.store.read()
        why = next((e.body["why"] for e in reversed(entries) if e.kind is Kind.RUN_CLOSED), "")
        lines: Sequence[str] = (
            f"{self._closed_as(self.run.state())}  {why}",
            f"archive   {self.run.folder.root}/index.html",
            *([f"head      {head}"] if head else []),
            f"NEXT      golive verify {self.run.folder.root}",
        )
        for line in lines:
            say(line)
        return status

    def _seal(self) -> str:
        from golive.sealing import seal_run

        return "" if (self.run.folder.root / "SEAL").exists() else seal_run(self.run).head

    def _closed_as(self, state: State) -> str:
        return state.closed.upper() or "OPEN"


def _now() -> bool:
    return True
