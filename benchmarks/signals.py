"""How fast a rehearsal ends when it is told to: SIGTERM at several moments, seconds until each thing is done.

Usage: benchmarks/signals.py [REPETITIONS]
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from statistics import median

import psutil

from golive.archive.verify import read_record
from golive.core.record import Kind
from golive.runner import Exit

MOMENTS = {  # what the rehearsal has said, and how many seconds after that
    "while the world starts": ("run  ", 0.5),
    "in the preflight": ("world  ", 2.0),
    "between two pages": ("0 · ", 0.0),
    "in a soak": ("0 · ", 10.0),
}


def lives(process: psutil.Process) -> bool:
    """Say whether a process runs; a zombie has ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def once(said: str, wait: float, runs: Path) -> tuple[float, ...]:
    """End one rehearsal; give seconds to 0 % read back, to the run's closing, to the last process, and to the exit."""
    command = [sys.executable, "-m", "golive.cli", "rehearse", "--runs", str(runs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while not process.stdout.readline().startswith(said):
        pass
    time.sleep(wait)
    (root,) = runs.glob("*-sandbox")
    family = psutil.Process(process.pid).children(recursive=True)
    for other in psutil.process_iter(["cmdline"]):
        if any(str(root) in part for part in other.info["cmdline"] or ()):
            family += [other, *other.children(recursive=True)]
    began = time.time()
    process.send_signal(signal.SIGTERM)
    while any(lives(member) for member in family):
        time.sleep(0.02)
    gone = time.time() - began
    process.communicate()
    ended = time.time() - began
    assert process.returncode == Exit.TERMINATED, process.returncode
    entries = read_record(root / "record.jsonl")
    closed = next(e for e in entries if e.kind is Kind.RUN_CLOSED)
    back = next((e for e in entries if e.kind is Kind.INTENT and e.body["act"] == "rollback"), closed)
    return (*(datetime.fromisoformat(e.at).timestamp() - began for e in (back, closed)), gone, ended)


def main(times: int) -> None:
    """Print the table."""
    print(f"SIGTERM, medians of {times}, seconds from the signal on")
    print(f"{'moment':<26}{'visitors back':>14}{'run closed':>12}{'processes gone':>16}{'archive sealed':>16}")
    for moment, (said, wait) in MOMENTS.items():
        rows = []
        for _ in range(times):
            with tempfile.TemporaryDirectory() as runs:
                rows.append(once(said, wait, Path(runs)))
        back, closed, gone, ended = (median(column) for column in zip(*rows, strict=True))
        shown = f"{back:.1f}" if moment == "in a soak" else "–"
        print(f"{moment:<26}{shown:>14}{closed:>12.1f}{gone:>16.1f}{ended:>16.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
