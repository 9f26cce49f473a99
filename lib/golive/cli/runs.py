"""Commands about runs: how they end, and the guard's own process."""

from __future__ import annotations

import asyncio
import signal
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
def stop(run: str, runs: Path | None) -> None:
    """Roll a RUN back, close it, and end its guard and its world."""
    from golive import wiring
    from golive.notebook import Desk

    opened = wiring.open_run(run, "", runs)
    desk, state = Desk(opened), opened.state()
    if not state.closed:
        if state.canary_out and state.rollback is None:
            asyncio.run(desk.roll_back("stopped by golive stop", state.phase.name if state.phase else ""))
        desk.close_run("abandoned", "stopped by golive stop")
    else:
        desk.end()
    then = "verify" if (opened.folder.root / "SEAL").exists() else "seal"
    click.echo(f"stopped {opened.folder.name}\nNEXT  golive {then} {opened.folder.root}")


@main.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@clear
def guard(folder: Path) -> None:
    """Be a guard of the run in FOLDER: act when nobody does, else stand by."""
    from golive import wiring

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = wiring.open_run(str(folder), "guard", patience=wiring.GUARDS_PATIENCE)

    async def be_one() -> None:
        member = wiring.guard(run)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, member.hand_over)
        await member.run()

    asyncio.run(be_one())
