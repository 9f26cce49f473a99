"""Run a whole plan: papermill executes its pages in order, and the record says what is done.

Importing this is cheap: what is heavy is imported after the signals have been taken in hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from golive.runner.asked import Asked
from golive.runner.exits import Exit
from golive.runner.signals import Signals

if TYPE_CHECKING:
    from golive.archive.seal import Sealed
    from golive.faults import FaultSetter
    from golive.run import Run

__all__ = ["Asked", "Exit", "rehearse", "resume", "seal_run"]


def rehearse(asked: Asked) -> Exit:
    """Rehearse a plan on the world that it brings, archive it, and say how it ended.

    Raises:
        GoLiveError: For bad input, before anything has started.
    """
    with Signals() as signals:
        from golive.runner.opening import opened

        return _conduct(*opened(asked), signals)


def resume(name: str, runs: Path | None = None) -> Exit:
    """Go on with a run whose runner has died: from the record, after reading the real split.

    Raises:
        GoLiveError: If there is no such run.
    """
    with Signals() as signals:
        from golive.runner.opening import reopened

        return _conduct(*reopened(name, runs), signals)


def _conduct(run: Run, faults: FaultSetter, signals: Signals) -> Exit:
    from golive.runner.progress import say
    from golive.start import Start

    say(f"run       {run.folder.root}")
    start = Start(run)
    if not run.state().closed:
        start.begin()  # it comes up while the rest is imported
    from golive.runner.rehearsal import Rehearsal

    return Rehearsal(run, start, faults, signals).conduct()


def seal_run(run: Run) -> Sealed:
    """Seal a run's archive.

    Raises:
        ArchiveBroken: If it is sealed already.
    """
    from golive.sealing import seal_run as seal

    return seal(run)
