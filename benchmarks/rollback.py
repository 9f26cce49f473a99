"""How fast a sick canary is rolled back: from its first failed response to the last request that it gets.

`python -m benchmarks.rollback` measures it on a real HAProxy, with a guard in a process of its own for each
repetition; `--sandbox N` on N whole rehearsals in the sandbox instead.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from benchmarks.rollback_cells import SOURCES, Cell, cells
from benchmarks.rollback_once import Attempt, NotRolledBack
from benchmarks.rollback_stack import Stack

from golive.core.errors import GoLiveError

SEED, RUNS, BLOCK = 20260301, 20, 5
Results = dict[str, dict[str, list[Any]]]


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="Repetitions of each cell.")
@click.option("--source", "sources", multiple=True, type=click.Choice(list(SOURCES)), help="This metric source only.")
@click.option("--late", is_flag=True, help="Canaries that fail after half a minute of health, instead.")
@click.option("--seed", default=SEED, show_default=True, help="All repetitions' seeds come from it.")
@click.option("--results", default="docs/rollback.json", show_default=True, type=click.Path(path_type=Path))
@click.option("--resume", is_flag=True, help="Leave out repetitions whose results are there already.")
@click.option("--render", "rendered", is_flag=True, help="Run nothing; render the results there are.")
@click.option("--write", type=click.Path(path_type=Path, exists=True), help="Write the tables between its marks.")
@click.option("--sandbox", type=int, help="Rehearse so many times in the sandbox instead.")
def main(
    runs: int,
    sources: tuple[str, ...],
    late: bool,
    seed: int,
    results: Path,
    resume: bool,
    rendered: bool,
    write: Path | None,
    sandbox: int | None,
) -> None:
    """Run the repetitions, keep their results as JSON, and show the tables."""
    if sandbox is not None:
        from benchmarks.rollback_sandbox import rehearsed

        click.echo(rehearsed(sandbox))
        return
    from benchmarks.rollback_tables import render
    from benchmarks.verdict import written

    known: Results = json.loads(results.read_text()) if results.exists() else {}
    if not rendered:
        chosen = cells(sources or tuple(SOURCES), late)
        if not resume:
            known = {name: found for name, found in known.items() if name not in {cell.name for cell in chosen}}
        measure(known, chosen, runs, seed, results)
    text = render(known, seed)
    if write is None:
        click.echo(text)
    else:
        written(write, text)


def measure(known: Results, chosen: Sequence[Cell], runs: int, seed: int, results: Path) -> None:
    """Measure what is missing, a few rounds of one source after a few of the other, each on a fresh stack."""
    began = time.monotonic()
    for block in range(0, runs, BLOCK):
        for source in SOURCES:
            wanted = [
                (cell, number)
                for number in range(block, min(block + BLOCK, runs))
                for cell in chosen
                if cell.source == source and number not in _numbers(known, cell)
            ]
            while wanted:
                wanted = _on_one_stack(known, wanted, seed, results)
    click.echo(f"took {(time.monotonic() - began) / 60:.1f} min, seed {seed}", err=True)


def _on_one_stack(known: Results, wanted: list[tuple[Cell, int]], seed: int, results: Path) -> list[tuple[Cell, int]]:
    """Measure on one stack until all is measured or one comes to trouble; give what is left.

    While a rollback is verified, the next repetition's guard starts and learns what is normal.
    """
    left, before = list(wanted), None
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Stack(Path(folder), wanted[0][0].source) as stack,
    ):
        while left:
            cell, number = left.pop(0)
            attempt = Attempt(stack, cell, cell.seed(seed, number))
            trouble = _trouble(attempt.prepare)
            ended = before is None or _end(known, *before, results)
            if not ended and not trouble:
                return [(cell, number), *left]
            trouble = trouble or _trouble(attempt.measure)
            if trouble:
                _keep(known, cell, number, {"trouble": trouble}, results)
                return left
            before = (cell, number, attempt)
        if before is not None:
            _end(known, *before, results)
    return left


def _trouble(step: Callable[[], None]) -> str:
    """Take a step, and give what went wrong, "" when nothing did."""
    try:
        step()
    except (NotRolledBack, GoLiveError) as error:
        return str(error) or type(error).__name__
    return ""


def _end(known: Results, cell: Cell, number: int, attempt: Attempt, results: Path) -> bool:
    """Finish a repetition and keep what it came to; False when that was trouble."""
    try:
        found = attempt.finish()
    except (NotRolledBack, GoLiveError) as error:
        found = {"trouble": str(error)}
    _keep(known, cell, number, found, results)
    return "trouble" not in found


def _numbers(known: Results, cell: Cell) -> set[int]:
    return {found["number"] for found in known.get(cell.name, {}).get("repetitions", ())}


def _keep(known: Results, cell: Cell, number: int, found: dict[str, Any], results: Path) -> None:
    """Take in one repetition and write all results anew, whole or not at all."""
    known.setdefault(cell.name, {"repetitions": []})["repetitions"].append({"number": number, **found})
    blocks = []
    for name in sorted(known):
        rows = ",\n".join(f"  {json.dumps(one)}" for one in known[name]["repetitions"])
        blocks.append(f'{json.dumps(name)}: {{"repetitions": [\n{rows}\n]}}')
    draft = results.with_suffix(".new")
    draft.write_text("{\n" + ",\n".join(blocks) + "\n}\n")
    draft.replace(results)
    said = found.get("trouble") or f"{found['last'] - found['first_failed']:.2f} s, {found['failed']} failed"
    print(f"{cell.name} {number}: {said}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
