"""The tasks of a run that is over: read from its sealed archive, where what is said of them is added, too."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from golive.archive import addenda, manifest
from golive.archive.verify import RECORD, read_record
from golive.core.canonical import canonical
from golive.core.errors import ArchiveBroken, NameUnknown, Stopped
from golive.core.folding import fold
from golive.core.tasks import Task, TaskWord, tasks_of
from golive.plans import load_file
from golive.run import Run

FILE = "task.json"


def planned_in(run: Run) -> tuple[Task, ...]:
    """Give the tasks that a run will leave, or has left, without what was said of them since."""
    state = run.state()
    ended = datetime.fromisoformat(state.closed_at) if state.closed else None
    people = {role: person.name for role, person in run.plan.roles.items()}
    return tasks_of(run.plan.tasks, people, state.closed, ended)


def tasks_in(root: Path) -> tuple[Task, ...]:
    """Give the tasks of a sealed archive, or of a copy of one.

    Raises:
        Stopped: If it is not sealed.
        ArchiveBroken: If its addenda do not follow from each other, or one that says something of a task is none.
        PlanError, RecordBroken: If its plan or record can't be read.
    """
    if not (root / manifest.SEAL).is_file():
        raise Stopped(f"{root.name} is not sealed, so nothing can be said of its tasks yet", f"golive seal {root.name}")
    plan, state = load_file(root / "plan.yaml"), fold(read_record(root / RECORD))
    people = {role: person.name for role, person in plan.roles.items()}
    return tasks_of(plan.tasks, people, state.closed, datetime.fromisoformat(state.closed_at), _words(root))


def say(root: Path, word: TaskWord) -> Task:
    """Add what somebody says of a task to the archive, and give the task as it stands then.

    Raises:
        NameUnknown: If the archive has no such task.
        Stopped: If it is not sealed, or the task stands there already.
    """
    before = {task.name: task for task in tasks_in(root)}
    if word.task not in before:
        raise NameUnknown("task", word.task, before)
    if before[word.task].state is word.state and not word.owner:
        said = f"{word.task} is {word.state} already" + (
            f", says {before[word.task].by}" if word.state != "open" else ""
        )
        raise Stopped(said, f"golive tasks {root.name}")
    content, what = canonical(word.to_json()), f"task {word.task}: {word.state}; {word.because}"
    addenda.add_content(root, FILE, content, who=word.by, because=what, at=word.at.isoformat())
    return next(task for task in tasks_in(root) if task.name == word.task)


def _words(root: Path) -> list[TaskWord]:
    addenda.verify(root)
    words = []
    for path in sorted((root / "addenda").glob(f"[0-9]*-{FILE}")):
        try:
            words.append(TaskWord.from_json(json.loads(path.read_bytes())))
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveBroken(f"addenda/{path.name} says nothing of a task: {error}") from error
    return words
