"""Freezes in an iCalendar file (RFC 5545): every event is one, as far ahead as anybody has to look."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from golive.adapters.reports.reading import Report, ReportTrouble
from golive.core.allowed import Span, as_utc
from golive.core.plain import plain

MOST_EVENTS, MOST_SPANS = 2000, 10_000
EARLIEST = 1970
SECONDS = 3.0  # for all that recurs
BY_DAYS = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
TOO_FINE = ("BYHOUR", "BYMINUTE", "BYSECOND")
OF_LONGER = {"DAILY": ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"), "WEEKLY": ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")}
BEGUN, ENDED = re.compile(rb"(?im)^(?:\xef\xbb\xbf)?BEGIN:"), re.compile(rb"(?im)^END:")
UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError)
MEND = "mend that event, or give freezes in the plan"


def freezes_of(report: Report, zone: ZoneInfo, now: datetime, ahead: timedelta) -> list[Span]:
    """Give each freeze that is not over and begins within `ahead`; whole days and times without a zone are `zone`'s.

    Raises:
        ReportTrouble: If it is cut off or no iCalendar, or has an event that can't be placed in time.
    """
    whole = report.content.removeprefix(b"\xef\xbb\xbf").lstrip().upper().startswith(b"BEGIN:VCALENDAR")
    begun, ended = len(BEGUN.findall(report.content)), len(ENDED.findall(report.content))
    if not whole or begun != ended:
        what = "is cut off, or not whole" if whole else "is no iCalendar"
        raise ReportTrouble(f"{report.address} {what}", "export the calendar again, whole")
    try:
        found = icalendar.Calendar.from_ical(report.content, multiple=True)
        events = [event for calendar in found for event in calendar.walk("VEVENT")]
    except UNREADABLE as error:
        why = f"{report.address} is no iCalendar: {plain(error, 100)}"
        raise ReportTrouble(why, "export the calendar again, whole") from error
    if len(events) > MOST_EVENTS:
        why = f"{report.address} has {len(events)} events: at most {MOST_EVENTS} are read"
        raise ReportTrouble(why, "give a calendar of freezes alone")
    spans = []
    for one in _placed(events, now, now + ahead):
        spans.append(_span(one, zone))
        if len(spans) > MOST_SPANS:
            raise ReportTrouble(f"{report.address} has more than {MOST_SPANS} freezes", "see what recurs so often")
    return [span for span in spans if span.ends > now and span.begins < now + ahead]


def _placed(events: Sequence[Any], now: datetime, until: datetime) -> Iterator[Any]:
    """Give events as they take place: those that recur each time, as their exceptions have them."""
    series: dict[str, list[Any]] = {}
    for number, event in enumerate(events):
        _check(event)
        recurs = any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID"))
        if recurs:
            series.setdefault(str(event.get("UID", number)), []).append(event)
        elif str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield event
    began = time.monotonic()
    for parts in series.values():
        if time.monotonic() - began > SECONDS:
            raise ReportTrouble(f"its events that recur take over {SECONDS:g} s to follow", "give fewer of them")
        calendar = icalendar.Calendar()
        for part in parts:
            calendar.add_component(part)
        try:
            yield from recurring_ical_events.of(calendar).between(now, until)
        except UNREADABLE as error:
            raise ReportTrouble(
                f"{_name(parts[0])} recurs in no way that is known: {plain(error, 80)}", MEND
            ) from error


def _check(event: Any) -> None:
    """Raise ReportTrouble for an event that can't be placed in time, or not in a time that is bounded."""
    if event.errors:
        raise ReportTrouble(f"{_name(event)}: {plain(event.errors[0][1], 80)}", MEND)
    begins = event.get("DTSTART")
    if not isinstance(getattr(begins, "dt", None), date):
        raise ReportTrouble(f"{_name(event)} does not say when it begins", MEND)
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        moment = event.get(name)
        naive = isinstance(getattr(moment, "dt", None), datetime) and moment.dt.tzinfo is None
        if naive and "TZID" in moment.params:
            raise ReportTrouble(f"{_name(event)} is in {plain(moment.params['TZID'], 40)}, a zone nobody knows", MEND)
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        often = plain(next(iter(rule.get("FREQ", ["never"])), "never"), 20).upper()
        odd = next((name for name in (*TOO_FINE, *OF_LONGER.get(often, ())) if name in rule), "")
        if often not in BY_DAYS or odd:
            raise ReportTrouble(f"{_name(event)} recurs {often} {odd}".rstrip() + ", which no freeze does", MEND)
        if min(rule.get("INTERVAL", [1])) < 1 or begins.dt.year < EARLIEST:
            raise ReportTrouble(f"{_name(event)} recurs every {rule.get('INTERVAL')} since {begins.dt.year}", MEND)


def _span(event: Any, zone: ZoneInfo) -> Span:
    try:
        begins, ends = as_utc(event.start, zone), as_utc(event.end, zone)
    except (*UNREADABLE, icalendar.error.InvalidCalendar) as error:
        raise ReportTrouble(f"{_name(event)} has no end that is known: {plain(error, 80)}", MEND) from error
    if ends < begins:
        raise ReportTrouble(f"{_name(event)} ends before it begins", MEND)
    return Span(begins, ends, plain(event.get("SUMMARY", ""), 60) or "an event without a name")


def _name(event: Any) -> str:
    return f"the event {plain(event.get('SUMMARY', ''), 40)!r}"
