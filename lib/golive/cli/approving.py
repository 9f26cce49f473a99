"""The command by which the second person agrees, from their own machine or terminal."""

from __future__ import annotations

from pathlib import Path

import click

from golive.cli.main import Usage, clear, main, runs_option, store_option
from golive.cli.wheel import operator_option


@main.command()
@click.argument("run")
@click.argument("code")
@click.option("--because", required=True, help="What you saw yourself.")
@operator_option
@click.option("--print", "on_paper", is_flag=True, help="Print the line to paste, where this run can't be reached.")
@click.option("--phase", default="", help="With --print: the phase, as the first person's page says.")
@click.option("--evidence", default="", help="With --print: the evidence's hash, as the first person's page says.")
@runs_option
@store_option
@clear
def approve(
    run: str,
    code: str,
    because: str,
    operator: str,
    on_paper: bool,
    phase: str,
    evidence: str,
    runs: Path | None,
    variable: str | None,
) -> None:
    """Approve the frozen verdict or the waiver CODE of a RUN, as the second person that it needs."""
    from golive import provenance, stored, wiring
    from golive.adapters.clocks import SystemClock
    from golive.core.moments import utc
    from golive.notebook.approvals import approve_here, printed

    clock = SystemClock()
    if on_paper:
        who = provenance.who(operator)
        click.echo(printed(run, phase, code, evidence, who, because, utc(clock.now())))
        click.echo("NEXT  send this line; the first person pastes it into a cell of their page and runs it", err=True)
        return
    if phase or evidence:
        raise Usage("--phase and --evidence go with --print; without it the run's own record has them")
    if variable is not None:
        stored.join(run, variable, clock, runs)
    click.echo(str(approve_here(wiring.open_run(run, operator, runs), code, because)))
