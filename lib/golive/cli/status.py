"""The command that shows where runs stand."""

from __future__ import annotations

from pathlib import Path

import click

from golive.cli.main import clear, main, runs_option
from golive.core.errors import GoLiveError


@main.command()
@click.argument("run", required=False)
@click.option("--all", "everything", is_flag=True, help="Show every run that is closed, too.")
@runs_option
@clear
def status(run: str | None, everything: bool, runs: Path | None) -> None:
    """Show where runs stand: all on one screen, or one RUN in more detail."""
    from golive import wiring
    from golive.folders import runs_root
    from golive.overview import overview, overviews
    from golive.pages.overview import screen, whole

    if run:
        one = overview(wiring.find_run(run, runs).root)
        if one.trouble:
            raise GoLiveError(f"{one.trouble}\nNEXT     {one.then}")
        click.echo(whole(one))
        return
    root = (runs or runs_root()).resolve()
    found = overviews(root)
    click.echo(screen(found, everything) if found else f"no run in {root}\nNEXT  golive rehearse")
