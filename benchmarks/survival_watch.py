"""Who guards whom, seen from outside: the router's own moves, the acting guard's beats, and who of ours is awake."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

HALTED = (psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_DEAD)
Move = tuple[float, float, str]


@dataclass
class Watch:
    """What was seen of one run; all times are UTC seconds.

    Attributes:
        moves: The router's own log, newest read; `known` says at which times it answered.
        beats: When the acting guard beat.
        awake: At which times at least one process of ours was awake, and at which none was.
    """

    moves: Sequence[Move] = ()
    known: list[tuple[float, bool]] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)
    awake: list[tuple[float, bool]] = field(default_factory=list)

    def routed(self, now: float, moves: Sequence[Move] | None) -> None:
        """Take in what the router answered at `now`; None for nothing."""
        self.moves = self.moves if moves is None else moves
        self.known.append((now, moves is not None))

    def beaten(self, alive: Path) -> None:
        """Take in the beat that stands in the file which the acting guard touches."""
        try:
            at = alive.stat().st_mtime
        except FileNotFoundError:
            return
        if not self.beats or at != self.beats[-1]:
            self.beats.append(at)

    def share(self, at: float) -> float:
        """Give the split at a moment, by the router's log."""
        before = [share for moved, share, _ in self.moves if moved <= at]
        return before[-1] if before else 0.0

    @property
    def cutover(self) -> float:
        """When the router first had everybody on the canary; infinity for never."""
        return min((at for at, share, _ in self.moves if share == 1.0), default=float("inf"))

    def unguarded(self, arrivals: Sequence[float]) -> float:
        """Give the longest seconds for which visitors were on the canary with no acting guard beating before cutover.

        Counted are visitors that the canary saw, and moments at which the router said that it sends it some, while
        a process of ours was awake.
        """
        exposed = [at for at, answered in self.known if answered and self.share(at) > 0]
        moments = sorted(at for at in (*exposed, *arrivals) if at < self.cutover and self.share(at) > 0)
        return max((self._alone(at) for at in moments), default=0.0)

    def _alone(self, at: float) -> float:
        """Give for how long before `at` visitors were on the canary, somebody of ours was awake, and no guard beat."""
        place = bisect_right([moment for moment, _ in self.awake], at) - 1
        if place < 0 or not self.awake[place][1]:
            return 0.0
        since = self.awake[0][0]
        for moment, anybody in self.awake[: place + 1]:
            since = since if anybody else moment
        back = [moved for moved, share, _ in self.moves if moved <= at and share == 0.0]
        out = [moved for moved, share, _ in self.moves if moved <= at and share > 0 and moved > max(back, default=0.0)]
        beats = self.beats[: bisect_right(self.beats, at)]
        return at - max([since, *out[:1], *beats[-1:]])


def ours(root: Path) -> list[psutil.Process]:
    """Give the guards of the run in `root`, by what their command lines say."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or ()
        if "guard" in words and str(root) in words:
            found.append(process)
    return found


def awake(process: psutil.Process) -> bool:
    """Say whether a process lives and is not frozen."""
    try:
        return process.is_running() and process.status() not in HALTED
    except psutil.NoSuchProcess:
        return False


def end(processes: Sequence[psutil.Process]) -> None:
    """End what is left of a run, frozen or not."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs([p for p in processes if p.pid != os.getpid()], timeout=3.0)
