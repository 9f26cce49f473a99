"""What is left to do after a go-live, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from golive.core.tasks import Task, TaskState
from golive.core.units import say_duration
from golive.pages.answer import Answer, Table
from golive.pages.words import day

MARKS = {TaskState.OPEN: "▸", TaskState.DONE: "✔", TaskState.DROPPED: "–"}
COLUMNS = ("", "task", "name", "owner", "due", "stands")


def tasks_answer(run: str, tasks: Sequence[Task], now: datetime, then: str = "") -> Answer:
    """Give a row for each task, in the order in which they are due; HOLD while one is overdue."""
    late = [task for task in tasks if task.overdue(now)]
    left = [task for task in tasks if task.state is TaskState.OPEN]
    rows = [(MARKS[t.state], t.title, t.name, t.owner, _due(t), _stands(t, now)) for t in tasks]
    if not tasks:
        return Answer("DONE", "the plan names no task", next=then)
    headline = f"{len(left)} of {len(tasks)} tasks are open" + (f", {len(late)} overdue" if late else "")
    if left and left[0].due is not None and not then:
        then = f'golive tasks {run} --done {left[0].name} --because "what was done"'
    return Answer("HOLD" if late else "DONE", headline, table=Table(COLUMNS, rows), next=then)


def _due(task: Task) -> str:
    return day(task.due.isoformat()) if task.due else f"{say_duration(task.after_end)} after the end"


def _stands(task: Task, now: datetime) -> str:
    if task.state is TaskState.OPEN:
        return "OVERDUE" if task.overdue(now) else "open"
    when = f" at {day(task.at.isoformat())}" if task.at else ""
    link = f" ({task.link})" if task.link else ""
    return f"{task.state} by {task.by}{when}: {task.because}{link}"
