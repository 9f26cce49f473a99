"""Runs that are whole rehearsals: papermill, kernels, and a world of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from benchmarks.survival_cells import Cell
from benchmarks.survival_operator import OPERATOR
from benchmarks.survival_points import Told
from benchmarks.survival_site import Site
from benchmarks.survival_stack import NotMeasured, write_plan

from golive import wiring
from golive.folders import RunFolder
from golive.run import Run

LEAVES_WITHIN = 60.0


class Conducted:
    """A command that conducts a rehearsal, as an operator."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        with log.open("a") as said:
            self._process = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **environment})
        self.pid = self._process.pid

    def is_alive(self) -> bool:
        """Say whether it runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it, and the kernels that it has started."""
        if self.is_alive():
            for child in psutil.Process(self.pid).children(recursive=True):
                child.kill()
        self._process.kill()

    def leave(self) -> None:
        """Let it end its run and its world by itself, as Ctrl-C does; end it when it takes too long."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(LEAVES_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

    def join(self) -> None:
        """Wait until it has ended."""
        self._process.wait()


class Rehearsals:
    """Each run is a whole rehearsal: papermill, kernels, and a world of its own."""

    pages, shared = True, False
    WITHIN = 30.0

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self._runs = folder, name, folder / f"{name}-runs"
        self._first: Conducted | None = None
        write_plan(folder, name, "{world.control}")

    def run(self, cell: Cell, told: Told) -> Run:
        """Begin a rehearsal, and give its run once its world answers."""
        before = set(self._runs.glob("*-*"))
        command = [sys.executable, "-m", "golive.cli", "rehearse", self.name, "--runs", str(self._runs)]
        begun = self._first = Conducted(command, Path(told.side) / "operator.log", told.environment())
        until = time.monotonic() + self.WITHIN
        while time.monotonic() < until:
            for root in set(self._runs.glob("*-*")) - before:
                if RunFolder(root).world.exists() and RunFolder(root).record.exists():
                    self.site = Site(json.loads(RunFolder(root).world.read_text()))
                    return wiring.open_run(str(root), OPERATOR)
            time.sleep(0.05)
        begun.leave()
        raise NotMeasured(
            f"no rehearsal began in {self.WITHIN:.0f} s: {(Path(told.side) / 'operator.log').read_text()}"
        )

    def operate(self, run: Run, ending: str, told: Told) -> Conducted:
        """Give the runner that conducts already; after it, one that resumes."""
        first, self._first = self._first, None
        if first is not None:
            return first
        command = [sys.executable, "-m", "golive.cli", "resume", str(run.folder.root)]
        return Conducted(command, Path(told.side) / "operator.log", told.environment())

    def processes(self, name: str) -> list[psutil.Process]:
        """Give nothing: only runner and kernels are victims here."""
        raise KeyError(name)

    def restart(self, name: str) -> None:
        """Do nothing: nothing else is a victim here."""

    def keep(self) -> None:
        """Do nothing: the world lives by its own guard."""

    def over(self) -> None:
        """Close the connections."""
        self.site.close()
