"""One run in which somebody is killed or frozen, and what became of it."""

from __future__ import annotations

import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from signal import Signals
from typing import Any

import psutil
from benchmarks.survival_cells import GUARDS, Cell
from benchmarks.survival_oracles import broken, entries_of, lies, lost
from benchmarks.survival_plan import GUARD_SILENT
from benchmarks.survival_points import Told
from benchmarks.survival_stack import Stack
from benchmarks.survival_watch import Watch, awake, end, ours

from benchmarks import survival_operator
from golive.archive.verify import Standing, verify
from golive.core.errors import GoLiveError

POLL, SEEN_EVERY = 0.05, 0.4
ENDINGS = {"through": 14.0, "back": 10.0, "sick": 8.0}  # about how many seconds each takes
EARLIEST = 0.5
THAW = (1.0, 4.0, 8.0)
AGAIN = (0.5, 3.0)
PATIENCE = 50.0
STOPPED_WITHIN = 40.0
LOADED = ("golive.wiring", "golive.notebook", "golive.start", "golive.pages.charts", "benchmarks.survival_points")


class Trial:
    """`run` gives what was measured, as JSON-able values."""

    def __init__(self, stack: Stack, cell: Cell, seed: int) -> None:
        self._stack, self._cell, self._seed = stack, cell, seed
        draw = random.Random(seed)
        self._ending = draw.choice(list(ENDINGS))
        self._instant, self._thaw = draw.uniform(EARLIEST, ENDINGS[self._ending]), draw.choice(THAW)
        self._again = draw.uniform(*AGAIN)
        self._run = stack.run()
        side = stack.folder / "side" / self._run.folder.name
        side.mkdir(parents=True)
        self._told = Told(str(side), cell.point, cell.signal)
        self._told.journal.touch()
        self._watch, self._guards = Watch(), list[psutil.Process]()
        self._frozen: list[tuple[float, psutil.Process]] = []
        self._began = self._hit = 0.0
        self._seen_at = 0.0
        self._log = side / "operator.log"

    def run(self) -> dict[str, Any]:
        """Operate the run, let happen what has to, and hold what is left of it against what was seen."""
        self._began = time.time()
        operator, closed_by = self._operator(), "operator"
        died = 0.0
        while not self._closed() and time.time() < (self._hit or self._began) + PATIENCE:
            self._look(operator)
            if operator.is_alive():
                died = 0.0
            elif not died:
                died = time.time()
            elif time.time() - died > self._again:
                operator, died, closed_by = self._operator(), 0.0, "operator, again"
        while operator.is_alive() and time.time() < self._began + 2 * PATIENCE:
            self._look(operator)
        arrivals = self._stack.site.arrivals(self._began)
        if not self._closed():
            closed_by = self._stopped(operator)
        left = self._left(operator)
        return {**self._found(arrivals), "closed_by": closed_by, "left": left}

    def _look(self, operator: ForkServerProcess) -> None:
        """See what is to be seen, and do to the victim what is due."""
        now = time.time()
        self._watch.beaten(self._run.folder.alive)
        if now - self._seen_at > SEEN_EVERY:
            self._seen_at = now
            self._stack.keep()
            self._watch.routed(now, self._stack.site.moves(self._began))
            self._guards = ours(self._run.folder.root)
            self._watch.awake.append(
                (now, (operator.is_alive() and _awake(operator.pid)) or any(map(awake, self._guards)))
            )
        if self._cell.point and not self._hit and self._told.reached.exists():
            at, _, pid = self._told.reached.read_text().partition(" ")
            if pid:
                self._hit = float(at)
                self._freeze([psutil.Process(int(pid))] if psutil.pid_exists(int(pid)) else [])
        if not self._cell.point and not self._hit and now - self._began > self._instant:
            self._strike(operator)
        for thaw, process in [one for one in self._frozen if one[0] < now]:
            self._frozen.remove((thaw, process))
            if process.is_running():
                process.resume()
        time.sleep(POLL)

    def _strike(self, operator: ForkServerProcess) -> None:
        victims = self._victims(operator)
        if not victims and time.time() < self._began + self._instant + 3.0:
            return
        self._hit = time.time()
        for process in victims:
            process.send_signal(Signals[self._cell.signal])
        self._freeze(victims)

    def _freeze(self, victims: Sequence[psutil.Process]) -> None:
        if self._cell.signal == "SIGSTOP":
            self._frozen += [(time.time() + self._thaw, process) for process in victims]

    def _victims(self, operator: ForkServerProcess) -> list[psutil.Process]:
        if self._cell.victim == "operator":
            return [psutil.Process(operator.pid)] if operator.is_alive() else []
        if self._cell.victim not in GUARDS:
            return [self._stack.process(self._cell.victim)]
        acting = self._guards[:1]
        chosen = {"acting guard": acting, "standby": [g for g in self._guards if g not in acting]}
        return chosen.get(self._cell.victim, self._guards)

    def _operator(self) -> ForkServerProcess:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(LOADED))
        told = (self._run.folder.root, self._ending, self._log, self._told.environment())
        process = context.Process(target=survival_operator.begin, args=told, daemon=True)
        process.start()
        return process

    def _closed(self) -> bool:
        try:
            return bool(self._run.state().closed)
        except GoLiveError:
            return False

    def _stopped(self, operator: ForkServerProcess) -> str:
        """Close the run from outside; give by what it was closed, "" when it could not be."""
        if operator.is_alive():
            operator.kill()
        command = [sys.executable, "-m", "golive.cli", "stop", str(self._run.folder.root)]
        try:
            subprocess.run(command, capture_output=True, timeout=STOPPED_WITHIN, check=False)
        except subprocess.TimeoutExpired:
            return ""
        return "golive stop" if self._closed() else ""

    def _left(self, operator: ForkServerProcess) -> int:
        """End what is left of the run, and give how many guards were."""
        until = time.time() + 3.0
        while ours(self._run.folder.root) and time.time() < until:
            time.sleep(POLL)
        left = ours(self._run.folder.root)
        end(left)
        if operator.is_alive():
            operator.kill()
        operator.join()
        return len(left)

    def _found(self, arrivals: Sequence[float]) -> dict[str, Any]:
        site, folder = self._stack.site, self._run.folder
        moves = site.moves(self._began)
        self._watch.routed(time.time(), moves)
        stuck, archive = "", []
        try:
            archive = self._sealed()
        except (GoLiveError, OSError) as error:
            stuck = repr(error)[:300]
        entries = entries_of((folder.root / "record.jsonl").read_bytes()) if not stuck else []
        journal = self._told.journal.read_text()
        knows = moves is not None
        return {
            "seed": self._seed,
            "run": folder.name,
            "ending": self._ending,
            "instant": round(self._hit - self._began, 2) if self._hit else None,
            "during": _during(journal, self._hit),
            "thaw": self._thaw if self._cell.signal == "SIGSTOP" else None,
            "unguarded": round(self._watch.unguarded(arrivals), 2),
            "takeover": self._takeover(),
            "lost": [] if stuck else [*broken(entries), *lost(entries, journal)],
            "lies": [] if stuck else [*archive, *lies(entries, self._watch.moves, (), knows)],
            "stuck": stuck,
            "result": self._run.state().closed if not stuck else "",
            "seconds": round(time.time() - self._began, 1),
        }

    def _sealed(self) -> list[str]:
        """Seal the archive, and say what does not fit in it."""
        from golive.runner import seal_run

        seal_run(self._run)
        found = verify(self._run.folder.root)
        return [] if found.standing is Standing.CONSISTENT else [f"archive {found.standing}: {found.why}"]

    def _takeover(self) -> float | None:
        """Give the seconds from the signal to the next acting beat, where an acting guard was the victim."""
        if not self._hit or self._cell.victim != "acting guard" or self._cell.signal == "SIGINT":
            return None
        thawed = self._hit + self._thaw if self._cell.signal == "SIGSTOP" else float("inf")
        after = [at for at in self._watch.beats if self._hit + POLL < at < thawed]
        return round(after[0] - self._hit, 2) if after else None


def _awake(pid: int | None) -> bool:
    return pid is not None and psutil.pid_exists(pid) and awake(psutil.Process(pid))


def _during(journal: str, at: float) -> str:
    """Say what was written down last before a moment, and how long before."""
    before = [line.split(" ", 3) for line in journal.splitlines() if float(line.split(" ", 1)[0]) <= at]
    return f"{at - float(before[-1][0]):.2f} s after {before[-1][3]}" if before else ""


def bad(found: dict[str, Any]) -> list[str]:
    """Say what of a result is not as it has to be."""
    said = []
    if found["unguarded"] > 3 * GUARD_SILENT:
        said.append(f"unguarded for {found['unguarded']:.1f} s")
    said += [*found["lost"], *found["lies"]]
    if found["stuck"] or not found["closed_by"]:
        said.append(f"stuck: {found['stuck'] or 'not closed'}")
    return said
