"""The command that shows where runs stand: once, again and again in the terminal, or as a page for a browser."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from golive.cli.main import Usage, clear, main, runs_option, store_option
from golive.core.errors import GoLiveError

EVERY = 1.0
PORT = 8799
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


@main.command()
@click.argument("run", required=False)
@click.option("--all", "everything", is_flag=True, help="Show every run that is closed, too.")
@click.option("--watch", is_flag=True, help="Show it again every second, in place; Ctrl-C ends it.")
@click.option("--serve", is_flag=True, help="Show it as a page for a browser, on loopback, with no action on it.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"The port of --serve, {PORT} if none is named; 0: any.")
@runs_option
@store_option
@clear
def status(
    run: str | None,
    everything: bool,
    watch: bool,
    serve: bool,
    port: int | None,
    runs: Path | None,
    variable: str | None,
) -> None:
    """Show where runs stand: all on one screen, or one RUN in more detail."""
    if watch and serve:
        raise Usage("one of --watch and --serve was expected")
    if port is not None and not serve:
        raise Usage("--port is for --serve")
    with tempfile.TemporaryDirectory() as folder:  # nothing is made on this host but what is gone at the end
        where = Path(folder) if variable else runs

        def join() -> None:
            if variable:
                _join(run, variable, everything, Path(folder))

        join()
        if serve:
            _serve(run, where, PORT if port is None else port)
        elif watch:
            _watch(lambda: _shown(run, everything, where), join)
        else:
            click.echo(_shown(run, everything, where))


def _join(run: str | None, variable: str, everything: bool, folder: Path) -> None:
    """Bring what a shared store keeps of its runs into a folder."""
    from golive import stored
    from golive.adapters.clocks import SystemClock

    clock = SystemClock()
    for name in [run] if run else stored.shared_runs(variable, clock, everything):
        stored.join(name, variable, clock, folder)


def _shown(run: str | None, everything: bool, runs: Path | None) -> str:
    """Give the text for every run, or for one.

    Raises:
        GoLiveError: If that one is not known, or can't be read.
    """
    from golive.folders import find_run, runs_root
    from golive.overview import overview, overviews
    from golive.pages.overview import screen, whole

    if run:
        one = overview(find_run(run, runs).root)
        if one.trouble:
            raise GoLiveError(f"{one.trouble}\nNEXT     {one.then}")
        return whole(one)
    root = (runs or runs_root()).resolve()
    found = overviews(root)
    return screen(found, everything) if found else f"no run in {root}\nNEXT  golive rehearse"


def _watch(shown: Callable[[], str], join: Callable[[], None]) -> None:
    """Show a text again and again in the same place; what can't be read is said there and looked at again.

    Raises:
        GoLiveError: If the very first look fails.
    """
    text = shown()
    terminal = sys.stdout.isatty()
    click.echo(OTHER_SCREEN if terminal else "", nl=False)
    try:
        while True:
            click.echo(frame(text) if terminal else text)
            time.sleep(EVERY)
            try:
                join()
                text = shown()
            except GoLiveError as error:
                text = str(error)
    except KeyboardInterrupt:
        return
    finally:
        click.echo(FIRST_SCREEN if terminal else "", nl=False)
        if terminal:
            click.echo(text)


def frame(text: str) -> str:
    """Give what shows a text in place of the one before, line over line, so that nothing flickers."""
    columns, rows = shutil.get_terminal_size()
    head = f"{time.strftime('%H:%M:%S', time.gmtime())} UTC · {time.strftime('%H:%M:%S %Z')} · Ctrl-C ends this"
    lines = [head, "", *text.splitlines()]
    if len(lines) > rows - 1:
        lines = [*lines[: rows - 2], f"… {len(lines) - rows + 2} more lines: golive status"]
    return HOME + "".join(f"{line[:columns]}{CLEAR_LINE}\n" for line in lines) + CLEAR_BELOW


def _serve(run: str | None, runs: Path | None, port: int) -> None:
    from urllib.parse import quote

    from golive.folders import find_run
    from golive.server.finding import Runs
    from golive.server.loopback import serve
    from golive.server.pages import Pages

    if run:
        find_run(run, runs)
    one = f"?run={quote(run, safe='')}" if run else ""

    def said(address: str) -> None:
        click.echo(f"{address}{one}\nNEXT  open that in a browser; Ctrl-C ends it. It shows, and can do nothing.")

    pages = Pages(Runs(Path.cwd(), runs.resolve() if runs else None), "/")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(pages, port, said))
