"""Guards of one run on two hosts that share a PostgreSQL, and what happens to the host whose guard acts."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.survival_blows import Blow, Scene
from benchmarks.survival_cells import Cell
from benchmarks.survival_hosts import HERE, NET, Hosts
from benchmarks.survival_points import Told
from benchmarks.survival_stack import NotMeasured, SharedStack, Stack

from golive.core.pair import acting_beat
from golive.run import Run
from golive.start import Start

NAMES = ("gl-north", "gl-south")
WITHIN = 60.0
GUARD = 'golive="$0 -m golive.cli"; $golive join "$1" --store-variable "$2" --runs "$3" && exec $golive guard "$3/$1"'


class Apart(SharedStack):
    """A world and an operator here, a database here too, and a guard of each run on each of two other hosts."""

    def __enter__(self) -> Apart:
        from tests.parts.postgres import RealPostgres

        Stack.__enter__(self)
        told = (self._world.told[name] for name in ("router", "control", "stable", "canary"))
        addresses = [*told, self.metrics]
        self.hosts = Hosts(NAMES, [int(address.rpartition(":")[2]) for address in addresses]).__enter__()
        self.postgres = RealPostgres(listen=f"127.0.0.1,{HERE}")
        with (self.postgres.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NET}.0/24 scram-sha-256\n")
        self.postgres.start()
        os.environ[self.variable] = self.postgres.database().replace(self.postgres.host, HERE)
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.hosts.__exit__(*error)

    def run(self, cell: Cell, told: Told) -> Run:
        """Make a run, and give it once a guard acts on one host and another stands by on the other."""
        run = super().run(cell, told)
        Start(run).await_world()
        for name in NAMES:
            self._guard(name, run, told)
            self._await_beats(run, NAMES.index(name) + 1)
        return run

    def over(self) -> None:
        """End both hosts' processes."""
        super().over()
        for host in self.hosts.each.values():
            host.end()

    def _guard(self, name: str, run: Run, told: Told) -> None:
        folder = Path(told.side) / name
        command = ["sh", "-c", GUARD, sys.executable, run.folder.name, self.variable, str(folder)]
        environment = {**told.environment(), self.variable: os.environ[self.variable]}
        self.hosts.each[name].run(command, environment, Path(told.side) / f"{name}.log")

    def _await_beats(self, run: Run, number: int) -> None:
        until = time.monotonic() + WITHIN
        while len({beat.member.host for beat in run.book.beats()}) < number:
            if time.monotonic() > until:
                raise NotMeasured(f"no guard beats on host {number}")
            time.sleep(0.05)


class HostBlow(Blow):
    """The host of the acting guard dies, or its cable is taken out, while visitors are on the canary."""

    def __init__(self, cell: Cell, stack: Apart, draw: Random) -> None:
        self._dies, self._stack, self._wait = cell.signal == "dies", stack, draw.uniform(0.0, 3.0)

    def look(self, scene: Scene) -> None:
        """Strike when it is time."""
        now, out = time.time(), [at for at, share, _ in scene.watch.moves if share > 0]
        if self.hit or not out or now < out[0] + self._wait:
            return
        beat = acting_beat(scene.run.book.beats())
        if beat is not None and beat.member.host in self._stack.hosts.each:
            host = self._stack.hosts.each[beat.member.host]
            self.hit = now
            (host.die if self._dies else host.cut)()

    def undo(self) -> None:
        """Both hosts are there again for the next run."""
