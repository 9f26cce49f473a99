"""Guards of yesterday's run that wake up in today's: frozen in the middle of a shift, and closed without them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from random import Random

import psutil
from benchmarks.survival_blows import Blow, Scene
from benchmarks.survival_cells import Cell
from benchmarks.survival_points import Told
from benchmarks.survival_stack import NotMeasured, Worked
from benchmarks.survival_watch import end, ours

POINT = Cell("whoever acts", "SIGSTOP", "shift sending")
WITHIN = 25.0
STOPPED_WITHIN = 40.0
LATE_FOR = 6.0


class OtherRun(Blow):
    """They wake up before the run shifts, or while its visitors are on the canary."""

    def __init__(self, stack: Worked, told: Told, draw: Random) -> None:
        self._out, self._wait = draw.choice((True, False)), draw.uniform(0.0, 1.5)
        yesterday = Told(f"{told.side}/yesterday", POINT.point, POINT.signal)
        self._told, self._stack = yesterday, stack
        self._guards: Sequence[psutil.Process] = ()

    def prepare(self) -> None:
        """Begin yesterday's run, freeze its guards as one of them is about to shift, and close it without them."""
        self._told.journal.parent.mkdir()
        self._told.journal.touch()
        run = self._stack.run(POINT, self._told)
        operator = self._stack.operate(run, "through", self._told)
        until = time.monotonic() + WITHIN
        while not self._told.reached.exists():
            if time.monotonic() > until:
                raise NotMeasured("yesterday's run did not come to its shift")
            time.sleep(0.02)
        self._guards = ours(run.folder.root)
        for guard in self._guards:
            guard.suspend()
        operator.kill()
        command = [sys.executable, "-m", "golive.cli", "stop", str(run.folder.root)]
        subprocess.run(command, capture_output=True, timeout=STOPPED_WITHIN, check=False)

    def look(self, scene: Scene) -> None:
        """Wake them up when it is time."""
        now, out = time.time(), [at for at, share, _ in scene.watch.moves if share > 0]
        since = (out[0] if out else now) if self._out else scene.began
        if not self.hit and now > since + self._wait:
            self.hit = now
            for guard in self._guards:
                guard.resume()
        sets = [at for at, _, how in scene.watch.moves if how == "set" and self.hit < at < self.hit + LATE_FOR]
        self.forced = sets if self.hit and not self._out else ()

    def undo(self) -> None:
        """End what is left of yesterday."""
        end(self._guards)
