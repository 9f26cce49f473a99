"""Whether a go-live may begin now: the plan's hours in one time zone, and freezes of the plan and of a calendar."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator

from golive.adapters.checks.asking import measuring
from golive.adapters.checks.run import Known, Saw, Scene
from golive.adapters.reports.freezes import freezes_of
from golive.adapters.reports.reading import report_at
from golive.core.allowed import FURTHEST, Span, Standing, as_utc, hours, standing
from golive.core.plain import plain
from golive.core.scalars import Part, Texts, as_tuple

LARGEST = 1_000_000
SHOWN = 4


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone (IANA), for example 'Europe/Berlin'") from None
    return name


def _hours(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise ValueError("at least one stretch was expected, for example 'mon-thu 09:00-16:00'")
    for text in texts:
        hours(text)
    return texts


def _moment(text: str) -> str:
    _read(text)
    return text


class Freeze(Part):
    """A freeze of the plan: days, first and last included, or moments; one without a zone is of the line's."""

    name: str
    begins: Annotated[str, AfterValidator(_moment)]
    ends: Annotated[str, AfterValidator(_moment)]


class AllowedSettings(Part):
    """The time zone, the hours in which a go-live may begin, and freezes: of the plan, and of an iCalendar.

    `calendar` is a file or an address; of its events those whose name has `named` in it, "" for all of them.
    """

    zone: Annotated[str, AfterValidator(_zone)]
    hours: Annotated[Texts, AfterValidator(_hours)]
    freezes: Annotated[tuple[Freeze, ...], BeforeValidator(as_tuple)] = ()
    calendar: str = ""
    named: str = ""


@measuring("hours and freezes that can be read")
async def allowed(scene: Scene, wanted: AllowedSettings) -> Saw:
    """See whether a go-live may begin now; the finding names what is open or opens next, and the freeze."""
    now, zone = scene.clock.now().astimezone(UTC), ZoneInfo(wanted.zone)
    freezes = [_of_plan(one, zone) for one in wanted.freezes]
    evidence: dict[str, Any] = {"zone": wanted.zone, "hours": list(wanted.hours)}
    if wanted.calendar:
        report = await report_at(wanted.calendar, scene.base, largest=LARGEST)
        read = await asyncio.to_thread(freezes_of, report, zone, now, FURTHEST)
        freezes += [span for span in read if wanted.named.lower() in span.name.lower()]
        evidence |= {"calendar": report.address, "sha256": report.sha256, "freezes": len(freezes)}
    found = standing(now, [hours(text) for text in wanted.hours], zone, freezes)
    expected = f"{', '.join(wanted.hours[:SHOWN])} {wanted.zone}, and no freeze"
    if found.until is not None:
        how = "open at all hours" if found.until >= now + FURTHEST else f"open until {_say(found.until, zone)}"
        return Saw(True, expected, f"{how}{_next(found, zone)}", evidence)
    opens = f"opens {_say(found.opens, zone)}" if found.opens else f"does not open within {FURTHEST.days} days"
    why = f"freeze {_named(found.freeze, zone)}" if found.freeze else "closed at this hour"
    then = (
        f"begin at {_say(found.opens, zone)}, or have it waived"
        if found.opens
        else "have it waived, or the freeze ended"
    )
    return Saw(False, expected, f"{why}; {opens}", evidence, then)


def _of_plan(one: Freeze, zone: ZoneInfo) -> Span:
    begins, ends = _read(one.begins), _read(one.ends)
    last = ends if isinstance(ends, datetime) else ends + timedelta(days=1)
    return Span(as_utc(begins, zone), as_utc(last, zone), plain(one.name, 60))


def _read(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)


def _next(found: Standing, zone: ZoneInfo) -> str:
    return f"; next freeze {_named(found.next_freeze, zone)}" if found.next_freeze else "; no freeze is known"


def _named(freeze: Span, zone: ZoneInfo) -> str:
    return f"{freeze.name!r} from {_say(freeze.begins, zone)} until {_say(freeze.ends, zone)}"


def _say(at: datetime, zone: ZoneInfo) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ} ({at.astimezone(zone):%a %H:%M} there)"


KNOWN = {"allowed-hours": Known("A go-live may begin now", allowed, AllowedSettings)}
