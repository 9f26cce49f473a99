"""The commands that send everybody back and give a router's claim back: they need a router, and nothing else."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import Any

import click

from golive.cli.main import Usage, clear, main, runs_option, store_option
from golive.core.errors import GoLiveError, NameUnknown
from golive.folders import RunFolder

BY = "command line"
router_option = click.option(
    "--router", help="Instead of a RUN: its work/router.json, a file like it, or the name of a plan."
)


@main.command()
@click.argument("run", required=False)
@click.option("--because", required=True, help="What you saw.")
@click.option("--even-though", default="", help="What you know that speaks for it, when you were asked once more.")
@router_option
@runs_option
@store_option
@clear
def rollback(
    run: str | None, because: str, even_though: str, router: str | None, runs: Path | None, variable: str | None
) -> int:
    """Send everybody of a RUN back to stable."""
    if not because.strip():
        raise Usage("--because is empty, so nobody was moved: say what you saw")
    if bool(run) == bool(router):
        raise Usage("one of RUN and --router was expected, so nobody was moved")
    if router:
        return asyncio.run(_by_router(router, because))
    return _by_run(_folder(str(run), variable, runs), because, even_though)


async def _by_router(named: str, because: str) -> int:
    from golive import rescue
    from golive.adapters.clocks import SystemClock
    from golive.alone import mine_of, send_back
    from golive.ports import Split

    kit = rescue.kit_named(named)
    router = rescue.router_of(kit)
    sent = await send_back(router, kit, mine_of(kit, None), because, SystemClock(), say=_say)
    split = await router.read()
    shown = split if isinstance(split, Split) else Split(0.0)
    code = _told(sent, "the run is not known, so no record has this: tell whoever runs it")
    if shown.claim:
        click.echo(f"the router is claimed by {shown.claim}: its guard will find it below its record and say so")
    click.echo(_then(code, f"do by hand: {router.by_hand()}"))
    return code


def _by_run(folder: RunFolder, because: str, even_though: str) -> int:
    from golive.alone import send_back_alone
    from golive.going_back import stands_against
    from golive.opened_soon import OpenedSoon

    opening = OpenedSoon(folder)
    run, state = opening.soon(), opening.state
    if run is not None and state is not None:
        against = stands_against(run, state, because, even_though)
        if against is not None:
            return _not_begun(against, folder, because)
    phase, said = state.phase.name if state and state.phase else "", list[int]()
    written = asyncio.run(
        send_back_alone(
            folder,
            run,
            because,
            BY,
            phase=phase,
            even_though=even_though,
            say=_say,
            moved=lambda sent: said.append(_told(sent)),
            later=opening.at_last,
        )
    )
    _told_after(written.verified)
    if written.unrecorded:
        click.echo(f"it was not recorded: {opening.trouble or written.unrecorded}", err=True)
        click.echo(f"it is {'nowhere but here:' if written.unkept else f'kept in {folder.late}'}", err=True)
    if written.unkept:
        click.echo(written.unkept, err=True)
    click.echo(_then(said[0], f"do what {folder.by_hand} says"))
    return said[0]


def _not_begun(against: Any, folder: RunFolder, because: str) -> int:
    """Say what keeps it from being begun, and what to type instead."""
    then = against.next
    if against.word == "ASKED ONCE MORE":
        then = f'golive rollback {folder.name} --because {shlex.quote(because)} --even-though "what you know"'
    click.echo(f"{against.word}  {against.headline}\nNEXT  {then}")
    return 1


@main.command()
@click.argument("run")
@runs_option
@clear
def release(run: str, runs: Path | None) -> int:
    """Give back the claim of a RUN whose guard can't: a router shows one go-live at a time."""
    from golive import rescue
    from golive.alone import release_alone

    folder = rescue.folder_of(run, runs)
    said = asyncio.run(release_alone(folder)) or f"the router shows no claim of {folder.name}"
    click.echo(f"{said}\nNEXT  golive status")
    return 0 if said.startswith("the router") else 1


def _say(line: str) -> None:
    click.echo(line, err=True)


def _told(sent: Any, besides: str = "") -> int:
    """Say what the router came to; give the exit status."""
    rolled = sent.rolled
    if rolled.superseded:
        click.echo(f"LEFT ALONE  nobody was moved: {rolled.why}")
    elif rolled.done:
        click.echo(f"ROLLED BACK  0 % read back, {rolled.seconds:.2f} s after the first call")
    else:
        click.echo(f"NOT CONFIRMED  {rolled.why}")
    if besides:
        click.echo(besides)
    return 0 if rolled.done else 1


def _told_after(seen: Any) -> None:
    """Say what was seen afterwards, and what is left to be undone."""
    from golive.pages.rollbacks import MARKS

    counted, healthy = seen["counted_after"], seen["stable_healthy"]
    click.echo(f"visitors on the canary after: {'not counted' if counted is None else counted}")
    said = {True: "healthy", False: "NOT HEALTHY: look at it now"}.get(healthy, "not asked")
    click.echo(f"stable: {said}")
    for row in seen["also_undo"]:
        mark, looked = MARKS.get(row["result"], "?"), f" {row['seen']}" if row["seen"] else ""
        click.echo(f"also undo {mark} {row['name']}: {row['sentence']} ({row['result']}{looked})")


def _then(code: int, otherwise: str) -> str:
    return "NEXT  open 91_incident.ipynb" if code == 0 else f"NEXT  {otherwise}"


def _folder(run: str, variable: str | None, runs: Path | None) -> RunFolder:
    """Give a run's folder, with what a shared store keeps of it; as it was made here before, where no store answers."""
    from golive import rescue, stored
    from golive.adapters.clocks import SystemClock

    if variable is None:
        return rescue.folder_of(run, runs)
    try:
        return stored.join(run, variable, SystemClock(), runs)
    except NameUnknown:
        raise
    except GoLiveError as error:
        click.echo(str(error).splitlines()[0], err=True)
        return rescue.folder_of(run, runs)
