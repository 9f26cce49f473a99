"""Seconds from reopening a page to the whole picture, in a run whose watch has gone on for 24 h.

The run is made on disk as a guard would have left it: a sample of each version each second, a look and a trace each
second, a digest each minute. Then a fresh process opens the page, as a restarted kernel does:
`chart` is the first one, `again` each that follows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import sqlalchemy as sa

from golive import wiring
from golive.adapters.clocks import SystemClock, boot_id
from golive.adapters.stores.looks import MINUTES, SAMPLES, TRACE, to_json
from golive.core.record import Kind
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.core.thinning import summed
from golive.run import Run

HOURS = 24
EDGES = (50, 100, 200, 300, 400, 500, 750, 1000, 2000)
OPENED = """
import json, sys, time
if sys.argv[2:]:
    from golive.runner.preload import load_ipython_extension
    load_ipython_extension(None)
begun, spent = time.perf_counter(), time.process_time()
from golive.notebook.opening import open_phase
page = open_phase("sandbox", "watch", sys.argv[1], "ada")
page._repr_mimebundle_()
banner = time.perf_counter() - begun
from golive.notebook.soak import Soak
soak = Soak(page, "watch")
soak._draw()
first = time.perf_counter() - begun
soak._draw()
print(json.dumps({"banner": banner, "chart": first - banner, "again": time.perf_counter() - begun - first,
    "of the processor in all": time.process_time() - spent}))
"""


def made(root: Path, hours: int = HOURS) -> Run:
    """Give a run in the middle of its watch, of so many hours."""
    run = wiring.make_run("sandbox", "ada", runs=root)
    for phase in run.plan.phases[:-2]:
        run.append(Kind.PHASE_ASSUMED, {"why": "a benchmark"}, phase.name)
    run.append(Kind.PHASE_OPENED, {"notebook": "06_watch_24h", "operator": "ada"}, "watch")
    for minute in range(hours * 60):
        run.append(Kind.DIGEST, {"minute": f"minute {minute}", "rows": 120, "sha256": "0" * 64})
        if minute % 20 == 0:
            run.append(Kind.VERDICT, {"word": "HOLD", "hold": "between", "reason": "the soak is not over"}, "watch")
    _samples(run, hours * 3600)
    return run


def _samples(run: Run, seconds: int) -> None:
    now, at, boot = time.time(), SystemClock().monotonic(), boot_id()
    over = {edge: 200 // (edge // 50) for edge in EDGES}
    evidence = json.dumps({"failed": [0.5, 0.4], "over_1000ms": [0.1, 0.3]})
    rows, traces, minutes = [], [], defaultdict(list)
    for number in range(seconds):
        second = now - seconds + number
        for version in Version:
            tally = Tally(340, number % 3, 1, 0, over)
            routes = {"checkout": Tally(7, 0, over={1000: 0})}
            one = Sample(second, at - seconds + number, 1.0, version, tally, Gauges(0.2, 0.3), "watch", 1.0, routes)
            rows.append({"run": "", "row": len(rows) + 1, "boot": boot, "text": json.dumps(to_json(one))})
            minutes[int(second // 60), version.value].append(one)
        utc = "2026-01-01T00:00:00.000Z"
        traces.append({"run": "", "row": number + 1, "utc": utc, "phase": "watch", "text": evidence})
    sums = [
        {"run": "", "phase": "watch", "minute": minute, "version": version, "text": json.dumps(to_json(summed(parts)))}
        for (minute, version), parts in minutes.items()
    ]
    with sa.create_engine(f"sqlite:///{run.folder.book}").begin() as connection:
        for table, many in ((SAMPLES, rows), (TRACE, traces), (MINUTES, sums)):
            connection.execute(table.insert(), many)


def main() -> None:
    """Print the seconds of five reopenings."""
    with tempfile.TemporaryDirectory() as place:
        run = made(Path(place))
        for how in ((), ("warm",)):
            print("a warm kernel, as golive open has it" if how else "a kernel that has imported nothing yet")
            for _ in range(5):
                print(_reopened(run, *how))


def _reopened(run: Run, *how: str) -> str:
    command = [sys.executable, "-c", OPENED, str(run.folder.root), *how]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in told.items())


if __name__ == "__main__":
    main()
