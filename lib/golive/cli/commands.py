"""Commands: each parses, delegates, and ends with the right status."""

from __future__ import annotations

import asyncio
import functools
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from golive import __version__
from golive.core.errors import GoLiveError, NameUnknown, PlanError

USAGE = 2


def _clear(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show our own errors in one or two lines, with the right status."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            status = command(*args, **kwargs)
        except (NameUnknown, PlanError) as error:
            click.echo(f"golive: {error}", err=True)
            sys.exit(USAGE)
        except GoLiveError as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        sys.exit(int(status or 0))

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Go-live runbooks as notebooks, with evidence, proof and a record."""


@main.command()
@click.argument("name", default="sandbox")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Visitors' requests a second of the site.")
@_clear
def plan(name: str, rate: float | None) -> None:
    """Print the schedule of plan NAME, and what its soaks can tell; touches nothing."""
    from golive.folders import project
    from golive.pages.schedule import schedule
    from golive.plans import load

    loaded, _ = load(name, project())
    click.echo(schedule(loaded, rate))
    if loaded.not_ready():
        raise PlanError(f"plan {name} may not start: {'; '.join(loaded.not_ready())}")


@main.command()
@click.argument("plan_name", metavar="[PLAN]", default="sandbox")
@click.option("--fault", "faults", multiple=True, metavar="NAME@PHASE", help="Let a fault happen in a phase.")
@click.option("--as-production", is_flag=True, help="Use the runbook's true limits (about 6 minutes).")
@click.option("--runs", type=click.Path(path_type=Path), help="Folder for the run.")
@click.option("--operator", default="rehearsal", help="Who rehearses.")
@_clear
def rehearse(plan_name: str, faults: tuple[str, ...], as_production: bool, runs: Path | None, operator: str) -> int:
    """Rehearse a whole plan, unattended, and archive it."""
    from golive.runner import Asked
    from golive.runner import rehearse as conduct

    return conduct(Asked(plan_name, operator, faults, as_production, runs))


@main.command()
@click.argument("run")
@click.option("--runs", type=click.Path(path_type=Path))
@_clear
def resume(run: str, runs: Path | None) -> int:
    """Go on with a RUN whose runner has died."""
    from golive.runner import resume as go_on

    return go_on(run, runs)


@main.command()
@click.argument("run")
@click.option("--because", required=True, help="What you saw.")
@click.option("--runs", type=click.Path(path_type=Path))
@_clear
def rollback(run: str, because: str, runs: Path | None) -> int:
    """Send everybody of a RUN back to stable."""
    from golive import wiring
    from golive.adapters.clocks import SystemClock
    from golive.core.record import Kind
    from golive.engine.rollback import roll_back

    opened = wiring.open_run(run, "", runs)
    body = {"act": "rollback", "request": "", "because": because, "by": "command line"}
    rolled = asyncio.run(roll_back(wiring.router(opened), SystemClock(), because))
    intent = opened.append(Kind.INTENT, {**body, "late": True})
    result = "done" if rolled.done else "failed"
    verified = {"read_back": rolled.read_back, "seconds_to_safe": rolled.seconds, "tries": rolled.tries}
    opened.append(
        Kind.OUTCOME,
        {**body, "intent": intent.id, "result": result, "share": 0.0, "seen": rolled.why, "verified": verified},
    )
    click.echo("ROLLED BACK  0 % read back" if rolled.done else f"NOT CONFIRMED  {rolled.why}; use ROLLBACK.txt")
    return 0 if rolled.done else 1


@main.command()
@click.argument("run", required=False)
@click.option("--runs", type=click.Path(path_type=Path))
@_clear
def status(run: str | None, runs: Path | None) -> None:
    """Show where runs stand."""
    from golive import wiring
    from golive.folders import runs_root
    from golive.pages.words import percent

    root = (runs or runs_root()).resolve()
    names = [run] if run else [path.parent.parent.name for path in sorted(root.glob("*/work/record.db"))]
    for name in names:
        opened = wiring.open_run(name, "", runs)
        state, beat = opened.state(), opened.book.last_beat()
        where = state.phase.title if state.phase else "no phase open"
        age = f"beat {opened.clock.monotonic() - beat[2]:.0f} s ago" if beat else "no guard"
        verdict = str(state.verdict["word"]) if state.verdict else "–"
        ended = state.closed or "open"
        click.echo(f"{name}  {ended:<12} {where:<22} {percent(state.split):>8} on canary  {verdict:<9} {age}")
    if not names:
        click.echo(f"no run in {root}\nNEXT  golive rehearse")


@main.command()
@click.argument("run")
@click.option("--runs", type=click.Path(path_type=Path))
@_clear
def stop(run: str, runs: Path | None) -> None:
    """Roll a RUN back, close it, and end its guard and its world."""
    from golive import wiring
    from golive.notebook import Desk

    opened = wiring.open_run(run, "", runs)
    desk, state = Desk(opened), opened.state()
    if not state.closed:
        if state.canary_out and state.rollback is None:
            asyncio.run(desk.roll_back("stopped by golive stop", state.phase.name if state.phase else ""))
        desk.close_run("abandoned", "stopped by golive stop")
    else:
        desk.end()
    click.echo(f"stopped {opened.folder.name}\nNEXT  golive seal {opened.folder.name}")


@main.command()
@click.argument("run")
@click.option("--runs", type=click.Path(path_type=Path))
@_clear
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
@_clear
def verify(path: Path, head: str | None) -> int:
    """Verify an archive offline."""
    from golive.archive.verify import Standing
    from golive.archive.verify import verify as check
    from golive.folders import runs_root

    root = path if path.is_dir() else runs_root() / path
    if not root.is_dir():
        raise NameUnknown("archive", str(path), [p.name for p in runs_root().glob("*")])
    found = check(root.resolve(), head)
    click.echo(f"{found.standing.upper()}  {found.why}")
    return 0 if found.standing in (Standing.PROVEN, Standing.CONSISTENT) else 1


@main.command()
@click.argument("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--because", required=True)
@click.option("--who", "name", default="")
@click.option("--runs", type=click.Path(path_type=Path))
@_clear
def addendum(run: str, file: Path, because: str, name: str, runs: Path | None) -> None:
    """Add FILE to the sealed archive of RUN."""
    from golive import wiring
    from golive.adapters.clocks import utc
    from golive.archive.addenda import add

    opened = wiring.open_run(run, name, runs)
    who, at = opened.who.name, utc(opened.clock.now())
    click.echo(f"added {add(opened.folder.root, file, who=who, because=because, at=at)}")


@main.command()
@click.argument("run")
@click.argument("name")
@click.option("--off", is_flag=True)
@click.option("--runs", type=click.Path(path_type=Path))
@_clear
def fault(run: str, name: str, off: bool, runs: Path | None) -> None:
    """Set fault NAME in the world of RUN."""
    from golive import wiring
    from golive.adapters.worlds.sandbox import known_fault

    known_fault(name)
    opened = wiring.open_run(run, "", runs)
    asyncio.run(wiring.world(opened.folder).fault(name, not off))
    click.echo(f"{name} is {'off' if off else 'on'} in {opened.folder.name}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_clear
def init(folder: Path) -> None:
    """Make FOLDER a project: its own notebooks, plans and runs."""
    from importlib import resources

    from golive.folders import MARKER
    from golive.plans import packaged

    if (folder / MARKER).exists():
        raise GoLiveError(f"{folder} is a project already\nNEXT     cd {folder} && golive rehearse")
    (folder / "params").mkdir(parents=True, exist_ok=True)
    (folder / "notebooks").mkdir(exist_ok=True)
    for name, text in packaged().items():
        (folder / "params" / f"{name}.yaml").write_text(text, encoding="utf-8")
    for item in (resources.files("golive") / "notebooks").iterdir():
        if item.name.endswith(".ipynb"):
            (folder / "notebooks" / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / MARKER).write_text("# the root of a golive project\n")
    click.echo(f"made {folder}\nNEXT  cd {folder} && golive rehearse")


@main.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@_clear
def guard(folder: Path) -> None:
    """Be the guard of the run in FOLDER."""
    from golive import wiring

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = wiring.open_run(str(folder), "guard")
    asyncio.run(wiring.guard(run).run())
