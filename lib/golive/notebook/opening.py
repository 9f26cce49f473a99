"""Open a page: on a run that is named or goes on, or on a rehearsal of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from golive import rescue, wiring
from golive.core.errors import NameUnknown, PlanError, RecordBroken, Stopped, StoreUnavailable
from golive.core.plan import PhaseKind
from golive.core.record import Kind
from golive.notebook.attended import attended, own_page
from golive.notebook.bare import Bare
from golive.notebook.closing import refuse_ended
from golive.notebook.emergency import Emergency
from golive.notebook.page import Page
from golive.open_runs import elsewhere, newest_closed, open_runs
from golive.run import Run
from golive.start import Start

AGAIN = "correct the cell with the parameters, run it, then run this cell again"


def open_phase(plan: str = "sandbox", phase: str = "canary-25", run: str = "", operator: str = "") -> Page:
    """Give the page of one phase: of the run named, of the one that this page has begun, else of a new rehearsal.

    Raises:
        NameUnknown, PlanError: Before anything has started.
        Stopped: If the record says that this phase may not be opened now.
    """
    with _next_said():
        name = run or _begun_here(plan, phase)
        if name:
            opened = wiring.open_run(name, operator)
            refuse_ended(opened)
            return Page(opened, phase).watch_over()
        made = _make(plan, phase, operator)
        start_world_and_guard(made)
        return Page(made, phase).watch_over()


def open_rollback(plan: str = "sandbox", run: str = "", operator: str = "") -> Emergency:
    """Give the emergency page: of the run named (or of a router's file: `….json`), else of the only open one.

    Makes no world while a run may be open; only an unattended kernel that finds none rehearses.
    """
    with _next_said():
        found = [] if run else open_runs()
        others = [] if run else elsewhere(found)
        if not run and not found:
            found = [other for other in others if attended() or not other.rehearsal]
        if len(found) > 1:
            raise Stopped(
                f"several runs are open: {', '.join(map(str, found))}",
                f'run = "{found[-1].name}" in the cell with the parameters, or another of them; then run both cells',
            )
        if run.endswith(".json"):
            bare = Bare(rescue.kit_named(run), None, "no run was named")
            return Emergency(None, "ROUTER", bare=bare)
        if run or found:
            name = run or found[0].name
            also = [other.name for other in others if other not in found]
            try:
                return Emergency(wiring.open_run(name, operator), "OPEN RUN", also).watch_over()
            except (RecordBroken, StoreUnavailable, OSError) as error:
                folder = rescue.folder_of(name)
                bare = Bare(rescue.kit_of(folder), folder, str(error).splitlines()[0])
                return Emergency(None, "DAMAGED RUN", also, bare=bare)
        if attended():
            return Emergency(None, "NOTHING IS OPEN HERE", newest=newest_closed())
        made = _make(plan, "", operator)
        start_world_and_guard(made)
        return Emergency(made, "SANDBOX").watch_over()


open_incident = open_rollback


def start_world_and_guard(run: Run) -> None:
    """Start the run's world and its guard, and return once the guard watches."""
    start = Start(run)
    start.begin()
    start.await_world()
    start.await_guard()


def _make(plan: str, phase: str, operator: str) -> Run:
    """Make a rehearsal whose phases before `phase` (before the cutover's end when "") are assumed."""
    loaded = wiring.plan_named(plan)
    if phase:
        names = [p.name for p in loaded.phases]
        if phase not in names:
            raise NameUnknown("phase", phase, names)
        before = names[: names.index(phase)]
    else:
        before = [p.name for p in loaded.phases if p.kind in (PhaseKind.PREFLIGHT, PhaseKind.CANARY)]
    run = wiring.make_run(plan, operator, alone=True, unattended=not attended(), page=own_page())
    for name in before:
        run.append(Kind.PHASE_ASSUMED, {"why": "this page was opened by itself; nothing was proven here"}, name)
    return run


def _begun_here(plan: str, phase: str) -> str:
    """Give the open rehearsal that a person has begun on this very page, "" for none.

    A restarted kernel, and a first cell that is run twice, go on with it instead of making another.
    """
    page = own_page()
    if not page:
        return ""
    mine = [found for found in open_runs() if found.begun_on == (page, plan, phase)]
    return mine[-1].name if mine else ""


@contextlib.contextmanager
def _next_said() -> Iterator[None]:
    """Let a wrong name or plan be shown like every other stop: why, and what to do next."""
    try:
        yield
    except (NameUnknown, PlanError) as error:
        error.args = (f"STOPPED  {error}\nNEXT     {AGAIN}",)
        raise
