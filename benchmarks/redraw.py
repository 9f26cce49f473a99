"""What a redraw of a soak's chart costs the kernel, and what is left of it in the notebook's file, after 20 minutes.

`python -m benchmarks.redraw`. Simulated samples of 1200 seconds, then 50 redraws two seconds apart; CPU is the whole
answer's: reading the new samples, drawing, PNG and base64.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.notebooks.desk import look, make_run, shifted_and_proven, verdict

from golive.core.record import Kind
from golive.core.samples import Sample, Tally, Version
from golive.core.verdict import Word
from golive.notebook import soak as module
from golive.notebook.desk import Desk
from golive.pages.answer import Answer
from golive.ports import LookNote

PHASE = "canary-25"
SOAK, REDRAWS, APART = 1200, 50, 2


def counted(run: Any, begun: int, seconds: int) -> None:
    """Let the guard have written so many seconds more."""
    rows = [
        Sample(1.7e9 + n, float(n), 1.0, version, Tally(80, n % 2, over={500: n % 7}), phase=PHASE)
        for n in range(begun, begun + seconds)
        for version in Version
    ]
    note = LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", dict(run.book.last_look().body))
    run.book.add(rows, note, 1)


def size(answer: Answer) -> int:
    """Give the bytes that an answer takes in a notebook's file."""
    return len(json.dumps(answer._repr_mimebundle_()))


def main() -> None:
    """Measure and print."""
    module.attended, module.REDRAW = lambda: True, 0.0  # a person looks, and each look is drawn
    run = make_run(Path(tempfile.mkdtemp()))
    run.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, PHASE)
    shifted_and_proven(run)
    look(run, verdict(Word.HOLD, "21 s of soak are left", left=21.0))
    counted(run, 0, SOAK)
    soak, cost, shown = module.Soak(Desk(run), PHASE), [], 0
    soak._progress()
    for begun in range(SOAK, SOAK + REDRAWS * APART, APART):
        counted(run, begun, APART)
        since = time.process_time()
        shown = size(soak._progress())
        cost.append(1000 * (time.process_time() - since))
    body = {"word": "PROCEED", "reason": "fine", "seconds": float(SOAK), "at": "2026-01-01T00:20:00Z"}
    run.append(Kind.SOAKED, body, PHASE)
    ended = size(asyncio.run(soak.watch(lambda: None)))
    print(f"redraw: {median(cost):.0f} ms CPU in the median, {max(cost):.0f} ms at most, of {REDRAWS}")
    print(f"in the file: {shown / 1000:.0f} kB while it soaks, {ended / 1000:.0f} kB at its end")


if __name__ == "__main__":
    main()
