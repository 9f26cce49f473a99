"""Guards of repetitions: each is a process of its own that does what `golive guard FOLDER` does.

They are forked from a server that has loaded golive, which spares each repetition one to three seconds of imports.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerProcess
from pathlib import Path

LOADED = ("golive.wiring", "golive.member", "golive.engine.pair", "benchmarks.rollback_drivers")


def launch(folder: Path, log: Path) -> ForkServerProcess:
    """Begin to run the guard of the run in `folder`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    process = context.Process(target=_guard, args=(folder, log), daemon=True)
    process.start()
    return process


def _guard(folder: Path, log: Path) -> None:
    import os
    import sys

    from golive.member import be_guard

    with log.open("a") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    be_guard(folder)
