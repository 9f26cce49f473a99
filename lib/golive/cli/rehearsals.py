"""Commands that run a plan's pages, and that disturb a rehearsal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from golive.cli.main import Usage, clear, main, runs_option


@main.command()
@click.argument("plan_name", metavar="[PLAN]", default="sandbox")
@click.option("--fault", "faults", multiple=True, metavar="NAME@PHASE", help="Let a fault happen in a phase.")
@click.option("--as-production", is_flag=True, help="Use the runbook's true limits (about 10 minutes).")
@runs_option
@click.option("--operator", default="rehearsal", help="Who rehearses.")
@clear
def rehearse(plan_name: str, faults: tuple[str, ...], as_production: bool, runs: Path | None, operator: str) -> int:
    """Rehearse a whole plan, unattended, and archive it."""
    from golive.runner import Asked
    from golive.runner import rehearse as conduct

    for text in faults:
        name, _, number = text.partition("@")
        if not name or not number.isdigit():
            raise Usage(f"--fault {text!r}: NAME@PHASE was expected, PHASE being a notebook's number: 'errors@3'")
    return conduct(Asked(plan_name, operator, faults, as_production, runs))


@main.command()
@click.argument("run")
@runs_option
@clear
def resume(run: str, runs: Path | None) -> int:
    """Go on with a RUN whose runner has died."""
    from golive.runner import resume as go_on

    return go_on(run, runs)


@main.command()
@click.argument("run")
@click.argument("name")
@click.option("--off", is_flag=True, help="End it again.")
@runs_option
@clear
def fault(run: str, name: str, off: bool, runs: Path | None) -> None:
    """Set fault NAME in the world of RUN."""
    from golive import wanted, wiring

    opened = wiring.open_run(run, "", runs)
    wanted.fault_named(name, opened.plan)
    asyncio.run(wiring.world(opened).fault(name, not off))
    click.echo(f"{name} is {'off' if off else 'on'} in {opened.folder.name}")
