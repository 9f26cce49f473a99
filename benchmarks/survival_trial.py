"""One run to which something happens, and what became of it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psutil
from benchmarks.survival_apart import Apart, HostBlow
from benchmarks.survival_blows import Blow, blow
from benchmarks.survival_cells import HOST, LATE, OTHER, TROUBLES, Cell
from benchmarks.survival_oracles import broken, entries_of, lies, lost
from benchmarks.survival_other import OtherRun
from benchmarks.survival_plan import GUARD_SILENT
from benchmarks.survival_points import ROOT, Told
from benchmarks.survival_stack import Worked
from benchmarks.survival_watch import Watch, awake, end, ours

from golive.archive.verify import Standing, verify
from golive.core.errors import GoLiveError
from golive.core.pair import Beat, acting_beat
from golive.run import Run

POLL, SEEN_EVERY = 0.05, 0.4
ENDINGS = {
    "through": 12.0,
    "back": 8.0,
    "sick": 6.0,
}  # seconds from the guard's first beat on, about
PAGES_TAKE = 18.0
AGAIN = (0.5, 3.0)
PATIENCE, PAGES_PATIENCE = 50.0, 150.0
STOPPED_WITHIN = 40.0


class Trial:
    """`measure` gives what was measured, as JSON-able values."""

    def __init__(self, stack: Worked, cell: Cell, seed: int) -> None:
        self._stack, self._cell, self._seed = stack, cell, seed
        draw = random.Random(seed)
        self._ending = _ending(cell, draw)
        self._again = draw.uniform(*AGAIN)
        side = stack.folder / "side" / f"{cell.name.replace('/', '-').replace(' ', '-')}-{seed}"
        shutil.rmtree(side, ignore_errors=True)  # of a repetition that was cut off
        side.mkdir(parents=True)
        self.told = Told(str(side), cell.point, cell.signal)
        self.told.journal.touch()
        self._blow = self._prepared(draw)
        self.run: Run = stack.run(cell, self.told)
        self.site = stack.site
        self.watch, self.guards = Watch(), list[psutil.Process]()
        self.began = self._seen_at = time.time()
        self._arrivals: list[float] = []
        self._takeover: float | None = None
        self._stood_by: bool | None = None
        self._hit_guard = ""
        self._operator = stack.operate(self.run, self._ending, self.told)

    def _prepared(self, draw: random.Random) -> Blow:
        if self._cell.victim == OTHER:
            other = OtherRun(self._stack, self.told, draw)
            other.prepare()
            return other
        if self._cell.victim == HOST:
            assert isinstance(self._stack, Apart)
            return HostBlow(self._cell, self._stack, draw)
        latest = PAGES_TAKE if self._stack.pages else ENDINGS.get(self._ending, 10.0)
        return blow(self._cell, draw, latest)

    def measure(self) -> dict[str, Any]:
        """Operate the run, let happen what has to, and hold what is left of it against what was seen."""
        closed_by, died = "operator", 0.0
        patience = PAGES_PATIENCE if self._stack.pages else PATIENCE
        while not self._closed() and time.time() < max(self._blow.hit, self.began) + patience:
            self._look()
            if self._operator.is_alive():
                died = 0.0
            else:
                died = died or time.time()
                if time.time() - died > self._again:
                    self._operator, closed_by = (
                        self._stack.operate(self.run, self._ending, self.told),
                        "another operator",
                    )
        while self._operator.is_alive() and time.time() < max(self._blow.hit, self.began) + 2 * patience:
            self._look()
        if not self._closed():
            closed_by = self._stopped()
        self._blow.undo()
        left = self._left()
        found = self._found()
        self._stack.over()
        return {**found, "closed_by": closed_by, "left": left}

    def acting(self) -> list[psutil.Process]:
        """Give the guard that acts, by the lease."""
        beat = self._acting_beat()
        return [guard for guard in self.guards if beat is not None and guard.pid == beat.member.pid]

    def operators(self) -> list[psutil.Process]:
        """Give the operator's process, while it lives."""
        with contextlib.suppress(psutil.NoSuchProcess):  # it may end between the two questions
            return [psutil.Process(self._operator.pid)] if self._operator.is_alive() and self._operator.pid else []
        return []

    def parts(self, name: str) -> list[psutil.Process]:
        """Give the processes of a part of the world."""
        return self._stack.processes(name)

    def restart(self, name: str) -> None:
        """Let somebody start a part again."""
        self._stack.restart(name)

    def _look(self) -> None:
        """See what is to be seen, and let what is due happen."""
        now = time.time()
        self.watch.beaten(self.run.folder.alive)
        if now - self._seen_at > SEEN_EVERY:
            self._seen_at = now
            self._stack.keep()
            self.watch.routed(now, self.site.moves(self.began))
            self._arrivals += self.site.arrivals(max([self.began, *(at + 1e-6 for at in self._arrivals[-1:])]))
            self.guards = ours(self.run.folder.root)
            if self._stack.shared and (beat := self._acting_beat()) is not None:
                self.watch.beats.append(now - beat.age)
            self.watch.awake.append((now, any(map(awake, [*self.operators(), *self.guards]))))
        measured = self._takeover is None and self._cell.victim in ("acting guard", HOST)
        if measured and not self._blow.hit and (beat := self._acting_beat()) is not None:
            self._hit_guard, self._stood_by = beat.member.guard, self._standby_beats()
        self._blow.look(self)
        if measured and self._blow.hit:
            self._take_over()
        time.sleep(POLL)

    def _take_over(self) -> None:
        """See whether another guard than the victim acts, and since when."""
        beat, now = self._acting_beat(), time.time()
        if beat is not None and beat.member.guard != self._hit_guard and now - beat.age > self._blow.hit:
            self._takeover = round(now - beat.age - self._blow.hit, 2)

    def _standby_beats(self) -> bool:
        try:
            return any(not beat.acting and beat.age < GUARD_SILENT for beat in self.run.book.beats())
        except GoLiveError:
            return False

    def _acting_beat(self) -> Beat | None:
        try:
            return acting_beat(self.run.book.beats())
        except GoLiveError:
            return None

    def _closed(self) -> bool:
        try:
            return bool(self.run.state().closed)
        except GoLiveError:
            return False

    def _stopped(self) -> str:
        """Close the run from outside; give by what it was closed, "" when it could not be."""
        self._operator.kill()
        command = [sys.executable, "-m", "golive.cli", "stop", str(self.run.folder.root)]
        try:
            subprocess.run(command, capture_output=True, timeout=STOPPED_WITHIN, check=False)
        except subprocess.TimeoutExpired:
            return ""
        return "golive stop" if self._closed() else ""

    def _left(self) -> int:
        """End what is left of the run, and give how many guards were."""
        until = time.time() + 3.0
        while ours(self.run.folder.root) and time.time() < until:
            time.sleep(POLL)
        left = ours(self.run.folder.root)
        end(left)
        self._operator.kill()
        self._operator.join()
        return len(left)

    def _found(self) -> dict[str, Any]:
        self.watch.routed(time.time(), self.site.moves(self.began))
        stuck, archive = "", []
        try:
            archive = self._sealed()
        except (GoLiveError, OSError) as error:
            stuck = repr(error)[:300]
        root, journal, hit = self.run.folder.root, self.told.journal.read_text(), self._blow.hit
        entries = entries_of((root / "record.jsonl").read_bytes()) if not stuck else []
        wrong = [] if stuck else lies(entries, self.watch.moves, self._blow.forced, self._knows(entries))
        return {
            "seed": self._seed,
            "code": _commit(),
            "load": round(os.getloadavg()[0], 1),
            "run": root.name,
            "ending": self._ending,
            "instant": round(hit - self.began, 2) if hit else None,
            "during": _during(journal, hit),
            "thaw": self._blow.thaw,
            "unguarded": round(self.watch.unguarded(self._arrivals), 2),
            "takeover": self._takeover,
            "stood_by": self._stood_by,
            "safe": self._safe(),
            "lost": [] if stuck else [*broken(entries), *lost(entries, journal)],
            "lies": [*archive, *wrong],
            "stuck": stuck,
            "claim": self.site.claim(),
            "result": self.run.state().closed if not stuck else "",
            "seconds": round(time.time() - self.began, 1),
        }

    def _sealed(self) -> list[str]:
        """Seal the archive, with an index that holds no picture, and say what does not fit in it."""
        from golive import sealing

        vars(sealing)["index_html"] = lambda **_: "<html></html>"
        if not (self.run.folder.root / "SEAL").exists():
            sealing.seal_run(self.run)
        found = verify(self.run.folder.root)
        return [] if found.standing is Standing.CONSISTENT else [f"archive {found.standing}: {found.why}"]

    def _knows(self, entries: Sequence[dict[str, Any]]) -> bool:
        """Say whether the router's log was read after the run had been closed."""
        closed = [datetime.fromisoformat(e["at"]).timestamp() for e in entries if e["kind"] == "run-closed"]
        return bool(closed) and any(answered and at > closed[0] for at, answered in self.watch.known)

    def _safe(self) -> float | None:
        """Give the seconds from what happened to the next 0 % in the router's log, where that was asked for."""
        hit = self._blow.hit
        if not hit or self._cell.victim not in (*TROUBLES, LATE):
            return None
        after = [at for at, share, _ in self.watch.moves if at > hit and share == 0.0]
        return round(after[0] - hit, 2) if after else None


def _ending(cell: Cell, draw: random.Random) -> str:
    drawn = draw.choice(list(ENDINGS))
    if cell.victim in (*TROUBLES, OTHER, HOST):
        return "through"
    if cell.victim == LATE:
        return "lingering"
    if cell.point.startswith("rollback"):
        return "back" if "request" in cell.point else draw.choice(("back", "sick"))
    return drawn


def _commit() -> str:
    """Give the commit whose code is measured, "" where there is none."""
    asked = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return asked.stdout.strip()


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
