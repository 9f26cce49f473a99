"""Where runs are measured: on one sandbox that lives over many of them, or as rehearsals that bring their own."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Protocol

import psutil
from benchmarks.survival_cells import Cell
from benchmarks.survival_plan import RATE, plan_text
from benchmarks.survival_points import Told
from benchmarks.survival_site import Site

from benchmarks import survival_operator
from golive import wiring
from golive.adapters.worlds.sandbox import SandboxWorld
from golive.folders import RunFolder
from golive.run import Run

OPERATOR = "benchmark"
SMALL_DISK = "size=24m"
LOADED = ("golive.wiring", "golive.notebook", "golive.start", "golive.pages.charts", "benchmarks.survival_points")


class Operating(Protocol):
    """A process that operates a run."""

    @property
    def pid(self) -> int | None: ...
    def is_alive(self) -> bool: ...
    def kill(self) -> None: ...
    def join(self) -> None: ...


class Worked(Protocol):
    """Where a trial's run lives. `pages` says whether notebooks operate it; `site` is there once a run is."""

    folder: Path
    site: Site
    pages: bool

    def run(self, cell: Cell, told: Told) -> Run: ...
    def operate(self, run: Run, ending: str, told: Told) -> Operating: ...
    def process(self, name: str) -> psutil.Process: ...
    def keep(self) -> None: ...
    def over(self) -> None: ...


class Stack:
    """One world for many runs. Starts with `with`, and is gone after it; `name` is its plan's too."""

    pages = False

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._world_folder = RunFolder.make(folder, f"{name}-stack")
        self._world = SandboxWorld(self._world_folder, calm=True, rate=RATE)
        self._processes: dict[str, psutil.Process] = {}
        self._small: Path | None = None

    def __enter__(self) -> Stack:
        self.keep()
        self._world.start(0.0)
        self.site = Site(self._world.told)
        supervisor = psutil.Process(int(self._world.told["pid"]))
        for process in supervisor.children():
            words = process.cmdline()
            part = words[words.index("-m") + 1].rpartition(".")[2]
            self._processes[words[words.index("--name") + 1] if part == "version" else part] = process
        self._relay, port = relay([f"127.0.0.1:0={self.site.control.removeprefix('http://')}"])
        write_plan(self.folder, self.name, f"http://127.0.0.1:{port[0]}")
        self._processes["metrics"] = psutil.Process(self._relay.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over()
        self.site.close()
        for process in self._processes.values():
            if process.is_running():
                process.resume()
        self._relay.kill()
        self._relay.wait()
        self._world.stop()

    @property
    def whole(self) -> bool:
        """Whether every process of it runs."""
        halted = (psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED)
        return all(p.is_running() and p.status() not in halted for p in self._processes.values())

    def process(self, name: str) -> psutil.Process:
        """Give the process of that name: a part of the world, or "metrics"."""
        return self._processes[name]

    def keep(self) -> None:
        """Let the world live for another minute."""
        self._world_folder.alive.touch()
        os.utime(self._world_folder.alive)

    def run(self, cell: Cell, told: Told) -> Run:
        """Make a run on this world. What the run says of it names no process, so that no run can end it."""
        self.keep()
        self.site.reset()
        runs = self.folder / f"{self.name}-runs"
        if cell.victim == "disk full":
            self._small = runs = Path(told.side) / "disk"
            runs.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", str(runs)], check=True)
        run = wiring.make_run(self.name, OPERATOR, unattended=True, runs=runs)
        world = json.loads(self._world_folder.world.read_text()) | {"pid": 0, "started": 0.0}
        run.folder.world.write_text(json.dumps(world))
        return run

    def operate(self, run: Run, ending: str, told: Told) -> ForkServerProcess:
        """Let an operator go on with a run, in a process of its own."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(LOADED))
        arguments = (run.folder.root, ending, Path(told.side) / "operator.log", told.environment())
        process = context.Process(target=survival_operator.begin, args=arguments, daemon=True)
        process.start()
        return process

    def over(self) -> None:
        """Take away what was there for one run only."""
        if self._small is not None:
            shutil.copytree(self._small, self._small.parent / "after")
            subprocess.run(["umount", str(self._small)], check=True)
            self._small = None


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

    def join(self) -> None:
        """Wait until it has ended."""
        self._process.wait()


class Rehearsals:
    """Each run is a whole rehearsal: papermill, kernels, and a world of its own."""

    pages = True
    WITHIN = 30.0

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self._runs = folder, name, folder / f"{name}-runs"
        write_plan(folder, name, "{world.control}")

    def run(self, cell: Cell, told: Told) -> Run:
        """Begin a rehearsal, and give its run once its world answers."""
        before = set(self._runs.glob("*-*"))
        command = [sys.executable, "-m", "golive.cli", "rehearse", self.name, "--runs", str(self._runs)]
        self._first: Conducted | None = Conducted(command, Path(told.side) / "operator.log", told.environment())
        until = time.monotonic() + self.WITHIN
        while time.monotonic() < until:
            for root in set(self._runs.glob("*-*")) - before:
                if RunFolder(root).world.exists() and RunFolder(root).record.exists():
                    self.site = Site(json.loads(RunFolder(root).world.read_text()))
                    return wiring.open_run(str(root), OPERATOR)
            time.sleep(0.05)
        raise SystemExit(f"no rehearsal began in {self.WITHIN:.0f} s: {(Path(told.side) / 'operator.log').read_text()}")

    def operate(self, run: Run, ending: str, told: Told) -> Conducted:
        """Give the runner that conducts already; after it, one that resumes."""
        first, self._first = self._first, None
        if first is not None:
            return first
        command = [sys.executable, "-m", "golive.cli", "resume", str(run.folder.root)]
        return Conducted(command, Path(told.side) / "operator.log", told.environment())

    def process(self, name: str) -> psutil.Process:
        """Give nothing: only runner and kernels are victims here."""
        raise KeyError(name)

    def keep(self) -> None:
        """Do nothing: the world lives by its own guard."""

    def over(self) -> None:
        """Close the connections."""
        self.site.close()


def relay(pairs: list[str], within: Sequence[str] = ()) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a relay between "listen=target" pairs; give its process and the ports that it listens on."""
    command = [*within, sys.executable, "-m", "benchmarks.survival_relay", *pairs]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert process.stdout is not None
    return process, [int(port) for port in process.stdout.readline().split()]


def write_plan(folder: Path, name: str, metrics: str) -> None:
    """Write the plan where runs of this benchmark look for plans."""
    plans = folder / "params"
    plans.mkdir(exist_ok=True)
    (plans / f"{name}.yaml").write_text(plan_text(name, metrics), encoding="utf-8")
