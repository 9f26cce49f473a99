"""The command that sends everybody back: it needs the run's folder, and nothing else of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from golive.cli.main import Usage, clear, main, runs_option
from golive.core.errors import GoLiveError


@main.command()
@click.argument("run")
@click.option("--because", required=True, help="What you saw.")
@runs_option
@clear
def rollback(run: str, because: str, runs: Path | None) -> int:
    """Send everybody of a RUN back to stable."""
    from golive import wiring
    from golive.adapters.clocks import SystemClock
    from golive.core.record import Kind
    from golive.engine.rollback import roll_back

    if not because.strip():
        raise Usage("--because is empty, so nobody was moved: say what you saw")
    folder = wiring.find_run(run, runs)
    opened, trouble = None, ""
    try:
        opened = wiring.open_run(str(folder.root), "")
    except GoLiveError as error:
        trouble = str(error).splitlines()[0]
    if opened is not None and opened.state().closed:
        click.echo(f"NOTHING DONE  {folder.name} was closed as {opened.state().closed}\nNEXT  golive status")
        return 1
    rolled = asyncio.run(roll_back(wiring.router_of(folder), SystemClock(), because))
    body = {"act": "rollback", "request": "", "because": because, "by": "command line"}
    verified = {"read_back": rolled.read_back, "seconds_to_safe": rolled.seconds, "tries": rolled.tries}
    result = "done" if rolled.done else "failed"
    ended = {**body, "result": result, "share": 0.0, "seen": rolled.why, "verified": verified}
    if opened is not None:
        intent = opened.append(Kind.INTENT, {**body, "late": True})
        opened.append(Kind.OUTCOME, {**ended, "intent": intent.id})
    else:
        _keep(folder, body, ended)
        click.echo(f"{trouble}\nso it was not recorded; it is kept in {folder.late}", err=True)
    click.echo("ROLLED BACK  0 % read back" if rolled.done else f"NOT CONFIRMED  {rolled.why}")
    click.echo("NEXT  open 91_incident.ipynb" if rolled.done else f"NEXT  do what {folder.by_hand} says")
    return 0 if rolled.done else 1


def _keep(folder: Any, intended: Mapping[str, Any], ended: Mapping[str, Any]) -> None:
    """Keep both entries beside a record that can't be written, to be taken in when it can."""
    from golive.adapters.stores.late import LateBox
    from golive.core.record import Draft, Kind
    from golive.provenance import who
    from golive.run import new_id

    box, intent = LateBox(folder.late), new_id()
    box.write(Draft(intent, Kind.INTENT, who(""), intended))
    box.write(Draft(new_id(), Kind.OUTCOME, who(""), {**ended, "intent": intent}))
