"""The lessons-learned page, begun from the record."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from golive.cli.archives import archive
from golive.cli.main import Usage, clear, main, runs_option


@main.command()
@click.argument("run")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Write the page there; else it is shown.")
@click.option("--overwrite", is_flag=True, help="With --to: write over the file that is there.")
@runs_option
@clear
def lessons(run: str, to: Path | None, overwrite: bool, runs: Path | None) -> None:
    """Begin the lessons-learned page of RUN from its record, as Markdown."""
    from golive.lessons import lessons_of

    if overwrite and to is None:
        raise Usage("--overwrite goes with --to FILE; nothing was written")
    root = archive(Path(run), runs)
    page = lessons_of(root)
    if to is None:
        click.echo(page, nl=False)
        return
    try:
        with to.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
            file.write(page)
    except FileExistsError:
        raise Usage(f"{to} is there already, and was left as it is\nNEXT  --to ANOTHER, or --overwrite") from None
    adding = f"golive addendum {root.name} {shlex.quote(str(to))} --because lessons"
    click.echo(f"wrote {to}\nNEXT  fill in its empty sections, then {adding}")
