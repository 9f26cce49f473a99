"""A run's tasks as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import icalendar

from golive.core.plain import plain
from golive.core.tasks import Task, TaskState

LASTS = timedelta(minutes=15)
BEFORE = timedelta(minutes=-15)
STATUS = {TaskState.OPEN: "CONFIRMED", TaskState.DONE: "CONFIRMED", TaskState.DROPPED: "CANCELLED"}


def calendar(run: str, tasks: Sequence[Task], now: datetime) -> bytes:
    """Give the tasks that have a due time, as events at that time: few calendars show to-dos.

    An event keeps its UID, and its SEQUENCE grows with each word, so that a file taken in again changes it.
    """
    made = icalendar.Calendar()
    made.add("prodid", "-//golive//tasks//EN")
    made.add("version", "2.0")
    for task in tasks:
        if task.due is not None:
            made.add_component(_event(run, task, task.due, now))
    return bytes(made.to_ical())


def _event(run: str, task: Task, due: datetime, now: datetime) -> icalendar.Event:
    done = "DONE " if task.state is TaskState.DONE else ""
    event = icalendar.Event()
    event.add("uid", f"{task.name}.{run}@golive")
    event.add("sequence", task.words)
    event.add("dtstamp", now)
    event.add("dtstart", due)
    event.add("duration", LASTS)
    event.add("summary", f"{done}{plain(task.title)}: {plain(task.owner)}")
    event.add("description", f'golive tasks {run} --done {task.name} --because "what was done"')
    event.add("status", STATUS[task.state])
    if task.state is TaskState.OPEN:
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", plain(task.title))
        alarm.add("trigger", BEFORE)
        event.add_component(alarm)
    return event
