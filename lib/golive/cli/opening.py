"""The command that opens a go-live of all pages in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import click

from golive.cli.main import clear, main, runs_option


@main.command(name="open")
@click.argument("name", metavar="[PLAN|RUN]", default="")
@click.option("--operator", default="", help="Who is at the keyboard; else the user's name.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port of JupyterLab on loopback; else a free one.")
@click.option("--no-browser", is_flag=True, help="Print the link only.")
@runs_option
@clear
def open_(name: str, operator: str, port: int | None, no_browser: bool, runs: Path | None) -> int:
    """Open a go-live of PLAN in JupyterLab, or come back to an open RUN (or to the only one)."""
    from golive.lab.opening import Wanted, open_lab

    return open_lab(Wanted(name, operator, runs, port, not no_browser))
