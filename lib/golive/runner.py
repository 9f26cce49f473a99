"""Run a whole plan: papermill executes its pages in order, and the record says what is done."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from types import FrameType

import psutil

from golive import wiring
from golive.archive.seal import Sealed, seal
from golive.core.errors import GoLiveError, NameUnknown, PlanError
from golive.core.plan import Phase
from golive.core.record import Kind
from golive.core.state import Act, State
from golive.execution.pages import PageResult, execute_page, template_sha256
from golive.faults import FaultSetter, parse_fault
from golive.folders import RUNS_VARIABLE, project, runs_root
from golive.notebook import Desk, start_world_and_guard
from golive.pages.words import percent, span
from golive.plans import load, notebook
from golive.wiring import Run


class Exit(IntEnum):
    """Exit statuses."""

    COMPLETED = 0
    ERROR = 1
    USAGE = 2
    ROLLED_BACK = 3
    HELD = 4
    INTERRUPTED = 130
    TERMINATED = 143


RESULTS = {Exit.COMPLETED: "completed", Exit.ROLLED_BACK: "rolled-back", Exit.HELD: "held", Exit.ERROR: "error"}
SIGNALS = {
    signal.SIGINT: (Exit.INTERRUPTED, "ended by SIGINT"),
    signal.SIGTERM: (Exit.TERMINATED, "ended by SIGTERM"),
}


@dataclass(frozen=True)
class Asked:
    """What a rehearsal was asked to be. `faults` are texts such as `errors@3`."""

    plan: str = "sandbox"
    operator: str = "rehearsal"
    faults: Sequence[str] = ()
    true_limits: bool = False
    runs: Path | None = None


def rehearse(asked: Asked) -> Exit:
    """Rehearse a plan on the world that it brings, archive it, and say how it ended.

    Raises:
        GoLiveError: For bad input, before anything has started.
    """
    faults = [parse_fault(text) for text in asked.faults]
    os.environ[RUNS_VARIABLE] = str((asked.runs or runs_root()).resolve())  # kernels find the run by its name
    plan, _ = load(asked.plan, project())
    wiring.check_drivers(plan)
    if plan.world == "none":
        raise PlanError(f"plan {asked.plan} brings no world of its own, so it can't be rehearsed unattended")
    for number, fault in faults:
        if not any(phase.notebook.startswith(f"{number:02}_") for phase in plan.phases):
            raise NameUnknown("phase", f"{fault}@{number}", [p.notebook[:2] for p in plan.phases])
    run = wiring.make_run(asked.plan, asked.operator, unattended=True, true_limits=asked.true_limits, runs=asked.runs)
    _say(f"run       {run.folder.root}")
    return _Rehearsal(run, FaultSetter(run, faults)).conduct()


def resume(name: str, runs: Path | None = None) -> Exit:
    """Go on with a run whose runner has died: from the record, after reading the real split."""
    run = wiring.open_run(name, "resume", runs)
    os.environ[RUNS_VARIABLE] = str(run.folder.root.parent)
    state = run.state()
    if state.closed:
        _say(f"the run was closed as {state.closed}")
        return _ended(run, seal_run(run) if not (run.folder.root / "SEAL").exists() else None, state)
    return _Rehearsal(run, FaultSetter(run, ())).conduct()


class _Rehearsal:
    def __init__(self, run: Run, faults: FaultSetter) -> None:
        self.run, self.faults = run, faults
        self.desk = Desk(run)
        self.ended: tuple[Exit, str] | None = None

    def conduct(self) -> Exit:
        status, why = Exit.ERROR, "the rehearsal did not end by itself"
        with _signals(self._end_by):
            try:
                status, why = self._phases()
            except GoLiveError as error:
                status, why = Exit.ERROR, str(error).splitlines()[0]
            finally:
                sealed = self._finish(status, why)
        return _ended(self.run, sealed, self.run.state(), status)

    def _end_by(self, number: int) -> None:
        """End the page that runs by ending its kernel, so that its file tells the truth."""
        self.ended = SIGNALS[signal.Signals(number)]
        for child in psutil.Process().children():
            if "ipykernel_launcher" in " ".join(child.cmdline()):
                child.kill()

    def _phases(self) -> tuple[Exit, str]:
        begun = time.monotonic()
        if self.run.book.last_look() is None or self.desk.guard_silent():
            start_world_and_guard(self.run) if not self.run.folder.world.exists() else wiring.launch_guard(self.run)
        (self.run.folder.work / "ROLLBACK.txt").write_text(_by_hand(self.run))
        _say(f"world     up in {time.monotonic() - begun:.1f} s, the guard watches")
        for phase in self.run.plan.phases:
            if self.ended is not None:
                return self.ended
            if self.run.state().named(phase.name).over:
                continue
            result = self._page(phase)
            ended = self._judge_page(phase, result)
            if ended is not None:
                return ended
        return Exit.COMPLETED, "all phases are closed"

    def _page(self, phase: Phase) -> PageResult:
        template = notebook(phase.notebook)
        parameters = {
            "plan": self.run.plan.name,
            "phase": phase.name,
            "run": self.run.folder.name,
            "operator": self.run.who.name,
        }
        output = self.run.folder.pages / f"{phase.notebook}.ipynb"
        with self.faults.during(phase), _progress(self.run, phase):
            result = execute_page(template, output, parameters)
        body = {
            "notebook": phase.notebook,
            "sha256": result.sha256,
            "template_sha256": template_sha256(template),
            "complete": result.complete,
            "why": result.why,
            "cells": result.cells,
            "executed": result.executed,
        }
        self.run.append(Kind.PAGE, body, phase.name)
        return result

    def _judge_page(self, phase: Phase, result: PageResult) -> tuple[Exit, str] | None:
        if not result.complete and "Stopped" not in result.error and self.ended is None:
            self._await_guard(phase)
        state = self._settled_state()
        here = state.named(phase.name)
        word = here.judged.word if here.judged else ""
        _say(f"{phase.title:<24}{percent(state.split):>9}  {span(result.seconds):>6}  {word}")
        if self.ended is not None:
            return self.ended
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
        while time.monotonic() < until and self.ended is None and not self.desk.guard_silent():
            state = self.run.state()
            here = state.named(phase.name)
            shifted = here.shift is not None and here.shift.done
            if state.rollback is not None or not shifted or self._soak_over(here.shift, phase):
                return
            time.sleep(0.2)

    def _soak_over(self, shift: Act | None, phase: Phase) -> bool:
        assert shift is not None
        age = self.run.clock.now() - datetime.fromisoformat(shift.ended_at)
        return age > phase.soak

    def _settled_state(self) -> State:
        until = time.monotonic() + 15
        while True:
            state = self.run.state()
            if state.rollback is None or not state.rollback.open or time.monotonic() > until:
                return state
            time.sleep(0.2)

    def _finish(self, status: Exit, why: str) -> Sealed | None:
        state = self.run.state()
        if state.run and not state.closed and status is not Exit.COMPLETED and state.rollback is None:
            self._send_back(f"{RESULTS.get(status, 'interrupted')}: {why}")
        state = self._settled_state()
        if state.rollback is not None and status in (Exit.ROLLED_BACK, Exit.HELD):
            self._incident()
        if not state.closed:
            self.desk.close_run(RESULTS.get(status, "interrupted"), why)
        else:
            self.desk.end()
        return seal_run(self.run)

    def _send_back(self, because: str) -> None:
        import asyncio

        state = self.run.state()
        if not state.canary_out:
            return
        asyncio.run(self.desk.roll_back(because, state.phase.name if state.phase else ""))

    def _incident(self) -> None:
        template = notebook("91_incident")
        parameters = {"plan": self.run.plan.name, "run": self.run.folder.name, "operator": self.run.who.name}
        result = execute_page(template, self.run.folder.pages / "91_incident.ipynb", parameters)
        body = {"notebook": "91_incident", "sha256": result.sha256, "template_sha256": template_sha256(template)}
        counts = {"complete": result.complete, "why": result.why, "cells": result.cells, "executed": result.executed}
        self.run.append(Kind.PAGE, {**body, **counts})


def seal_run(run: Run) -> Sealed:
    """Seal a run's archive.

    Raises:
        ArchiveBroken: If it is sealed already.
    """
    from golive.adapters.stores.late import LateBox
    from golive.pages.report import index_html

    LateBox(run.folder.late).take_in(run.store)
    entries, samples = run.store.read(), run.book.samples()
    state = run.state()

    def index(pages: Sequence[tuple[str, str]]) -> str:
        return index_html(state=state, entries=entries, samples=samples, criteria=run.plan.criteria, pages=pages)

    return seal(run.folder, entries=entries, samples=samples, index_html=index)


def _ended(run: Run, sealed: Sealed | None, state: State, status: Exit | None = None) -> Exit:
    known = {word: exit_ for exit_, word in RESULTS.items()}
    ended = status if status is not None else known.get(state.closed, Exit.ERROR)
    why = next((e.body["why"] for e in reversed(run.store.read()) if e.kind is Kind.RUN_CLOSED), "")
    _say(f"{state.closed.upper() or 'OPEN'}  {why}")
    _say(f"archive   {run.folder.root}/index.html")
    if sealed is not None:
        _say(f"head      {sealed.head}")
    _say(f"NEXT      golive verify {run.folder.root}")
    return ended


def _by_hand(run: Run) -> str:
    return (
        f"Send every visitor of {run.plan.site.name} back to stable, without golive:\n\n"
        f"    {wiring.router(run).by_hand()}\n\n"
        "The answer must show a share of 0. This moves visitors only; it undoes no data.\n"
    )


@contextlib.contextmanager
def _progress(run: Run, phase: Phase) -> Iterator[None]:
    """Show where a phase stands on a terminal, once a second."""
    over = threading.Event()

    def show() -> None:
        while not over.wait(1.0):
            look = run.book.last_look()
            verdict = (look.body.get("verdict") if look else None) or {}
            left, requests = verdict.get("soak_left"), look.body.get("canary_requests") if look else 0
            sys.stderr.write(f"\r{phase.title}: {span(left)} of soak left, {requests} canary requests seen   ")
            sys.stderr.flush()
        sys.stderr.write("\r" + " " * 78 + "\r")

    thread = threading.Thread(target=show, daemon=True)
    if sys.stderr.isatty():
        thread.start()
    try:
        yield
    finally:
        over.set()
        if thread.is_alive():
            thread.join()


@contextlib.contextmanager
def _signals(end: Callable[[int], None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the rehearsal tidily, however often they come."""

    def handle(number: int, frame: FrameType | None) -> None:
        end(number)

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
