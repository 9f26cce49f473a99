"""Where runs are measured: on one sandbox that lives over many of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import psutil
from benchmarks.survival_cells import Cell
from benchmarks.survival_operator import OPERATOR
from benchmarks.survival_plan import RATE, plan_text
from benchmarks.survival_points import Told
from benchmarks.survival_site import Site

from benchmarks import survival_operator
from golive import wiring
from golive.adapters.worlds.sandbox import SandboxWorld
from golive.folders import RunFolder
from golive.run import Run

SMALL_DISK = "size=24m"
LOADED = ("golive.wiring", "golive.notebook", "golive.start", "golive.pages.charts", "benchmarks.survival_points")


class NotMeasured(Exception):
    """A run did not come to what was to be measured; says how far it came."""


class Operating(Protocol):
    """A process that operates a run."""

    @property
    def pid(self) -> int | None: ...
    def is_alive(self) -> bool: ...
    def kill(self) -> None: ...
    def join(self) -> None: ...


class Worked(Protocol):
    """Where a trial's run lives.

    `pages` says whether notebooks operate it, `shared` whether its store is one that other hosts reach; `site` is there
    once a run is.
    """

    folder: Path
    site: Site
    pages: bool
    shared: bool

    def run(self, cell: Cell, told: Told) -> Run: ...
    def operate(self, run: Run, ending: str, told: Told) -> Operating: ...
    def processes(self, name: str) -> list[psutil.Process]: ...
    def restart(self, name: str) -> None: ...
    def keep(self) -> None: ...
    def over(self) -> None: ...


class Stack:
    """One world for many runs. Starts with `with`, and is gone after it; `name` is its plan's too."""

    pages = shared = False

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._more: dict[str, Any] = {}
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
        self.metrics = f"http://127.0.0.1:{port[0]}"
        write_plan(self.folder, self.name, self.metrics, **self._more)
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

    def processes(self, name: str) -> list[psutil.Process]:
        """Give the processes of that name: of a part of the world, or "metrics"."""
        return [self._processes[name]]

    def restart(self, name: str) -> None:
        """Do nothing: a part of the world that died stays dead."""

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
        return self._operate(run, ending, told, {})

    def _operate(self, run: Run, ending: str, told: Told, more: dict[str, str]) -> ForkServerProcess:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(LOADED))
        arguments = (run.folder.root, ending, Path(told.side) / "operator.log", {**told.environment(), **more})
        process = context.Process(target=survival_operator.begin, args=arguments, daemon=True)
        process.start()
        return process

    def over(self) -> None:
        """Take away what was there for one run only."""
        if self._small is not None:
            shutil.copytree(self._small, self._small.parent / "after")
            subprocess.run(["umount", str(self._small)], check=True)
            self._small = None


class SharedStack(Stack):
    """One world for many runs whose records are in a real PostgreSQL."""

    shared = True

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self.variable = f"GOLIVE_STORE_{name.replace('-', '_').upper()}"
        self._more = {"store": {"driver": "postgresql", "settings": {"url_variable": self.variable}}}

    def __enter__(self) -> SharedStack:
        from tests.parts.postgres import RealPostgres

        self.postgres = RealPostgres().start()
        os.environ[self.variable] = self.postgres.database()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.postgres.close()

    def operate(self, run: Run, ending: str, told: Told) -> ForkServerProcess:
        """Let an operator go on with a run, in a process of its own that knows the store."""
        return self._operate(run, ending, told, {self.variable: os.environ[self.variable]})

    def processes(self, name: str) -> list[psutil.Process]:
        """Give the processes of that name, "PostgreSQL" too."""
        return self.postgres.processes() if name == "PostgreSQL" else super().processes(name)

    def restart(self, name: str) -> None:
        """Start the database again, as whatever supervises it does."""
        if name == "PostgreSQL":
            self.postgres.stop()
            self.postgres.start()


def relay(pairs: list[str], within: Sequence[str] = ()) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a relay between "listen=target" pairs; give its process and the ports that it listens on."""
    command = [*within, sys.executable, "-m", "benchmarks.survival_relay", *pairs]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert process.stdout is not None
    return process, [int(port) for port in process.stdout.readline().split()]


def write_plan(folder: Path, name: str, metrics: str, **more: Any) -> None:
    """Write the plan where runs of this benchmark look for plans."""
    plans = folder / "params"
    plans.mkdir(exist_ok=True)
    (plans / f"{name}.yaml").write_text(plan_text(name, metrics, **more), encoding="utf-8")
