"""Which runs have a living guard on this host, as its processes say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

COMMAND = ("-m", "golive.cli", "guard")


def guarded() -> tuple[Path, ...]:
    """Give the folders of the runs whose guards live on this host and may be seen by this user."""
    return tuple(sorted({folder for folder, _ in _guards()}))


def still_there(root: Path, within: float) -> list[psutil.Process]:
    """Wait until the guards of the run in that folder have gone from this host; give those that have not in time."""
    return psutil.wait_procs([process for folder, process in _guards() if folder == root], timeout=within)[1]


def _guards() -> Iterator[tuple[Path, psutil.Process]]:
    for process in psutil.process_iter(["cmdline"]):
        words = tuple(process.info["cmdline"] or ())
        if words[1:4] == COMMAND and len(words) > 4:
            yield Path(words[4]), process
