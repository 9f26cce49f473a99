"""Commands about runs: how they end, and the guard's own process."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from golive.cli.main import STORE_VARIABLE, clear, main, runs_option, store_option


@main.command()
@click.argument("run")
@runs_option
@store_option
@clear
def join(run: str, runs: Path | None, variable: str | None) -> None:
    """Make RUN's folder on this host, from the shared store that keeps it."""
    from golive import stored
    from golive.adapters.clocks import SystemClock

    folder = stored.join(run, variable or STORE_VARIABLE, SystemClock(), runs)
    click.echo(f"joined {folder.root}\nNEXT  golive status {run}, or golive guard {run} to let this host guard it, too")


@main.command()
@click.argument("run")
@runs_option
@clear
def stop(run: str, runs: Path | None) -> int:
    """Roll a RUN back, close it, and end its guard and its world."""
    from golive import wiring
    from golive.alone import release_alone
    from golive.notebook import Desk

    opened = wiring.open_run(run, "", runs)
    desk, state = Desk(opened), opened.state()
    if not state.closed:
        if state.canary_out and state.rollback is None:
            even_though = "this rehearsal ends" if opened.plan.own_world else ""
            phase = state.phase.name if state.phase else ""
            answer = asyncio.run(desk.roll_back("stopped by golive stop", phase, even_though))
            if answer.word == "ASKED ONCE MORE":
                click.echo(f"NOT STOPPED  {answer.headline}")
                click.echo(f'NEXT  golive rollback {run} --because "what you saw" --even-though "what you know"')
                return 1
        desk.close_run("abandoned", "stopped by golive stop")
    else:
        desk.end()
    if not opened.plan.own_world and opened.state().claimed and (said := asyncio.run(release_alone(opened.folder))):
        click.echo(said)
    then = "verify" if (opened.folder.root / "SEAL").exists() else "seal"
    click.echo(f"stopped {opened.folder.name}\nNEXT  golive {then} {opened.folder.root}")
    return 0


@main.command()
@click.argument("run")
@runs_option
@store_option
@clear
def guard(run: str, runs: Path | None, variable: str | None) -> None:
    """Guard RUN from this host: act when nobody does, else stand by; it ends with the run."""
    from golive import stored
    from golive.adapters.clocks import SystemClock
    from golive.folders import find_run
    from golive.member import be_guard

    folder = stored.join(run, variable, SystemClock(), runs) if variable else find_run(run, runs)
    if str(folder.root) != run:  # a guard is known by its command line, which names the run's folder
        os.execv(sys.executable, [sys.executable, "-m", "golive.cli", "guard", str(folder.root)])
    be_guard(folder.root)


@main.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@clear
def lines(folder: Path) -> None:
    """Look at watched lines for the guard of the run in FOLDER, as it asks for them on standard input."""
    from golive.looking import be_looking

    be_looking(folder)
