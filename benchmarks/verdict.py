"""Measure the verdict on simulated go-lives, beside the field's rules on the same visitors.

`python -m benchmarks.verdict` runs every cell on two processes and renders the tables; `--runs` is
the number of go-lives in each cell of false rollback (fewer elsewhere, as each table says).
"""

from __future__ import annotations

import json
import multiprocessing
import re
import sys
import time
from pathlib import Path
from typing import Any

import click
from benchmarks.cells import Cell, cells
from benchmarks.cost import measure_cost
from benchmarks.measuring import measure
from benchmarks.tables import TABLES, render

SEED, RUNS, WORKERS = 20260101, 4000, 2
BETWEEN = re.compile(r"(<!-- tables: begin -->\n).*(<!-- tables: end -->)", re.S)


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="Go-lives in each cell of false rollback.")
@click.option("--table", "tables", multiple=True, type=click.Choice(list(TABLES)), help="Run this table only.")
@click.option("--seed", default=SEED, show_default=True, help="All cells' seeds come from it.")
@click.option("--results", default="docs/verdict.json", show_default=True, type=click.Path(path_type=Path))
@click.option("--resume", is_flag=True, help="Leave out cells whose results are there already.")
@click.option("--render", "rendered", is_flag=True, help="Run nothing; render the results there are.")
@click.option("--write", type=click.Path(path_type=Path, exists=True), help="Write the tables between its marks.")
def main(
    runs: int,
    tables: tuple[str, ...],
    seed: int,
    results: Path,
    resume: bool,
    rendered: bool,
    write: Path | None,
) -> None:
    """Run the cells, keep their results as JSON, and show the tables."""
    began = time.monotonic()
    known: dict[str, Any] = json.loads(results.read_text()) if results.exists() else {}
    if not rendered:
        chosen = tables or tuple(TABLES)
        wanted = [cell for table in chosen for cell in cells(runs) if cell.table == table]
        if resume:
            wanted = [cell for cell in wanted if not _is_there(cell, seed, known)]
        if "cost" in chosen:
            click.echo("cost: one look, a day, memory", err=True)
            known = {**known, "cost": measure_cost(seed)}
        known = measured(known, wanted, seed, results)
        click.echo(f"took {(time.monotonic() - began) / 60:.1f} min, seed {seed}", err=True)
    text = render(known, tables or tuple(TABLES))
    if write is None:
        click.echo(text)
    else:
        written(write, text)


def measured(known: dict[str, Any], chosen: list[Cell], seed: int, results: Path) -> dict[str, Any]:
    """Give the results with those of these cells measured anew; they are kept after each cell."""
    began = time.monotonic()
    _keep(results, known)
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        jobs = pool.imap_unordered(_measured, [(cell, seed) for cell in chosen])
        for number, (name, found) in enumerate(jobs, 1):
            known = {**known, name: found}
            _keep(results, known)
            spent = (time.monotonic() - began) / 60
            note = f"{spent:5.1f} min  {number}/{len(chosen)}  {name}: {found['runs']} runs, seed {found['seed']}"
            print(f"{note}, {found['seconds']} s", file=sys.stderr, flush=True)
    return known


def written(path: Path, text: str) -> None:
    """Put the tables between the document's two marks.

    Raises:
        click.ClickException: when the document lacks the marks.
    """
    document = path.read_text()
    if not BETWEEN.search(document):
        raise click.ClickException(f"{path}: it has no lines '<!-- tables: begin -->' and '<!-- tables: end -->'")
    path.write_text(BETWEEN.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", document))


def _measured(job: tuple[Cell, int]) -> tuple[str, dict[str, Any]]:
    cell, seed = job
    return cell.name, measure(cell, seed)


def _is_there(cell: Cell, seed: int, known: dict[str, Any]) -> bool:
    found = known.get(cell.name, {})
    return found.get("runs") == cell.runs and found.get("seed") == cell.seed(seed)


def _keep(results: Path, known: dict[str, Any]) -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(_rounded(known[name]))}" for name in sorted(known)]
    whole = results.with_suffix(".new")
    whole.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    whole.replace(results)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
