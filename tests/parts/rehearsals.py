"""One rehearsal as a process of its own, and what is left of it."""

import re
import subprocess
import sys
import time

import psutil

from golive.adapters.clocks import SystemClock
from golive.adapters.stores.sqlite import SqliteStore


class Rehearsal:
    """One `golive rehearse` in a process of its own."""

    def __init__(self, runs, plan, *arguments):
        self.log = runs / "log"
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "golive.cli", "rehearse", plan, "--runs", str(runs), *arguments]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.runs, self.plan = runs, plan

    @property
    def root(self):
        return next(iter(self.runs.glob(f"*-{self.plan}")))

    def says(self, pattern, seconds=120):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if re.search(pattern, self.log.read_text()):
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.2)
        raise AssertionError(f"{pattern} was not said: {self.log.read_text()}")

    def end(self):
        return self.process.wait(300)


def ours(root):
    """Give the processes that belong to a run."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(root) in part for part in process.info["cmdline"] or ()):
            found.append(process)
    return found


def read_entries(root):
    """Give the entries of a run that may be under way."""
    return SqliteStore(root / "work" / "record.db", code="t", plan="p", clock=SystemClock()).read()
