"""How much a rehearsal takes beside its soaks: whole rehearsals, and the plain papermill command on the same pages.

Usage: benchmarks/rehearsal.py [REPETITIONS [--rehearsals-only]]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

import nbformat

from golive.adapters.clocks import SystemClock
from golive.adapters.stores.sqlite import SqliteStore
from golive.archive.verify import read_record
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.core.state import State
from golive.folders import project
from golive.plans import load, notebook


def seconds(utc: str) -> float:
    """Give a moment of the record in seconds."""
    return datetime.fromisoformat(utc).timestamp()


def soaked(state: State, phase: str) -> float:
    """Give how long a phase was soaked: from the shift, or the phase's opening, to the guard's word that it is over."""
    here = state.named(phase)
    if here.soaked is None:
        return 0.0
    begun = here.shift.ended_at if here.shift is not None else here.opened_at
    return seconds(here.soaked["at"]) - seconds(begun)


def baseline(entries: Sequence[Entry]) -> float:
    """Give how long the preflight waited for what is normal: from its checks to the baseline."""
    checked = next((e.at for e in entries if e.kind is Kind.CHECKED and e.phase == "preflight"), "")
    seen = next((e.at for e in entries if e.kind is Kind.BASELINE and e.phase == "preflight"), "")
    return max(0.0, seconds(seen) - seconds(checked)) if checked and seen else 0.0


def page_seconds(path: Path) -> float:
    """Give how long papermill took for an executed page, its kernel's start included."""
    return float(nbformat.read(path, as_version=4).metadata.papermill.duration)


PARTS = {  # what a code cell asks for, and the part of a page's time that it is counted under
    "go.checks()": "checks",
    "go.phase_checks()": "checks",
    "go.shift()": "shift",
    "go.judge()": "judging",
}


def parts(path: Path, soaked_at: str) -> dict[str, float]:
    """Give what a page's seconds beside its soak were spent on; `view` is from the soak's end to its cell's end."""
    nb = nbformat.read(path, as_version=4)
    cells = [c for c in nb.cells if c.cell_type == "code"]
    spent = dict.fromkeys(("kernel", "checks", "shift", "view", "judging"), 0.0)
    spent["kernel"] = seconds(cells[0].metadata.papermill.start_time) - seconds(nb.metadata.papermill.start_time)
    spent["kernel"] += cells[0].metadata.papermill.duration  # the first cell waits for the kernel's first answer
    for cell in cells:
        name = next((name for call, name in PARTS.items() if call in cell.source), "")
        if name:
            spent[name] += cell.metadata.papermill.duration
        if "go.soak()" in cell.source and soaked_at:
            spent["view"] = seconds(cell.metadata.papermill.end_time) - seconds(soaked_at)
    return spent


def rehearse(runs: Path) -> dict[str, float]:
    """Rehearse once; give seconds by what they were spent on."""
    began = time.time()
    command = [sys.executable, "-m", "golive.cli", "rehearse", "--runs", str(runs)]
    subprocess.run(command, check=True, capture_output=True)
    ended = time.time()
    (root,) = runs.glob("*-sandbox")
    entries = read_record(root / "record.jsonl")
    state = fold(entries)
    pages = {e.body["notebook"]: e for e in entries if e.kind is Kind.PAGE}
    took, soaks = {}, 0.0
    for phase in state.phases:
        soak = soaked(state, phase.name) + (baseline(entries) if phase.name == "preflight" else 0.0)
        page = root / "notebooks" / f"{phase.notebook}.ipynb"
        took[phase.notebook] = page_seconds(page) - soak
        soaked_at = phase.soaked["at"] if phase.soaked else ""
        took |= {f"{phase.notebook} {part}": spent for part, spent in parts(page, soaked_at).items()}
        soaks += soak
    first = next(e for e in entries if e.kind is Kind.PHASE_OPENED)
    last = seconds(list(pages.values())[-1].at)
    stopped = seconds(next(e.at for e in reversed(entries) if e.kind is Kind.GUARD_STOPPED))
    took["whole rehearsal"] = ended - began
    took["soaks and baseline"] = soaks
    took["start, to the first page's opening"] = seconds(first.at) - began
    took["end, to the guard's end"] = stopped - last
    took["sealing and leaving"] = ended - stopped
    return took


def alone(name: str, runs: Path) -> dict[str, float]:
    """Open one page alone with the plain papermill command; give its seconds less its soak and its world's end."""
    (runs / "golive.toml").write_text("")
    (runs / "page.ipynb").write_text(notebook(name))
    began = time.time()
    command = [sys.executable, "-m", "papermill", "page.ipynb", "out.ipynb"]
    subprocess.run(command, check=True, capture_output=True, cwd=runs)
    took = time.time() - began
    (root,) = (runs / "runs").glob("*-sandbox")
    entries = SqliteStore(root / "work" / "record.db", code="", plan="", clock=SystemClock()).read()
    state = fold(entries)
    opened = next(e for e in entries if e.kind is Kind.PHASE_OPENED)
    beat = next(e for e in entries if e.kind is Kind.RUN_OPENED)
    soak = soaked(state, opened.phase) + baseline(entries)
    closing = next((e for e in entries if e.kind is Kind.RUN_CLOSED), entries[-1])
    gone = next((e for e in entries if e.kind is Kind.GUARD_STOPPED), entries[-1])
    world = seconds(opened.at) - seconds(beat.at) + seconds(gone.at) - seconds(closing.at)
    return {name: took - soak, f"{name} without world": took - soak - world}


def medians(rounds: Iterable[dict[str, float]]) -> dict[str, float]:
    """Give the median of each name."""
    by_name: dict[str, list[float]] = defaultdict(list)
    for one in rounds:
        for name, value in one.items():
            by_name[name].append(value)
    return {name: median(values) for name, values in by_name.items()}


def main(times: int, beside: bool) -> None:
    """Print the tables; `beside` opens every page alone too, by the plain command."""
    rounds, plain = [], []
    names = [phase.notebook for phase in load("sandbox", project())[0].phases]
    for number in range(times):
        print(f"round {number + 1} of {times}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as runs:
            rounds.append(rehearse(Path(runs)))
        for name in names if beside else ():
            with tempfile.TemporaryDirectory() as runs:
                plain.append(alone(name, Path(runs)))
    rehearsed, command = medians(rounds), medians(plain)
    columns = ("kernel", "checks", "shift", "view", "judging")
    print(f"medians of {times}, seconds, soaks and baseline subtracted; shift and view wait for the guard's next look")
    print(f"{'notebook':<18}{'rehearsed':>10}", *(f"{column:>8}" for column in columns), f"{'other':>8}", end="")
    print(f"{'papermill command':>20}{'… less its world':>18}" if beside else "")
    for name in names:
        spent = [rehearsed[f"{name} {column}"] for column in columns]
        spent.append(rehearsed[name] - sum(spent))
        print(f"{name:<18}{rehearsed[name]:>10.2f}", *(f"{part:>8.2f}" for part in spent), end="")
        print(f"{command[name]:>20.2f}{command[f'{name} without world']:>18.2f}" if beside else "")
    pages = sum(rehearsed[name] for name in names)
    print(f"{'mean':<18}{pages / len(names):>10.2f}")
    for name, value in rehearsed.items():
        if not name.startswith(tuple(names)):
            print(f"{name:<36}{value:>8.2f}")
    around = rehearsed["whole rehearsal"] - rehearsed["soaks and baseline"] - pages
    print(f"{'all that is neither page nor soak':<36}{around:>8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, "--rehearsals-only" not in sys.argv)
