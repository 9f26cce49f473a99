"""The command by which a person, by name and with a reason, has something done to a release's deployments."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from golive.cli.main import Usage, clear, main, runs_option
from golive.core.errors import Stopped

ACTS = ("tag", "promote", "alias", "remove")


def person_there() -> bool:
    """Say whether this was typed in a terminal, and not by a script."""
    return sys.stdin.isatty()


@main.command()
@click.argument("act", type=click.Choice(ACTS))
@click.argument("run")
@click.argument("name")
@click.option("--because", required=True, help="Why.")
@click.option("--who", "person", required=True, help="Who wants it.")
@runs_option
@clear
def deployment(act: str, run: str, name: str, because: str, person: str, runs: Path | None) -> int:
    """Tag, promote, alias or remove, in a RUN, the NAME that is typed once more.

    NAME is a tag, the id of the deployment that serves production, a domain for the canary, or the id of stable's
    deployment. The guard does it while the run is open; stable's may go after the end, once no way back needs it.
    """
    from golive import wiring
    from golive.core.order import Step

    if not person.strip() or not any(letter.isalnum() for letter in because):
        raise Usage("--who and --because must say something, so nothing was done")
    opened, step = wiring.open_run(run, person, runs), Step(act)
    if step is Step.REMOVE:
        from golive.removal import remove

        result, seen = asyncio.run(remove(opened, name, because, person_there()))
        if result != "done":
            raise Stopped(f"{act} {name}: {result}: {seen}", "mend what it says, then the same again")
        click.echo(f"DONE  {act}: {seen}\nNEXT  golive verify {opened.folder.root}")
        return 0
    from golive.core.order import Stop, may
    from golive.core.state import State
    from golive.notebook import Desk
    from golive.notebook.deployments import carry_out

    def check(state: State) -> None:
        if state.phase is None and not state.closed:
            raise Stopped("no phase of this run is open", f"golive status {run}")
        allowed = may(state, step, state.phase.name if state.phase else "", opened.clock.moment(), opened.who.name)
        if isinstance(allowed, Stop):
            raise allowed.error()

    check(opened.state())
    phase = opened.state().phase
    desk = Desk(opened)
    try:
        said = carry_out(desk, step, name, because, phase.name if phase else "", check, attended=person_there())
        answer = asyncio.run(said)
    finally:
        desk.presence.release()
    click.echo(f"{answer.word}  {answer.headline}\nNEXT  golive status {opened.folder.name}")
    return 0
