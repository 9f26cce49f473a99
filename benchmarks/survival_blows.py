"""What is done to a run: signals to its processes, and what a machine takes away from them."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from signal import Signals
from typing import Any, Protocol

import psutil
from benchmarks.survival_cells import DATABASE, LATE, TROUBLES, Cell
from benchmarks.survival_points import Told
from benchmarks.survival_site import Site
from benchmarks.survival_watch import Watch

from golive.run import Run

THAW = (1.0, 4.0, 8.0)
TRIED_FOR = 3.0  # seconds for which a victim is waited for that is not there
HELD_FOR = 30.0
THEN_AFTER = 0.5
LATE_AFTER = 5.0


class Scene(Protocol):
    """What a blow may look at, and touch."""

    run: Run
    site: Site
    told: Told
    watch: Watch
    began: float
    guards: Sequence[psutil.Process]

    def acting(self) -> list[psutil.Process]: ...
    def operators(self) -> list[psutil.Process]: ...
    def parts(self, name: str) -> list[psutil.Process]: ...
    def restart(self, name: str) -> None: ...


class Blow(ABC):
    """Falls once: `hit` is when, UTC seconds, 0 before that."""

    hit = 0.0
    thaw: float | None = None
    forced: Sequence[float] = ()

    @abstractmethod
    def look(self, scene: Scene) -> None:
        """Do what is due now."""

    @abstractmethod
    def undo(self) -> None:
        """Take back what may stay."""


class AtAnyInstant(Blow):
    """A signal to some processes, at an instant drawn from a guard's first beat on; the frozen wake up again."""

    def __init__(self, cell: Cell, draw: Random, latest: float) -> None:
        self._cell, self._instant = cell, draw.uniform(0.0, latest)
        self.thaw = draw.choice(THAW) if cell.signal == "SIGSTOP" else None
        self._frozen: list[psutil.Process] = []

    def look(self, scene: Scene) -> None:
        """Strike when the instant has come, and let the frozen wake up."""
        now, began = time.time(), scene.watch.beats[0] if scene.watch.beats else float("inf")
        if not self.hit and now - began > self._instant:
            victims = self._victims(scene)
            if victims:
                self._strike(victims)
            elif now - began > self._instant + TRIED_FOR:
                self._instant = float("inf")  # there is none any more, and nothing happens to this run
        if self.thaw is not None and self.hit and now > self.hit + self.thaw:
            self.undo()

    def undo(self) -> None:
        """Let the frozen wake up."""
        while self._frozen:
            process = self._frozen.pop()
            if process.is_running():
                process.resume()

    def _strike(self, victims: Sequence[psutil.Process]) -> None:
        self.hit = time.time()
        for process in victims:
            process.send_signal(Signals[self._cell.signal])
            self._frozen += [process] if self._cell.signal == "SIGSTOP" else []

    def _victims(self, scene: Scene) -> list[psutil.Process]:
        acting = scene.acting()
        groups: dict[str, Callable[[], list[psutil.Process]]] = {
            "acting guard": lambda: acting,
            "standby": lambda: [guard for guard in scene.guards if acting and guard not in acting],
            "both guards": lambda: list(scene.guards),
            "operator": scene.operators,
            "papermill runner": scene.operators,
            "notebook kernel": lambda: kernels(scene.operators()),
        }
        return groups.get(self._cell.victim, lambda: scene.parts(self._cell.victim))()


class AtDatabase(AtAnyInstant):
    """A signal to the database: to all its processes where they freeze, else to the first, and it is started again."""

    def __init__(self, cell: Cell, draw: Random, latest: float) -> None:
        super().__init__(cell, draw, latest)
        self.thaw = draw.choice(THAW)
        self._restart: Callable[[], None] | None = None

    def look(self, scene: Scene) -> None:
        """Strike when the instant has come, and let the database answer again after a while."""
        before = self.hit
        super().look(scene)
        if self.hit and not before and self._cell.signal != "SIGSTOP":
            self._restart = lambda: scene.restart(self._cell.victim)

    def undo(self) -> None:
        """Let it answer again."""
        super().undo()
        restart, self._restart = self._restart, None
        if restart is not None:
            self._frozen = []
            restart()

    def _victims(self, scene: Scene) -> list[psutil.Process]:
        every = scene.parts(self._cell.victim)
        return every if self._cell.signal == "SIGSTOP" else every[:1]


class AtPoint(AtAnyInstant):
    """A signal that a process sends itself at a point; this sees that it did, and wakes it up."""

    def look(self, scene: Scene) -> None:
        """See whether the point was come to, and let the frozen wake up."""
        if not self.hit and scene.told.reached.exists():
            at, _, pid = scene.told.reached.read_text().partition(" ")
            if pid:
                self.hit = float(at)
                self._frozen = [psutil.Process(int(pid))] if psutil.pid_exists(int(pid)) else []
        if self.thaw is not None and self.hit and time.time() > self.hit + self.thaw:
            self.undo()


class Trouble(Blow):
    """Something that the machine refuses from a moment on when visitors are on the canary, and what happens then."""

    def __init__(self, cell: Cell, draw: Random) -> None:
        self._cell, self._wait = cell, draw.uniform(0.0, 2.0)
        self._undo: Callable[[], None] | None = None
        self._commands: list[subprocess.Popen[bytes]] = []
        self._followed = False

    def look(self, scene: Scene) -> None:
        """Begin, let follow what follows, and end what lasts for a time."""
        now, out = time.time(), [at for at, share, _ in scene.watch.moves if share > 0]
        if not self.hit and out and now > out[0] + self._wait:
            self._undo = TAKEN[self._cell.victim](scene)
            self.hit = now
        if self.hit and not self._followed and now > self.hit + THEN_AFTER:
            self._followed = True
            self._follow(scene)
        if self.hit and now > self.hit + HELD_FOR:
            self.undo()

    def undo(self) -> None:
        """Give back what was taken away."""
        if self._undo is not None:
            self._undo()
            self._undo = None
        for command in self._commands:
            command.wait()

    def _follow(self, scene: Scene) -> None:
        if self._cell.signal == "the canary fails":
            scene.site.fail(True)
            return
        command = [sys.executable, "-m", "golive.cli", "rollback", str(scene.run.folder.root), "--because", "measured"]
        self._commands.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


class LateCall(Blow):
    """A forward call that lands some seconds after the rollback, at a router that asks for nothing before."""

    def __init__(self, share: float) -> None:
        self._share = share

    def look(self, scene: Scene) -> None:
        """Let it land."""
        back = [at for at, _, how in scene.watch.moves if how == "rollback"]
        if not self.hit and back and time.time() > back[0] + LATE_AFTER:
            self.hit = time.time()
            scene.site.force(self._share)
            self.forced = [self.hit]

    def undo(self) -> None:
        """Nothing stays."""


def blow(cell: Cell, draw: Random, latest: float) -> Blow:
    """Give what happens to a run of this cell that takes about `latest` seconds."""
    if cell.victim in TROUBLES:
        return Trouble(cell, draw)
    if cell.victim == LATE:
        return LateCall(draw.choice((0.25, 1.0)))
    if cell.victim == DATABASE:
        return AtDatabase(cell, draw, latest)
    return (AtPoint if cell.point else AtAnyInstant)(cell, draw, latest)


def kernels(runners: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Give the kernel that executes a page now: of those that runners have started, the oldest."""
    found = [child for runner in runners for child in runner.children(recursive=True)]
    there = [child for child in found if any("ipykernel" in word for word in child.cmdline())]
    return sorted(there, key=lambda child: child.create_time())[:1]


def _disk_full(scene: Scene) -> Callable[[], None]:
    ballast = scene.run.folder.root.parent / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass  # that is what was wanted
    return ballast.unlink


def _locked(scene: Scene) -> Callable[[], None]:
    connection = sqlite3.connect(scene.run.folder.record, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("BEGIN IMMEDIATE")
    return connection.close


def _exhausted(scene: Scene) -> Callable[[], None]:
    before: list[tuple[int, Any]] = []
    for guard in scene.guards:
        used = max(int(number) for number in os.listdir(f"/proc/{guard.pid}/fd")) + 1
        before.append((guard.pid, resource.prlimit(guard.pid, resource.RLIMIT_NOFILE)))
        resource.prlimit(guard.pid, resource.RLIMIT_NOFILE, (used, before[-1][1][1]))

    def back() -> None:
        for pid, limits in before:
            if Path(f"/proc/{pid}").exists():
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)

    return back


TAKEN: dict[str, Callable[[Scene], Callable[[], None]]] = dict(
    zip(TROUBLES, (_disk_full, _locked, _exhausted), strict=True)
)
