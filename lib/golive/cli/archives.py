"""Commands about archives: seal, verify, and what comes later."""

from __future__ import annotations

from pathlib import Path

import click

from golive.cli.main import clear, main, runs_option
from golive.core.errors import GoLiveError, NameUnknown


@main.command()
@click.argument("run")
@runs_option
@clear
def seal(run: str, runs: Path | None) -> None:
    """Seal the archive of a closed RUN."""
    from golive import wiring
    from golive.runner import seal_run

    opened = wiring.open_run(run, "", runs)
    if not opened.state().closed:
        raise GoLiveError(f"{run} is still open\nNEXT     close its pages, or golive stop {run}")
    click.echo(f"head  {seal_run(opened).head}\nNEXT  golive verify {opened.folder.root}")


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--head", help="The head of the chain that was noted in the ticket.")
@runs_option
@clear
def verify(path: Path, head: str | None, runs: Path | None) -> int:
    """Verify an archive offline."""
    from golive.archive.verify import Standing
    from golive.archive.verify import verify as check

    root = archive(path, runs)
    found = check(root, head)
    then = {
        Standing.PROVEN: f"open {root}/index.html",
        Standing.CONSISTENT: f"golive verify {root} --head THE-HEAD-IN-THE-TICKET",
        Standing.NOT_SEALED: f"golive seal {root}",
        Standing.BROKEN: "believe nothing in it; get another copy, and compare the two",
    }[found.standing]
    click.echo(f"{found.standing.upper()}  {found.why}\nNEXT  {then}")
    return 0 if found.standing in (Standing.PROVEN, Standing.CONSISTENT) else 1


@main.command()
@click.argument("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--because", required=True, help="Why it is added.")
@click.option("--who", "name", default="", help="Who adds it.")
@runs_option
@clear
def addendum(run: str, file: Path, because: str, name: str, runs: Path | None) -> None:
    """Add FILE to the sealed archive of RUN, which may be a copy without its `work/`."""
    from golive.adapters.clocks import SystemClock
    from golive.archive.addenda import add
    from golive.core.moments import utc
    from golive.provenance import who

    added = add(archive(Path(run), runs), file, who=who(name).name, because=because, at=utc(SystemClock().now()))
    click.echo(f"added {added}\nNEXT  golive verify {added.parent.parent}")


def archive(path: Path, runs: Path | None) -> Path:
    """Give the folder of a run or of an archive, by path or by name.

    Raises:
        NameUnknown: If there is none.
    """
    from golive.folders import RunFolder, runs_root

    root = (runs or runs_root()).resolve()
    for candidate in (path, root / path):
        if (candidate / "record.jsonl").is_file() or (candidate / "SEAL").is_file():
            return candidate.resolve()
        if RunFolder(candidate).is_run:
            return candidate.resolve()
    known = [p.name for p in root.glob("*") if RunFolder(p).is_run or (p / "SEAL").is_file()]
    raise NameUnknown("archive", str(path), known)
