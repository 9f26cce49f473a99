"""One sandbox that lives over many runs, and what its own processes say of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import psutil
from benchmarks.survival_plan import RATE, plan_text
from benchmarks.survival_site import Site

from golive import wiring
from golive.adapters.worlds.sandbox import SandboxWorld
from golive.folders import RunFolder
from golive.run import Run

OPERATOR = "benchmark"


class Stack:
    """Starts with `with`, and is gone after it. `runs` is where its runs lie; `name` is its plan's too."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.runs = folder, name, folder / f"{name}-runs"
        self._world_folder = RunFolder.make(folder, f"{name}-stack")
        self._world = SandboxWorld(self._world_folder, calm=True, rate=RATE)
        self._processes: dict[str, psutil.Process] = {}

    def __enter__(self) -> Stack:
        self.keep()
        self._world.start(0.0)
        self.site = Site(self._world.told)
        supervisor = psutil.Process(int(self._world.told["pid"]))
        for process in supervisor.children():
            words = process.cmdline()
            part = words[words.index("-m") + 1].rpartition(".")[2]
            self._processes[words[words.index("--name") + 1] if part == "version" else part] = process
        port = self.site.control.rpartition(":")[2]
        command = [sys.executable, "-m", "benchmarks.survival_relay", port]
        self._relay = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
        assert self._relay.stdout is not None
        address = f"http://127.0.0.1:{int(self._relay.stdout.readline())}"
        self._processes["metrics"] = psutil.Process(self._relay.pid)
        plans = self.folder / "params"
        plans.mkdir(exist_ok=True)
        (plans / f"{self.name}.yaml").write_text(plan_text(self.name, address), encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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

    def run(self) -> Run:
        """Make a run on this world. What the run says of it names no process, so that no run can end it."""
        self.keep()
        self.site.reset()
        run = wiring.make_run(self.name, OPERATOR, unattended=True, runs=self.runs)
        world = json.loads(self._world_folder.world.read_text()) | {"pid": 0, "started": 0.0}
        run.folder.world.write_text(json.dumps(world))
        return run
