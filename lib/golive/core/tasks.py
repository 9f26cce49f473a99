"""What has to be done after a go-live: planned with an owner and a due time, and what people have said of it since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from golive.core.scalars import Part, PositiveDuration, as_tuple


class PlannedTask(Part):
    """A task of a plan: `owner` is a role, `due` counts from the run's end, `after` says which end asks for it."""

    name: str
    title: str
    owner: str
    due: PositiveDuration
    after: Literal["any", "completed", "rolled-back"] = "any"


PlannedTasks = Annotated[tuple[PlannedTask, ...], BeforeValidator(as_tuple)]


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True)
class TaskWord:
    """What somebody said of a task: done, dropped, open again, or another's now (`owner`, "" for as before)."""

    task: str
    state: TaskState
    by: str
    because: str
    at: datetime
    owner: str = ""
    link: str = ""

    def to_json(self) -> dict[str, str]:
        """Give it as the addendum holds it."""
        told = {"task": self.task, "state": self.state.value, "by": self.by, "because": self.because}
        return {**told, "at": self.at.isoformat(), "owner": self.owner, "link": self.link}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> TaskWord:
        """Give back what `to_json` gave; KeyError or ValueError for anything else."""
        said = {key: str(told[key]) for key in ("task", "by", "because", "owner", "link")}
        return cls(state=TaskState(told["state"]), at=datetime.fromisoformat(str(told["at"])), **said)


@dataclass(frozen=True)
class Task:
    """A task of one run as it stands.

    Attributes:
        owner: The person's name, and the role in brackets where the plan gave it to a role.
        due: None while the run goes on.
        words: How many words were said of it.
    """

    name: str
    title: str
    owner: str
    after_end: timedelta
    due: datetime | None
    state: TaskState = TaskState.OPEN
    by: str = ""
    because: str = ""
    at: datetime | None = None
    link: str = ""
    words: int = 0

    def overdue(self, now: datetime) -> bool:
        """Say whether it should have been done by now."""
        return self.state is TaskState.OPEN and self.due is not None and self.due < now


def tasks_of(
    planned: Sequence[PlannedTask],
    people: Mapping[str, str],
    result: str,
    ended: datetime | None,
    words: Iterable[TaskWord] = (),
) -> tuple[Task, ...]:
    """Give a run's tasks, the first due first.

    Args:
        people: Who fills each role, by the role's name.
        result: How the run was closed; "" while it goes on, when all of them are given.
        words: What was said, the oldest first; what is about no task of the run changes nothing.
    """
    tasks = {
        one.name: Task(
            one.name,
            one.title,
            f"{people.get(one.owner, 'TBD')} ({one.owner})",
            one.due,
            ended + one.due if ended else None,
        )
        for one in planned
        if not result or one.after in ("any", result)
    }
    for word in words:
        if word.task in tasks:
            task = tasks[word.task]
            tasks[word.task] = replace(
                task,
                state=word.state,
                by=word.by,
                because=word.because,
                at=word.at,
                link=word.link,
                owner=word.owner or task.owner,
                words=task.words + 1,
            )
    return tuple(sorted(tasks.values(), key=lambda task: (task.after_end, task.name)))
