"""The command that shows where runs stand."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from golive.cli.main import clear, main, runs_option, store_option
from golive.core.errors import GoLiveError


@main.command()
@click.argument("run", required=False)
@click.option("--all", "everything", is_flag=True, help="Show every run that is closed, too.")
@runs_option
@store_option
@clear
def status(run: str | None, everything: bool, runs: Path | None, variable: str | None) -> None:
    """Show where runs stand: all on one screen, or one RUN in more detail."""
    if variable is None:
        _show(run, everything, runs)
        return
    from golive import stored
    from golive.adapters.clocks import SystemClock

    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:  # nothing is made on this host but what is gone at the end
        for name in [run] if run else stored.shared_runs(variable, clock, everything):
            stored.join(name, variable, clock, Path(folder))
        _show(run, everything, Path(folder))


def _show(run: str | None, everything: bool, runs: Path | None) -> None:
    from golive.folders import find_run, runs_root
    from golive.overview import overview, overviews
    from golive.pages.overview import screen, whole

    if run:
        one = overview(find_run(run, runs).root)
        if one.trouble:
            raise GoLiveError(f"{one.trouble}\nNEXT     {one.then}")
        click.echo(whole(one))
        return
    root = (runs or runs_root()).resolve()
    found = overviews(root)
    click.echo(screen(found, everything) if found else f"no run in {root}\nNEXT  golive rehearse")
