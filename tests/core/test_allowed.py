"""When a go-live may begin, by the clock on the wall of one place, less freezes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golive.core.allowed import FURTHEST, Hours, Span, hours, standing

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = (hours("mon-thu 09:00-16:00"), hours("fri 09:00-12:00"))
ALWAYS = (hours("mon-sun 00:00-24:00"),)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def freeze(begins, ends, name="year's end"):
    return Span(utc(begins), utc(ends), name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon-thu 09:00-16:00", Hours((0, 1, 2, 3), 540, 960)),
        ("fri 09:00-12:30", Hours((4,), 540, 750)),
        ("sat-mon 00:00-24:00", Hours((5, 6, 0), 0, 1440)),
        ("mon-sun 00:00-24:00", Hours((0, 1, 2, 3, 4, 5, 6), 0, 1440)),
    ],
)
def test_hours_are_read(text, expected):
    assert hours(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mon",
        "monday 09:00-16:00",
        "mon 9-16",
        "mon 09:00-25:00",
        "mon 16:00-09:00",
        "mon 09:60-10:00",
        "mon 09:00-09:00",
    ],
)
def test_what_are_no_hours_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="mon-thu 09:00-16:00"):
        hours(text)


@given(st.text(max_size=40))
def test_any_text_is_hours_or_refused(text):
    try:
        assert hours(text).days
    except ValueError as error:
        assert "was expected" in str(error) or "were expected" in str(error) or "days are" in str(error)


@pytest.mark.parametrize(
    ("now", "until", "opens"),
    [
        ("2026-01-05T08:00:00", "2026-01-05T15:00:00", None),  # Monday 09:00 in Berlin
        ("2026-01-05T07:59:59", None, "2026-01-05T08:00:00"),
        ("2026-01-05T15:00:00", None, "2026-01-06T08:00:00"),
        ("2026-01-09T11:00:00", None, "2026-01-12T08:00:00"),  # Friday noon
        ("2026-07-06T07:00:00", "2026-07-06T14:00:00", None),  # summer time
        ("2026-03-27T12:00:00", None, "2026-03-30T07:00:00"),  # over the change of the clocks
    ],
)
def test_hours_are_those_of_the_wall_clock_there(now, until, opens):
    found = standing(utc(now), OFFICE, BERLIN, ())

    assert found.until == (utc(until) if until else None) and found.opens == (utc(opens) if opens else None)


def test_a_freeze_closes_open_hours_and_opens_only_with_the_next_of_them():
    found = standing(utc("2026-01-05T09:00:00"), OFFICE, BERLIN, [freeze("2026-01-01T00:00:00", "2026-01-08T20:00:00")])

    assert found.freeze.name == "year's end" and found.until is None and found.opens == utc("2026-01-09T08:00:00")


def test_freezes_that_overlap_last_until_the_last_of_them_ends():
    spans = [
        freeze("2026-01-01T00:00:00", "2026-01-06T12:00:00"),
        freeze("2026-01-06T10:00:00", "2026-01-07T09:00:00", "b"),
    ]

    assert standing(utc("2026-01-05T09:00:00"), ALWAYS, BERLIN, spans).opens == utc("2026-01-07T09:00:00")


def test_a_freeze_that_comes_ends_the_open_stretch_and_is_named():
    coming = freeze("2026-01-05T11:00:00", "2026-01-05T12:00:00")
    found = standing(utc("2026-01-05T09:00:00"), OFFICE, BERLIN, [coming])

    assert found.until == coming.begins and found.next_freeze == coming


def test_a_freeze_without_an_end_in_sight_never_opens():
    assert (
        standing(
            utc("2026-01-05T09:00:00"), ALWAYS, BERLIN, [freeze("2026-01-01T00:00:00", "9000-01-01T00:00:00")]
        ).opens
        is None
    )


def test_hours_that_never_close_end_only_with_a_freeze():
    now, coming = utc("2026-01-05T09:00:00"), freeze("2026-03-01T00:00:00", "2026-03-02T00:00:00")

    assert standing(now, ALWAYS, BERLIN, ()).until == now + FURTHEST
    assert standing(now, ALWAYS, BERLIN, [coming]).until == coming.begins


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
WINDOWS = st.builds(
    lambda day, begins, length: Hours((day,), begins, min(1440, begins + length)),
    st.integers(0, 6),
    st.integers(0, 1400),
    st.integers(10, 1440),
)
FREEZES = st.builds(lambda at, days: Span(at, at + timedelta(days=days), "f"), MOMENTS, st.integers(1, 40))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]).map(ZoneInfo)


@settings(max_examples=150, deadline=None)
@given(MOMENTS, st.lists(WINDOWS, min_size=1, max_size=4), ZONES, st.lists(FREEZES, max_size=5))
def test_when_it_says_that_it_opens_it_is_open_and_not_a_second_before(now, open_hours, zone, freezes):
    found = standing(now, open_hours, zone, freezes)

    if found.until is not None:
        assert found.until > now and found.opens is None and found.freeze is None
        assert standing(found.until - timedelta(seconds=1), open_hours, zone, freezes).until == found.until or (
            found.until - timedelta(seconds=1) < now
        )
        wall = now.astimezone(zone)
        minutes = wall.hour * 60 + wall.minute
        assert any(wall.weekday() in one.days and one.begins <= minutes < one.ends for one in open_hours) or wall.fold
    elif found.opens is not None:
        assert now < found.opens <= now + FURTHEST
        assert standing(found.opens, open_hours, zone, freezes).until is not None
        assert standing(found.opens - timedelta(seconds=1), open_hours, zone, freezes).until is None
