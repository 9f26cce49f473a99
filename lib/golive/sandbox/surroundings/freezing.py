"""The calendar of freezes of the sandbox's company, as a calendar's export has it."""

from __future__ import annotations

from datetime import datetime, timedelta

import icalendar

from golive.sandbox.faults import Fault

FAR, LONG, SOON = timedelta(days=40), timedelta(days=12), timedelta(days=3)


def calendar(now: datetime, faults: frozenset[Fault]) -> bytes:
    """Give a freeze that recurs each year and is far off, and under its fault one that is on."""
    made = icalendar.Calendar()
    made.add("prodid", "-//sandbox//freezes//EN")
    made.add("version", "2.0")
    yearly = _freeze("sales", (now + FAR).date(), (now + FAR + LONG).date(), now)
    yearly.add("rrule", {"freq": "yearly"})
    made.add_component(yearly)
    if Fault.FREEZE_ON in faults:
        made.add_component(_freeze("audit", now - timedelta(hours=1), now + SOON, now))
    return bytes(made.to_ical())


def _freeze(name: str, begins: object, ends: object, now: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{name}@sandbox.example")
    event.add("dtstamp", now)
    event.add("summary", f"freeze: {name}")
    event.add("dtstart", begins)
    event.add("dtend", ends)
    return event
