"""The command group, and how every trouble is said: one or two lines, with the right exit status."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from golive import __version__
from golive.core.errors import LONGEST_LINE, GoLiveError, NameUnknown, PlanError, nearest
from golive.core.plain import plain_line

USAGE = 2
INTERRUPTED = 130
NEXT = {
    "run": "golive status",
    "plan": "golive plan NAME",
    "plan or open run": "golive plan NAME, or golive status",
    "fault": "golive fault RUN NAME, or golive rehearse --fault NAME@PHASE",
    "phase": "golive plan NAME shows the phases and the numbers of their pages",
    "task": "golive tasks RUN shows their names",
    "archive": "golive status names the runs; golive verify takes a name or a path",
}
STORE_VARIABLE = "GOLIVE_STORE"
runs_option = click.option(
    "--runs", type=click.Path(path_type=Path), help="The folder of runs; else GOLIVE_RUNS, else the project's runs/."
)

store_option = click.option(
    "--store-variable",
    "variable",
    metavar="NAME",
    help="The environment variable with the URL of the PostgreSQL store that keeps a run that began on another host.",
)


class Usage(GoLiveError):
    """What was typed can't be meant; nothing was touched."""


class Commands(click.Group):
    """A group that says a wrong word in two lines, with the nearest right one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a usage error with the nearest name when there is none."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            shown = [name for name, command in self.commands.items() if not command.hidden]
            ctx.fail(f"unknown command {args[0]!r}{nearest(args[0], shown)}")
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:
        """Run; never returns."""
        try:
            sys.exit(super().main(args, *more, **{**options, "standalone_mode": False}))
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "golive"
            _say(f"golive: {error.format_message()}", f"{path} --help")
            sys.exit(USAGE)
        except (click.Abort, KeyboardInterrupt):
            _say("golive: interrupted; nothing more was done", "golive status")
            sys.exit(INTERRUPTED)


def clear(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show our own errors in one or two lines, with the right status."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            status = command(*args, **kwargs)
        except NameUnknown as error:
            _say(f"golive: {error}", NEXT.get(error.kind, "golive --help"))
            sys.exit(USAGE)
        except PlanError as error:
            _say(f"golive: {error}", "correct the plan; golive plan NAME checks it and touches nothing")
            sys.exit(USAGE)
        except Usage as error:
            _say(f"golive: {error}", "golive --help")
            sys.exit(USAGE)
        except GoLiveError as error:
            _say(str(error), "golive status")
            sys.exit(1)
        except OSError as error:
            _say(f"golive: {error.filename or 'a file'}: {error.strerror or error}", "look at its disk and its rights")
            sys.exit(1)
        sys.exit(int(status or 0))

    return run


def _say(what: str, then: str) -> None:
    """Say what happened, and what to type next unless that is said already."""
    whole = what if "\nNEXT" in what else f"{what}\nNEXT  {then}"
    click.echo("\n".join(plain_line(line, LONGEST_LINE) for line in whole.splitlines()), err=True)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Go-live runbooks as notebooks, with evidence, proof and a record."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
