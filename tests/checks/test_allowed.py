"""Whether a go-live may begin now: the clock on the wall there, and freezes of a plan and of any calendar."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from golive.adapters.checks.known import known
from golive.adapters.checks.run import Scene, run_checks
from golive.adapters.clocks import FakeClock
from golive.core.errors import PlanError
from golive.core.phases import CheckUse
from golive.ports import Result
from tests.checks.hostile import PLACES, hostile

MONDAY = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)  # 10:30 in Berlin
OFFICE = {"zone": "Europe/Berlin", "hours": ["mon-thu 09:00-16:00", "fri 09:00-12:00"]}


def calendar(*events):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    for number, event in enumerate(events):
        said = event if any(line.startswith("UID") for line in event) else [f"UID:{number}", *event]
        lines += ["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *said, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


async def look(folder, content=None, now=MONDAY, **more):
    line = {**OFFICE, **more}
    if content is not None:
        (folder / "freezes.ics").write_bytes(content)
        line["calendar"] = "freezes.ics"
    scene = Scene("", "", "", None, None, None, None, FakeClock(now), folder, 0.0, base=folder)
    (finding,) = await run_checks([CheckUse(check="allowed-hours", settings=line)], known(), scene)
    return finding


async def test_within_the_hours_it_may_begin_and_it_says_until_when(tmp_path):
    finding = await look(tmp_path)

    assert finding.result is Result.PASS
    assert finding.seen == "open until 2026-01-05T15:00Z (Mon 16:00 there); no freeze is known"


async def test_hours_that_never_close_are_said_to_be_so(tmp_path):
    finding = await look(tmp_path, zone="UTC", hours=["mon-sun 00:00-24:00"])

    assert finding.result is Result.PASS and finding.seen == "open at all hours; no freeze is known"


async def test_outside_the_hours_it_fails_and_names_what_opens_next_the_same_at_each_look(tmp_path):
    first = await look(tmp_path, now=MONDAY + timedelta(hours=8))
    again = await look(tmp_path, now=MONDAY + timedelta(hours=9))

    assert first.result is Result.FAIL and first.code == again.code
    assert first.seen == "closed at this hour; opens 2026-01-06T08:00Z (Tue 09:00 there)" and "2026-01-06" in first.then


async def test_a_freeze_of_the_plan_lasts_through_its_last_day(tmp_path):
    freezes = [{"name": "year's end", "begins": "2025-12-20", "ends": "2026-01-06"}]
    finding = await look(tmp_path, freezes=freezes)

    assert finding.result is Result.FAIL and 'freeze "year\'s end"' in finding.seen
    assert "until 2026-01-06T23:00Z" in finding.seen and "opens 2026-01-07T08:00Z" in finding.seen


async def test_a_freeze_of_the_plan_may_be_a_moment_in_a_zone_of_its_own(tmp_path):
    freezes = [{"name": "launch", "begins": "2026-01-05T10:00+00:00", "ends": "2026-01-05T12:00"}]
    finding = await look(tmp_path, freezes=freezes)

    assert finding.result is Result.PASS
    assert "open until 2026-01-05T10:00Z" in finding.seen and "until 2026-01-05T11:00Z" in finding.seen


@pytest.mark.parametrize(
    "event",
    [
        ["DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260107", "SUMMARY:F"],
        ["DTSTART;VALUE=DATE:20260105", "SUMMARY:F"],
        ["DTSTART:20260105T090000Z", "DTEND:20260105T100000Z", "SUMMARY:F"],
        ["DTSTART;TZID=America/New_York:20260105T040000", "DURATION:PT1H", "SUMMARY:F"],
        ["DTSTART:20260105T100000", "DURATION:PT1H", "SUMMARY:F"],  # without a zone: the line's
        ["DTSTART;VALUE=DATE:20200105", "RRULE:FREQ=YEARLY", "SUMMARY:F"],
        ["DTSTART;VALUE=DATE:20251201", "RRULE:FREQ=WEEKLY;BYDAY=MO", "SUMMARY:F"],
        ["DTSTART;VALUE=DATE:20250106", "RRULE:FREQ=DAILY", "SUMMARY:F"],
        ["DTSTART:00010101T000000Z", "DTEND:99991231T000000Z", "SUMMARY:F"],
    ],
)
async def test_an_event_that_is_on_is_a_freeze_however_it_is_written(tmp_path, event):
    finding = await look(tmp_path, calendar(event))

    assert finding.result is Result.FAIL and finding.seen.startswith("freeze 'F' from "), finding
    assert finding.evidence["freezes"] >= 1 and len(finding.evidence["sha256"]) == 64


@pytest.mark.parametrize(
    "events",
    [
        [],
        [["DTSTART;VALUE=DATE:20260201", "SUMMARY:F"]],
        [["DTSTART;VALUE=DATE:20251201", "DTEND;VALUE=DATE:20260105", "SUMMARY:F"]],
        [["DTSTART;VALUE=DATE:20260105", "SUMMARY:F", "STATUS:CANCELLED"]],
        [["DTSTART;VALUE=DATE:20251201", "RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;VALUE=DATE:20260105", "SUMMARY:F"]],
        [
            ["UID:a", "DTSTART;VALUE=DATE:20200105", "RRULE:FREQ=YEARLY", "SUMMARY:F"],
            ["UID:a", "RECURRENCE-ID;VALUE=DATE:20260105", "DTSTART;VALUE=DATE:20260110", "SUMMARY:F"],
        ],
        [["DTSTART;VALUE=DATE:20200105", "RRULE:FREQ=YEARLY;UNTIL=20250601", "SUMMARY:F"]],
    ],
)
async def test_a_freeze_that_is_over_to_come_or_taken_back_lets_it_begin(tmp_path, events):
    assert (await look(tmp_path, calendar(*events))).result is Result.PASS


async def test_of_a_calendar_of_many_things_only_the_events_that_are_named_so_count(tmp_path):
    content = calendar(["DTSTART;VALUE=DATE:20260105", "SUMMARY:Ada's birthday"])

    assert (await look(tmp_path, content, named="freeze")).result is Result.PASS
    assert (await look(tmp_path, content)).result is Result.FAIL


BAD = {
    "empty": (b"", "is empty"),
    "html": (b"<html>no calendar</html>", "is no iCalendar"),
    "cut off": (calendar(["DTSTART;VALUE=DATE:20260105", "SUMMARY:F"])[:-20], "cut off"),
    "cut in an event": (calendar(["DTSTART;VALUE=DATE:20260105", "SUMMARY:F"])[:100], "cut off"),
    "an event of its own": (b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260105T100000Z\r\nEND:VEVENT\r\n", "is no iCalendar"),
    "never closed": (b"BEGIN:VCALENDAR\r\n" * 3000 + b"END:VCALENDAR\r\n", "cut off"),
    "garbage": (b"BEGIN:VCALENDAR\r\n\xff\xfe\x00\r\nEND:VCALENDAR\r\n", "no iCalendar"),
    "huge": (calendar(*[["DTSTART;VALUE=DATE:20260105", "SUMMARY:" + "x" * 600]] * 1800), "at most 1000000"),
    "many": (calendar(*[["DTSTART;VALUE=DATE:20300105", "SUMMARY:F"]] * 2001), "2001 events"),
    "no beginning": (calendar(["SUMMARY:F"]), "does not say when it begins"),
    "no moment": (calendar(["DTSTART:soon", "SUMMARY:F"]), "the event 'F'"),
    "unknown zone": (calendar(["DTSTART;TZID=Mars/Phobos:20260105T100000", "SUMMARY:F"]), "a zone nobody knows"),
    "backwards": (
        calendar(["DTSTART:20260105T100000Z", "DTEND:20260104T100000Z", "SUMMARY:F"]),
        "ends before it begins",
    ),
    "endless seconds": (calendar(["DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY", "SUMMARY:F"]), "SECONDLY"),
    "endless hours": (calendar(["DTSTART:20200101T000000Z", "RRULE:FREQ=DAILY;BYHOUR=1,2,3", "SUMMARY:F"]), "BYHOUR"),
    "never happens": (
        calendar(["DTSTART:20200101T000000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "SUMMARY:F"]),
        "BYMONTHDAY",
    ),
    "stands still": (calendar(["DTSTART:20200101T000000Z", "RRULE:FREQ=YEARLY;INTERVAL=0", "SUMMARY:F"]), "every"),
    "since for ever": (calendar(["DTSTART:00010101T000000Z", "RRULE:FREQ=DAILY", "SUMMARY:F"]), "since 1"),
    "no rule": (calendar(["DTSTART:20200101T000000Z", "RRULE:FREQ=OFTEN", "SUMMARY:F"]), "the event 'F'"),
}


@pytest.mark.parametrize("what", BAD)
async def test_a_calendar_that_can_not_be_read_could_not_be_measured_in_bounded_time(tmp_path, what):
    content, said = BAD[what]
    began = datetime.now(UTC)
    finding = await look(tmp_path, content)

    assert finding.result is Result.COULD_NOT_MEASURE and said in finding.seen and finding.then, finding
    assert "Error" not in finding.seen and datetime.now(UTC) - began < timedelta(seconds=9)


async def test_what_recurs_without_end_and_too_often_to_follow_could_not_be_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("golive.adapters.reports.freezes.SECONDS", 0.2)
    daily = ["DTSTART:19700101T000000Z", "DURATION:PT1M", "RRULE:FREQ=DAILY", "SUMMARY:F"]
    finding = await look(tmp_path, calendar(*[daily] * 150))

    assert finding.result is Result.COULD_NOT_MEASURE and "recur" in finding.seen


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: calendar([text]) if text.strip() else b"x"))
async def test_whatever_comes_is_a_finding(tmp_path, content):
    finding = await look(tmp_path, content)

    assert "Error:" not in finding.seen and finding.result in (Result.COULD_NOT_MEASURE, Result.FAIL, Result.PASS)


@pytest_asyncio.fixture
async def nowhere_nice():
    server = hostile()
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.mark.parametrize("place", PLACES)
async def test_a_hostile_address_could_not_be_measured(tmp_path, nowhere_nice, place, monkeypatch):
    monkeypatch.setattr("golive.adapters.reports.reading.report_at.__defaults__", (0.4,))
    finding = await look(tmp_path, calendar=f"{nowhere_nice}/{place}")

    assert finding.result is Result.COULD_NOT_MEASURE and finding.then and "script" not in finding.seen


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"zone": "Berlin"}, "no time zone"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
        ({"hours": []}, "at least one stretch"),
        ({"hours": ["9-5"]}, "mon-thu 09:00-16:00"),
        ({"freezes": [{"name": "x", "begins": "soon", "ends": "2026-01-01"}]}, "begins"),
        ({"freeze": []}, "did you mean 'freezes'"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_plan(changed, why):
    with pytest.raises(PlanError, match=why):
        known()["allowed-hours"].checked(CheckUse(check="allowed-hours", settings={**OFFICE, **changed}))
