"""What has to be done after a go-live: who, until when, and what was said of it."""

from __future__ import annotations

from pathlib import Path

import click

from golive.cli.archives import archive
from golive.cli.main import Usage, clear, main, runs_option
from golive.core.tasks import Task


@main.command()
@click.argument("run")
@click.option("--done", metavar="TASK", default="", help="The task that is done.")
@click.option("--drop", metavar="TASK", default="", help="The task that is not needed.")
@click.option("--reopen", metavar="TASK", default="", help="The task that is open again.")
@click.option("--give", metavar="TASK", default="", help="The task that is another's now; with --to.")
@click.option("--to", default="", help="Who has it now.")
@click.option("--because", default="", help="What was done, or why.")
@click.option("--link", default="", help="Where to see it.")
@click.option("--who", "name", default="", help="Who says so; your user's name when left out.")
@click.option("--calendar", type=click.Path(path_type=Path, dir_okay=False), help="Write an iCalendar file there.")
@runs_option
@clear
def tasks(
    run: str,
    done: str,
    drop: str,
    reopen: str,
    give: str,
    to: str,
    because: str,
    link: str,
    name: str,
    calendar: Path | None,
    runs: Path | None,
) -> None:
    """Show what is left to do after RUN, and say of a task that it is done, not needed, or another's."""
    from golive.adapters.clocks import SystemClock
    from golive.pages.todo import tasks_answer

    root = archive(Path(run), runs)
    said = [key for key in (done, drop, reopen, give) if key]
    if said:
        if len(said) > 1 or not any(letter.isalnum() for letter in because) or bool(give) != bool(to):
            raise Usage(
                "one of --done, --drop, --reopen and --give ... --to at a time, with --because; nothing was done"
            )
        _say(root, done=done, drop=drop, reopen=reopen, give=give, to=to, because=because, link=link, name=name)
    now, found = SystemClock().now(), _found(root)
    click.echo(str(tasks_answer(root.name, found, now)))
    if calendar is not None:
        from golive.adapters.calendars import calendar as written

        calendar.write_bytes(written(root.name, found, now))
        click.echo(f"wrote {calendar}: take it into a calendar; taken in again it changes what is there")


def _found(root: Path) -> tuple[Task, ...]:
    """Give an archive's tasks; those planned where it is not sealed yet."""
    from golive import tasks, wiring
    from golive.archive import manifest

    if (root / manifest.SEAL).is_file():
        return tasks.tasks_in(root)
    return tasks.planned_in(wiring.open_run(str(root), ""))


def _say(
    root: Path, *, done: str, drop: str, reopen: str, give: str, to: str, because: str, link: str, name: str
) -> None:
    from golive import tasks
    from golive.adapters.clocks import SystemClock
    from golive.core.tasks import TaskState, TaskWord
    from golive.provenance import who

    stands = {task.name: task.state for task in tasks.tasks_in(root)}
    state = TaskState.DONE if done else TaskState.DROPPED if drop else TaskState.OPEN
    about = done or drop or reopen or give
    if give:
        state = stands.get(give, TaskState.OPEN)
    tasks.say(root, TaskWord(about, state, who(name).name, because, SystemClock().now(), to, link))
