"""Commands by which the wheel of a run changes hands."""

from __future__ import annotations

from pathlib import Path

import click

from golive.cli.main import clear, main, runs_option

operator_option = click.option("--operator", default="", help="Your name; your user's when left out.")


@main.command("hand-over")
@click.argument("run")
@click.option("--to", required=True, help="Who is to have the wheel.")
@click.option("--because", required=True, help="Why.")
@operator_option
@runs_option
@clear
def hand_over(run: str, to: str, because: str, operator: str, runs: Path | None) -> None:
    """Hand the wheel of a RUN to somebody, who has it once they take it."""
    from golive import wiring
    from golive.notebook.wheel import hand_over as hand

    click.echo(str(hand(wiring.open_run(run, operator, runs), to, because)))


@main.command("take-wheel")
@click.argument("run")
@click.option("--because", default="", help="Why; may be left out by who was handed it.")
@operator_option
@runs_option
@clear
def take_wheel(run: str, because: str, operator: str, runs: Path | None) -> None:
    """Take the wheel of a RUN, so that you operate it."""
    from golive import wiring
    from golive.notebook.wheel import take_wheel as take

    click.echo(str(take(wiring.open_run(run, operator, runs), because)))
