"""Commands about runs: where they stand, how they end, and the guard's own process."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from golive.cli.main import clear, main, runs_option
from golive.core.errors import GoLiveError
from golive.core.pair import acting_beat


@main.command()
@click.argument("run", required=False)
@runs_option
@clear
def status(run: str | None, runs: Path | None) -> None:
    """Show where runs stand."""
    from golive.folders import runs_root

    root = (runs or runs_root()).resolve()
    if run:
        click.echo(_stands(run, runs))
        return
    names = [path.parent.parent.name for path in sorted(root.glob("*/work/record.db"))]
    for name in names:
        try:
            click.echo(_stands(name, root))
        except GoLiveError as error:
            click.echo(f"{name}  UNREADABLE   {str(error).splitlines()[0]}")
    if not names:
        click.echo(f"no run in {root}\nNEXT  golive rehearse")


def _stands(name: str, runs: Path | None) -> str:
    from golive import wiring
    from golive.pages.words import percent

    opened = wiring.open_run(name, "", runs)
    state, beat = opened.state(), acting_beat(opened.book.beats())
    where = state.phase.title if state.phase else "no phase open"
    age = f"beat {beat.age:.0f} s ago" if beat else "no guard"
    verdict = str(state.verdict["word"]) if state.verdict else "–"
    sealed = " · sealed" if (opened.folder.root / "SEAL").exists() else ""
    guard = f"closed{sealed}" if state.closed else age
    ended = state.closed or "open"
    return f"{opened.folder.name}  {ended:<12} {where:<22} {percent(state.split):>8} on canary  {verdict:<9} {guard}"


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
    """Be the guard of the run in FOLDER."""
    from golive import wiring

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = wiring.open_run(str(folder), "guard")
    asyncio.run(wiring.guard(run).run())
