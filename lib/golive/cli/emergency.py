"""The command that sends everybody back: it needs the run's folder, and nothing else of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from golive.cli.main import Usage, clear, main, runs_option, store_option
from golive.core.errors import GoLiveError, NameUnknown
from golive.folders import RunFolder


@main.command()
@click.argument("run")
@click.option("--because", required=True, help="What you saw.")
@runs_option
@store_option
@clear
def rollback(run: str, because: str, runs: Path | None, variable: str | None) -> int:
    """Send everybody of a RUN back to stable."""
    from golive import wiring
    from golive.alone import send_back_alone
    from golive.folders import find_run

    if not because.strip():
        raise Usage("--because is empty, so nobody was moved: say what you saw")
    folder = _joined(run, variable, runs) if variable else find_run(run, runs)
    opened, trouble = None, ""
    try:
        opened = wiring.open_run(str(folder.root), "")
    except GoLiveError as error:
        trouble = str(error).splitlines()[0]
    if opened is not None and opened.state().closed:
        click.echo(f"NOTHING DONE  {folder.name} was closed as {opened.state().closed}\nNEXT  golive status")
        return 1
    sent = asyncio.run(send_back_alone(folder, opened, because, "command line"))
    rolled = sent.rolled
    if sent.unrecorded:
        click.echo(f"it was not recorded: {trouble or sent.unrecorded}\nit is kept in {folder.late}", err=True)
    click.echo("ROLLED BACK  0 % read back" if rolled.done else f"NOT CONFIRMED  {rolled.why}")
    click.echo("NEXT  open 91_incident.ipynb" if rolled.done else f"NEXT  do what {folder.by_hand} says")
    return 0 if rolled.done else 1


def _joined(run: str, variable: str, runs: Path | None) -> RunFolder:
    """Give the folder of a run that a shared store keeps; the one made here before, where the store does not answer."""
    from golive import stored
    from golive.adapters.clocks import SystemClock
    from golive.folders import find_run

    try:
        return stored.join(run, variable, SystemClock(), runs)
    except NameUnknown:
        raise
    except GoLiveError as error:
        click.echo(str(error).splitlines()[0], err=True)
        return find_run(run, runs)
