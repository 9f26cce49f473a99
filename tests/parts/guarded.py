"""A run on a real sandbox with its pair of guards, without pages and runner: what is killed is killed for real."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import psutil

from golive import rescue, wiring
from golive.adapters.presence import hold
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.folders import MARKER
from golive.plans import packaged
from golive.ports import Beat, Split
from golive.run import Run
from golive.start import Start

QUICK = "quick"
SILENT = 2.0
WITHIN = 30.0


class GuardedRun:
    """A run at 5 % on the canary, whose guards count as silent after two seconds; `GOLIVE_HOME` names its folder."""

    def __init__(self, folder: Path, silent: float = SILENT) -> None:
        text = packaged()["sandbox"]
        assert "guard_silent: 5s" in text and "baseline: 6s" in text
        text = text.replace("guard_silent: 5s", f"guard_silent: {silent:g}s").replace("baseline: 6s", "baseline: 2s")
        assert "\nworld: sandbox\n" in text
        text = text.replace("\nworld: sandbox\n", "\nworld: {driver: sandbox, settings: {rate: 40, calm: yes}}\n")
        (folder / "params").mkdir()
        (folder / MARKER).write_text("")
        (folder / "params" / f"{QUICK}.yaml").write_text(text.replace("name: sandbox", f"name: {QUICK}"))
        self.silent = silent
        self.run: Run = wiring.make_run(QUICK, "ada", alone=True, runs=folder / "runs")
        for phase in ("preflight", "canary-1", "canary-5"):
            self.run.append(Kind.PHASE_ASSUMED, {"why": "a test of its guards"}, phase)
        self.run.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, "canary-25")
        self._presence = hold(self.run.folder.operators, "ada")
        start = Start(self.run)
        start.begin()
        start.await_world()
        start.await_guard()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self.run.store.read())

    def of(self, kind: Kind) -> list[dict]:
        return [entry.body for entry in self.entries if entry.kind is kind]

    def until(self, said, within: float = WITHIN):
        """Wait until `said()` gives something true, and give it with the seconds that it took."""
        begun = time.monotonic()
        while time.monotonic() - begun < within:
            found = said()
            if found:
                return found, time.monotonic() - begun
            time.sleep(0.05)
        raise AssertionError(f"it did not come to be within {within} s; {self.log()}")

    def log(self) -> str:
        return (self.run.folder.logs / "guard.log").read_text()[-2000:]

    def acting(self) -> Beat | None:
        return next((beat for beat in self.run.book.beats() if beat.acting and beat.age < self.silent), None)

    def standby(self) -> Beat | None:
        return next((beat for beat in self.run.book.beats() if not beat.acting and beat.age < self.silent), None)

    def pair(self) -> tuple[Beat, Beat]:
        """Give the acting guard and the standby, once both live."""
        self.until(lambda: self.acting() and self.standby())
        acting, standby = self.acting(), self.standby()
        assert acting and standby
        return acting, standby

    def send(self, beat: Beat, number: signal.Signals) -> None:
        os.kill(beat.member.pid, number)

    def share(self) -> float:
        """Give the split that the router itself shows."""
        split, _ = self.until(self._split, WITHIN)
        assert isinstance(split, Split)
        return split.share

    def _split(self) -> Split | None:
        split = asyncio.run(rescue.router_of(self.run.folder).read())
        return split if isinstance(split, Split) else None

    def end(self) -> None:
        """Close the run, and leave no process behind."""
        if not fold(self.entries).closed:
            self.run.append(Kind.RUN_CLOSED, {"result": "abandoned", "why": "the test is over"})
        until = time.monotonic() + 8
        while time.monotonic() < until and guards_of(self.run):
            time.sleep(0.05)
        for process in guards_of(self.run):
            process.kill()
        wiring.world(self.run).stop()
        self._presence.release()


def guards_of(run: Run) -> list[psutil.Process]:
    """Give the processes of this run's guards."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = process.info["cmdline"] or ()
        if "guard" in command and str(run.folder.root) in command and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found
