"""How far two clocks are apart, as far as one exchange shows it."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.core.moments import Moment, moment_of
from golive.core.skew import furthest, in_words, skew_of, told_by

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()


@given(ahead=st.floats(-1e6, 1e6), rtt=st.floats(0, 3), at=st.floats(0, 1), resolution=st.sampled_from([0.0, 1.0]))
def test_a_skew_is_never_overstated_and_misses_no_more_than_the_exchange_took(ahead, rtt, at, resolution):
    sent = NOON
    true = sent + at * rtt + ahead
    told = true // 1 if resolution else true
    found = skew_of(told, sent, sent + rtt, resolution)

    assert abs(found) <= abs(ahead) + 1e-3
    assert abs(found - ahead) <= rtt + resolution + 1e-3


@pytest.mark.parametrize("header", ["", "yesterday", "Thu, 99 Jan 2026 12:00:00 GMT", "0", "\x00"])
def test_a_date_that_can_not_be_read_tells_nothing(header):
    assert told_by(header, NOON, NOON) == (None, None)


def test_a_date_tells_whole_seconds():
    date = format_datetime(datetime.fromtimestamp(NOON - 10, UTC), usegmt=True)

    assert told_by(date, NOON, NOON + 0.2) == (NOON - 10, -9.0)
    assert in_words(-9.0, "Prometheus") == "the clock of Prometheus is 9.0 s behind ours"


def test_of_several_clocks_the_furthest_counts():
    assert furthest([(1.0, 0.5), (None, None), (2.0, -3.0)]) == (2.0, -3.0)
    assert furthest([(None, None)]) == furthest([]) == (None, None)


def moment(minutes, boot="a", seconds=0.0):
    return Moment(datetime(2026, 1, 1, 12, minutes, tzinfo=UTC), boot, seconds)


def test_the_same_boot_tells_how_long_it_has_been_whatever_the_clock_was_set_to():
    assert moment(0, "a", 130.0).since(moment(59, "a", 100.0)) == 30.0


@pytest.mark.parametrize(("boots"), [("a", "b"), ("", "")])
def test_after_another_boot_utc_tells_and_what_has_not_been_yet_is_not_young(boots):
    earlier, later = boots

    assert moment(10, later, 5.0).since(moment(0, earlier, 900.0)) == 600.0
    assert moment(0, later, 5.0).since(moment(10, earlier, 900.0)) == float("inf")


def test_a_moment_survives_the_record():
    there = moment(3, "a", 12.3456)

    assert moment_of("2026-01-01T12:03:00.000Z", there.to_json()) == moment(3, "a", 12.346)
    assert moment_of("2026-01-01T12:03:00.000Z", None) == moment(3, "", 0.0)
