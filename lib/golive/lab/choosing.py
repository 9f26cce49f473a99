"""Which run is meant: the one that is named, the open one of the plan that is named, or a new one."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from golive import wiring
from golive.core.errors import GoLiveError, NameUnknown, Stopped
from golive.folders import RunFolder, find_run, project, runs_in, runs_root
from golive.plans import find, known
from golive.run import Run

RUN_NAME = re.compile(r"\d{8}T\d{6}Z-")


def chosen(name: str, runs: Path | None) -> Run | None:
    """Give the open run that is meant by the name of a run or a plan, or by ""; None when a new one is to be made.

    Raises:
        NameUnknown: If it is neither a run nor a plan; names the nearest.
        Stopped: If nothing or too much may be meant, or that run can't be gone on with here.
    """
    root = (runs or runs_root()).resolve()
    if "/" in name or (name and RunFolder(root / name).is_run) or RUN_NAME.match(name):
        run = wiring.open_run(find_run(name, runs).root.as_posix(), "")
        refuse(run)
        return run
    if name:
        _need_plan(name, root)
    going_on = [run for run in attended_runs(root) if name in ("", run.plan.name)]
    if len(going_on) > 1:
        names = ", ".join(run.folder.name for run in going_on)
        raise Stopped(f"several runs are open: {names}", f"golive open {going_on[-1].folder.name}, or another of them")
    if not going_on and not name:
        raise Stopped(f"no attended run is open in {root}", "golive open PLAN, for example golive open sandbox")
    if going_on:
        refuse(going_on[0])
    return going_on[0] if going_on else None


def attended_runs(root: Path) -> list[Run]:
    """Give the open runs of all phases that persons go through, oldest first; damaged ones are `golive status`'s."""
    found = []
    for folder in runs_in(root):
        try:
            run = wiring.open_run(str(folder.root), "")
            if run.state().attended and not run.state().closed:
                found.append(run)
        except GoLiveError:
            continue
    return found


def refuse(run: Run) -> None:
    """Raise Stopped, with why and what to do instead, when nobody can go on with a run here."""
    state, root = run.state(), run.folder.root
    if state.closed:
        sealed = (root / "SEAL").exists()
        then = f"open {root}/index.html in a browser; a new run: golive open {state.plan}"
        raise Stopped(
            f"{state.run} was closed as {state.closed} at {state.closed_at}",
            then if sealed else f"golive seal {root}, then {then}",
        )
    if state.alone:
        raise Stopped(f"{state.run} belongs to the page that has begun it by itself", f"golive status {state.run}")
    if state.unattended:
        raise Stopped(f"{state.run} is a rehearsal, which its runner conducts", f"golive status {state.run}")
    if run.plan.own_world and state.host != socket.gethostname():
        raise Stopped(
            f"{state.run} was begun on {state.host}, and its {run.plan.world.driver} is there, not on "
            f"{socket.gethostname()}",
            f"on {state.host}: golive open {state.run}",
        )


def _need_plan(name: str, root: Path) -> None:
    try:
        find(name, project())
    except NameUnknown:
        runs = [run.folder.name for run in attended_runs(root)]
        raise NameUnknown("plan or open run", name, [*known(project()), *runs]) from None
