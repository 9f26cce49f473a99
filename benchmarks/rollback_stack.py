"""One staging stack that lives over many repetitions: real HAProxy, two versions, visitors, Prometheus if asked."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from benchmarks.rollback_plan import NAME, plan_text

from golive import wiring
from golive.adapters.clocks import SystemClock
from golive.adapters.worlds.staging import StagingWorld
from golive.drivers import Around
from golive.folders import RunFolder
from golive.run import Run

OPERATOR = "benchmark"


@dataclass(frozen=True)
class Arrival:
    """A visitor's request, as the canary itself wrote it down; UTC seconds."""

    came: float
    answered: float | None
    failed: bool


class Stack:
    """Starts with `with`, and is gone after it. `runs` is where the repetitions' runs lie."""

    def __init__(self, folder: Path, source: str) -> None:
        self._home = folder / "home"
        (self._home / "params").mkdir(parents=True)
        (self._home / "params" / f"{NAME}.yaml").write_text(plan_text(source), encoding="utf-8")
        os.environ["GOLIVE_HOME"] = str(self._home)
        self.runs = folder / "runs"
        self._folder = RunFolder.make(folder, "stack")
        plan = wiring.plan_named(NAME)
        settings = StagingWorld.Settings.model_validate(plan.world.settings)
        StagingWorld.need(settings)
        self._world = StagingWorld.made(settings, Around(plan, SystemClock(), folder=self._folder))
        self._http = httpx.Client(timeout=5.0, headers={"X-Golive-Ours": "benchmark"})

    def __enter__(self) -> Stack:
        self._world.start(0.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._world.stop()

    def run(self) -> Run:
        """Make a run whose world is this stack: it has the stack's `world.json`, token included."""
        self._folder.alive.touch()
        os.utime(self._folder.alive)
        run = wiring.make_run(NAME, OPERATOR, unattended=True, runs=self.runs)
        shutil.copy(self._folder.world, run.folder.world)
        return run

    def fail(self, share: float | None) -> None:
        """Let that share of the canary's requests fail from now on; None: let it be well."""
        body = {"name": "errors", "on": share is not None, **({"share": share} if share is not None else {})}
        self._http.post(f"{self._told('canary')}/-/fault", json=body).raise_for_status()

    def arrivals(self, since: float) -> list[Arrival]:
        """Give the visitors' requests that came to the canary at `since` (UTC seconds) or later."""
        answer = self._http.get(f"{self._told('canary')}/-/arrivals", params={"since": since}).raise_for_status()
        return [Arrival(*each) for each in answer.json()["arrivals"]]

    def seen(self) -> tuple[int, int]:
        """Give how many requests visitors have made, and how many of them failed; stable's failures included."""
        answer: dict[str, Any] = self._http.get(f"{self._told('visitors')}/-/seen").raise_for_status().json()
        return sum(int(each["requests"]) for each in answer.values()), sum(int(e["failed"]) for e in answer.values())

    def _told(self, name: str) -> str:
        return str(self._world.told[name])
