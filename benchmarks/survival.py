"""What survives when processes are killed and frozen: real processes, real signals, and nobody told beforehand.

`python -m benchmarks.survival` lets one run after another lose a process at a seeded instant, or at each boundary
between an intent, its act and its outcome, and holds what is left of it against what was seen from outside.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import httpx
from benchmarks.survival_apart import Apart
from benchmarks.survival_cells import Cell, apart, boundaries, databases, instants, notebooks, troubles
from benchmarks.survival_pages import Rehearsals
from benchmarks.survival_stack import NotMeasured, SharedStack, Stack
from benchmarks.survival_trial import Trial, bad

SEED = 20260301
Results = dict[str, list[dict[str, Any]]]


class Kept:
    """Results by cell, written anew after each repetition, whole or not at all; shared by the lanes."""

    def __init__(self, place: Path, jobs: Sequence[tuple[Cell, int]], seconds: float) -> None:
        self._place, self._until, self._lock = place, time.monotonic() + seconds, threading.Lock()
        self.hosts = threading.Lock()  # the two hosts have names and addresses that this machine has once
        self.known: Results = json.loads(place.read_text()) if place.exists() else {}
        there = {(name, found["number"]) for name, rows in self.known.items() for found in rows}
        self._jobs = iter([(cell, number) for cell, number in jobs if (cell.name, number) not in there])

    def next(self) -> tuple[Cell, int] | None:
        """Give what is to be measured next; None when all is, or the time is over."""
        with self._lock:
            return next(self._jobs, None) if time.monotonic() < self._until else None

    def keep(self, cell: Cell, found: dict[str, Any]) -> None:
        """Take in one repetition."""
        with self._lock:
            self.known.setdefault(cell.name, []).append(found)
            blocks = []
            for name in sorted(self.known):
                rows = ",\n".join(f"  {json.dumps(row)}" for row in self.known[name])
                blocks.append(f"{json.dumps(name)}: [\n{rows}\n]")
            draft = self._place.with_suffix(".new")
            draft.write_text("{\n" + ",\n".join(blocks) + "\n}\n")
            draft.replace(self._place)
            said = "; ".join(bad(found)) or "ok"
            click.echo(f"{cell.name} {found['number']}: {found['result']}, {found['seconds']:.0f} s, {said}", err=True)


def jobs(runs: int, points: int, others: int) -> Iterator[tuple[Cell, int]]:
    """Give every repetition of every cell, a round of all before the next."""
    for number in range(max(runs, points, others)):
        yield from ((cell, number) for cell in instants() if number < runs)
        yield from ((cell, number) for cell in boundaries() if number < points)
        yield from ((cell, number) for cell in (*notebooks(), *troubles(), *databases(), *apart()) if number < others)


def needs(cell: Cell) -> type[Stack]:
    """Give what a cell's runs are measured on."""
    return Apart if cell in apart() else SharedStack if cell in databases() else Stack


def lane(folder: Path, name: str, kept: Kept, seed: int) -> None:
    """Measure one job after another, on one stack for as long as it is whole."""
    rehearsals, job = Rehearsals(folder, f"{name}-pages"), kept.next()
    while job is not None:
        needed = needs(job[0])
        with kept.hosts if needed is Apart else contextlib.nullcontext(), needed(folder, name) as stack:
            while job is not None and stack.whole and needed is needs(job[0]):
                cell, number = job
                place = rehearsals if cell in notebooks() else stack
                try:
                    found = Trial(place, cell, cell.seed(seed, number)).measure()
                except (httpx.HTTPError, NotMeasured) as error:
                    click.echo(f"{cell.name} {number}: not measured: {error!r}", err=True)
                    job = kept.next()
                    break
                kept.keep(cell, {"number": number, **found})
                job = kept.next()


def measure(folder: Path, lanes: int, kept: Kept, seed: int) -> None:
    """Measure all jobs, in so many lanes at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["GOLIVE_HOME"] = str(folder)
    names = [f"survival-{number}" for number in range(lanes)]
    threads = [threading.Thread(target=lane, args=(folder, name, kept, seed)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@click.command()
@click.option("--runs", default=10, show_default=True, help="Repetitions of each victim and signal.")
@click.option("--points", default=1, show_default=True, help="Repetitions of each boundary and signal.")
@click.option("--others", default=3, show_default=True, help="Repetitions of what needs pages, or harms the machine.")
@click.option("--only", default="", help="Only cells whose name contains this.")
@click.option("--seconds", default=float("inf"), help="Begin nothing more after so many seconds.")
@click.option("--seed", default=SEED, show_default=True, help="All repetitions' seeds come from it.")
@click.option("--lanes", default=1, show_default=True, help="How many runs go on at the same time.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where runs are made and left; else a temporary one.")
@click.option("--results", default="docs/survival.json", show_default=True, type=click.Path(path_type=Path))
@click.option("--render", "rendered", is_flag=True, help="Run nothing; render the results there are.")
@click.option("--write", type=click.Path(path_type=Path, exists=True), help="Write the tables between its marks.")
def main(
    runs: int,
    points: int,
    others: int,
    only: str,
    seconds: float,
    seed: int,
    lanes: int,
    folder: Path | None,
    results: Path,
    rendered: bool,
    write: Path | None,
) -> None:
    """Run what is not there yet, keep results as JSON, and show the tables."""
    from benchmarks.survival_tables import render
    from benchmarks.verdict import written

    kept = Kept(results, [job for job in jobs(runs, points, others) if only in job[0].name], seconds)
    if not rendered:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
            measure(folder or Path(made), lanes, kept, seed)
    text = render(kept.known)
    if write is None:
        click.echo(text)
    else:
        written(write, text)


if __name__ == "__main__":
    main()
