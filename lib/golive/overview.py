"""Looks at runs from outside, each within a deadline: a run that is locked or damaged is a row, and no trouble."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from golive import wiring
from golive.adapters.presence import anybody
from golive.core.errors import GoLiveError
from golive.core.state import State
from golive.folders import runs_in
from golive.pages.overview import Overview
from golive.run import Run

WITHIN = 3.0
LOOK_AT_IT = "look at the disk and at who holds its files"


def overviews(root: Path, within: float = WITHIN) -> list[Overview]:
    """Give every run in `root`, newest first; what does not answer `within` so many seconds is unreadable."""
    return among([folder.root for folder in runs_in(root)], within)


def among(folders: Sequence[Path], within: float = WITHIN) -> list[Overview]:
    """Give the runs in those folders, newest first."""
    found = _at_once(folders, within)
    return sorted(found, key=lambda one: (one.state.opened_at or one.name, one.name), reverse=True)


def overview(folder: Path, within: float = WITHIN) -> Overview:
    """Give one run."""
    return _at_once([folder], within)[0]


def _at_once(folders: Sequence[Path], within: float) -> list[Overview]:
    """Look at all side by side; a thread that hangs is left behind, and ends with the process."""
    found: queue.SimpleQueue[Overview] = queue.SimpleQueue()
    for folder in folders:
        threading.Thread(target=lambda path: found.put(_look(path)), args=(folder,), daemon=True).start()
    seen: dict[str, Overview] = {}
    until = time.monotonic() + within
    while len(seen) < len(folders):
        try:
            one = found.get(timeout=max(0.01, until - time.monotonic()))
        except queue.Empty:
            break
        seen[one.name] = one
    why = f"no answer in {within:g} s"
    return [seen.get(path.name) or Overview(path.name, why, _then(path.name)) for path in folders]


def _then(name: str) -> str:
    return f"{LOOK_AT_IT}; golive rollback {name} works without it"


def seen(run: Run, state: State) -> Overview:
    """Give what an open run looks like, whose record says `state`.

    Raises:
        StoreUnavailable: If what its guards write can't be read.
    """
    closed = bool(state.closed)
    return Overview(
        run.folder.name,
        state=state,
        beats=() if closed else run.book.beats(),
        lease=None if closed else run.book.lease(),
        look=None if closed else run.book.last_look(),
        operators=sorted({who.get("name", "") for who in anybody(run.folder.operators, wiring.LEFT_ALONE)}),
        sealed=(run.folder.root / "SEAL").exists(),
        silent=run.plan.guarding.guard_silent.total_seconds(),
        now=run.clock.moment(),
    )


def unreadable(name: str, error: Exception) -> Overview:
    """Give the row of a run that can't be read."""
    if not isinstance(error, GoLiveError):
        return Overview(name, f"{type(error).__name__}: {error}", _then(name))
    why, _, then = str(error).partition("\n")
    return Overview(name, why, then.removeprefix("NEXT").strip() or _then(name))


def _look(folder: Path) -> Overview:
    try:
        run = wiring.open_run(str(folder), "")
        return seen(run, run.state())
    except (GoLiveError, OSError, ValueError, KeyError, TypeError) as error:  # what a damaged run is made of
        return unreadable(folder.name, error)
