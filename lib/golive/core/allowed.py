"""When a go-live may begin: hours of the week in one time zone, less freezes. Pure; times are UTC throughout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FURTHEST = timedelta(days=400)
ALWAYS = timedelta(days=8)  # hours that are open for longer than a week are open all the time
EXAMPLE = "for example 'mon-thu 09:00-16:00'"
_HOURS = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")


@dataclass(frozen=True)
class Hours:
    """The same stretch of some days of the week, in minutes from midnight on."""

    days: tuple[int, ...]
    begins: int
    ends: int


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of time, its end not in it; `name` is what people call it."""

    begins: datetime
    ends: datetime
    name: str = ""


@dataclass(frozen=True)
class Standing:
    """How a moment stands.

    Attributes:
        until: The end of the open stretch, `FURTHEST` from now when none is known; None when it is not open.
        opens: When it opens next, None when it does not within `FURTHEST`, or is open.
        freeze: The freeze in which the moment lies.
        next_freeze: The first one that begins later.
    """

    until: datetime | None = None
    opens: datetime | None = None
    freeze: Span | None = None
    next_freeze: Span | None = None


def hours(text: str) -> Hours:
    """Give the hours of a text such as `mon-thu 09:00-16:00` or `fri 09:00-12:00`; `24:00` is the end of a day.

    Raises:
        ValueError: Saying what was expected.
    """
    match = _HOURS.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r}: days and hours were expected, {EXAMPLE}")
    first, last = match[1], match[2] or match[1]
    if first not in DAYS or last not in DAYS:
        raise ValueError(f"{text!r}: days are {', '.join(DAYS)}, {EXAMPLE}")
    begins, ends = (int(match[hour]) * 60 + int(match[hour + 1]) for hour in (3, 5))
    if not (0 <= begins < ends <= 24 * 60) or int(match[4]) > 59 or int(match[6]) > 59:
        raise ValueError(f"{text!r}: a stretch of one day was expected, {EXAMPLE}; what passes midnight is two of them")
    low, high = DAYS.index(first), DAYS.index(last)
    return Hours(tuple(day % 7 for day in range(low, high + 1 if high >= low else high + 8)), begins, ends)


def standing(now: datetime, open_hours: Sequence[Hours], zone: ZoneInfo, freezes: Iterable[Span]) -> Standing:
    """Say whether a go-live may begin now, until when, and when it may else."""
    frozen = sorted(span for span in freezes if span.ends > now and span.ends > span.begins)
    here = max((span for span in frozen if span.begins <= now), key=lambda span: span.ends, default=None)
    later = next((span for span in frozen if span.begins > now), None)
    at = now
    while at < now + FURTHEST:
        covering = max((span.ends for span in frozen if span.begins <= at < span.ends), default=None)
        if covering is not None:
            at = covering
            continue
        window = _window(at, open_hours, zone)
        if window is None:
            break
        if window.begins > at:
            at = window.begins
            continue
        last = window.ends if window.ends - at < ALWAYS else now + FURTHEST
        ends = min([last, *(span.begins for span in frozen if span.begins > at)])
        return Standing(ends, None, None, later) if at == now else Standing(None, at, here, later)
    return Standing(None, None, here, later)


def _window(at: datetime, open_hours: Sequence[Hours], zone: ZoneInfo) -> Span | None:
    """Give the open stretch in which a moment lies, or the next one; those that touch are one."""
    first = at.astimezone(zone).date() - timedelta(days=1)
    spans = sorted(
        _span(first + timedelta(days=number), one, zone)
        for number in range(10)
        for one in open_hours
        if (first + timedelta(days=number)).weekday() in one.days
    )
    joined: list[Span] = []
    for span in spans:
        if joined and span.begins <= joined[-1].ends:
            joined[-1] = Span(joined[-1].begins, max(joined[-1].ends, span.ends))
        elif span.ends > span.begins:
            joined.append(span)
    return next((span for span in joined if span.ends > at), None)


def _span(day: date, one: Hours, zone: ZoneInfo) -> Span:
    return Span(local(day, one.begins, zone), local(day, one.ends, zone))


def as_utc(moment: date, zone: ZoneInfo) -> datetime:
    """Give a day's beginning, or a moment, as UTC; one without a zone is `zone`'s."""
    if not isinstance(moment, datetime):
        return local(moment, 0, zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def local(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Give a wall clock's time of a day as UTC; one that a change of the clocks leaves out is as far after it."""
    at = datetime.combine(day + timedelta(days=minutes // 1440), time(minutes % 1440 // 60, minutes % 60), zone)
    return at.astimezone(UTC)
