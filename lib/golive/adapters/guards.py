"""Which runs have a living guard on this host, as its processes say."""

from __future__ import annotations

from pathlib import Path

import psutil

COMMAND = ("-m", "golive.cli", "guard")


def guarded() -> tuple[Path, ...]:
    """Give the folders of the runs whose guards live on this host and may be seen by this user."""
    found = set()
    for process in psutil.process_iter(["cmdline"]):
        words = tuple(process.info["cmdline"] or ())
        if words[1:4] == COMMAND and len(words) > 4:
            found.add(Path(words[4]))
    return tuple(sorted(found))
