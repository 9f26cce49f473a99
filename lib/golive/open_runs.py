"""Which runs are open: in the project's `runs/`, and by the guards that live on this host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from golive import wiring
from golive.adapters.guards import guarded
from golive.core.errors import GoLiveError
from golive.core.record import Kind
from golive.folders import runs_in, runs_root
from golive.pages.words import percent


@dataclass(frozen=True)
class Found:
    """A run that is open, or whose record can't say whether it is.

    Attributes:
        name: What to type for it: its name, or its path when it lies outside the project's runs.
        trouble: Why its record could not be read, "" when it could.
        rehearsal: Whether it brings its own world, so that no visitor of a real site is on it.
        split: The share that its record last saw done, 0 to 1; None when that is not known.
        begun_on: Notebook, plan and phase of the page that made the run by itself; empty texts otherwise.
    """

    name: str
    root: Path
    trouble: str = ""
    rehearsal: bool = False
    begun_on: tuple[str, str, str] = ("", "", "")
    split: float | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.trouble or f'{percent(self.split)} on the canary'})"


def open_runs(root: Path | None = None) -> list[Found]:
    """Give the open runs of the project (or of `root`), oldest first.

    A run with a damaged record counts as open while its guard lives; without one it is no more than a folder.
    """
    where = (root or runs_root()).resolve()
    alive = guarded()
    found = []
    for folder in runs_in(where):
        one = look(folder.root)
        if one is not None and (not one.trouble or one.root in alive):
            found.append(one)
    return found


def elsewhere(known: Sequence[Found]) -> list[Found]:
    """Give the open runs whose guards live on this host and that are not among those `known`."""
    roots = [path for path in guarded() if path not in {one.root for one in known}]
    found = [look(root) for root in roots]
    return [replace(one, name=str(one.root)) for one in found if one is not None]


def look(root: Path) -> Found | None:
    """Give the run in the folder `root`, None when it was closed."""
    try:
        run = wiring.open_run(str(root), "")
    except GoLiveError as error:
        return Found(root.name, root, str(error).splitlines()[0])
    state = run.state()
    if state.closed:
        return None
    first = run.store.read()[0]
    assert first.kind is Kind.RUN_OPENED
    phase = next((phase.name for phase in state.phases if phase.opened_at), "")
    begun_on = (str(first.body.get("page", "")), state.plan, phase) if state.alone else ("", "", "")
    return Found(root.name, root, "", run.plan.own_world, begun_on, state.split)


def newest_closed(root: Path | None = None) -> str:
    """Give the name of the newest run of the project, "" when there is none."""
    where = (root or runs_root()).resolve()
    return max((folder.name for folder in runs_in(where)), default="")
