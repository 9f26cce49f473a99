"""Commands about plans and projects: they start nothing."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from golive.cli.main import clear, main
from golive.core.errors import GoLiveError


@main.command()
@click.argument("name", default="sandbox")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Visitors' requests a second of the site.")
@clear
def plan(name: str, rate: float | None) -> None:
    """Print the schedule of plan NAME, and what its soaks can tell; touches nothing."""
    from golive import wiring
    from golive.folders import project
    from golive.pages.schedule import schedule
    from golive.plans import load

    loaded, _ = load(name, project())
    click.echo(schedule(loaded, rate))
    wiring.check_drivers(loaded)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@clear
def init(folder: Path) -> None:
    """Make FOLDER a project: its own notebooks, plans and runs."""
    from golive.folders import MARKER
    from golive.plans import packaged

    if (folder / MARKER).exists():
        raise GoLiveError(f"{folder} is a project already\nNEXT     cd {folder} && golive rehearse")
    files = {folder / "params" / f"{name}.yaml": text for name, text in packaged().items()}
    for item in (resources.files("golive") / "notebooks").iterdir():
        if item.name.endswith(".ipynb"):
            files[folder / "notebooks" / item.name] = item.read_text(encoding="utf-8")
    taken = [path for path in files if path.exists()]
    if taken:
        raise GoLiveError(f"{taken[0]} exists, and is not overwritten\nNEXT     golive init ANOTHER-FOLDER")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / MARKER).write_text("# the root of a golive project\n")
    click.echo(f"made {folder}\nNEXT  cd {folder} && golive rehearse")
