"""A stretch of a long watch is summed up whole: nothing twice, nothing lost, and its worst moment."""

import itertools
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from golive.core.moments import utc
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.core.summaries import due, summary, whole_minute

BEGIN = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


def at(seconds):
    return utc(BEGIN + timedelta(seconds=seconds), "seconds")


def counted(second, requests=10, failed=0, version=Version.CANARY, cpu=None):
    end = BEGIN.timestamp() + second
    tally = Tally(requests, failed, 0, 0, {500: failed, 1000: 0})
    return Sample(end, second, 1.0, version, tally, Gauges(cpu, None), "watch", 1.0)


@given(st.lists(st.integers(0, 3000), max_size=30), st.lists(st.integers(1, 49), max_size=5))
def test_stretches_that_follow_one_another_count_each_request_once(seconds, minutes):
    samples = [counted(second) for second in seconds]
    edges = [whole_minute(at(0)), *(whole_minute(at(60 * m)) for m in sorted(set(minutes))), at(60 * 60)]
    told = [summary(samples, since, until) for since, until in itertools.pairwise(edges)]

    assert sum(one["versions"].get("canary", {}).get("requests", 0) for one in told) == 10 * len(samples)


def test_the_worst_moment_is_the_one_with_the_greatest_share_and_not_the_most_failures():
    samples = [counted(10, 1000, 20), counted(70, 10, 1), counted(130, 10, 1)]
    worst = summary(samples, at(-30), at(3600))["versions"]["canary"]["worst"]["failed"]

    assert worst == {"at": at(70), "share": 0.1, "requests": 10}


def test_what_never_happened_has_no_worst_moment_and_an_unmeasured_gauge_is_none():
    told = summary([counted(10)], at(-30), at(3600))["versions"]["canary"]

    assert told["worst"] == {}
    assert told["failed"] == 0 and told["cpu"] is None


def test_a_gauge_is_its_greatest_value():
    told = summary([counted(10, cpu=0.2), counted(20, cpu=0.9), counted(30)], at(-30), at(3600))

    assert told["versions"]["canary"]["cpu"] == 0.9


def test_a_version_without_visitors_is_left_out():
    told = summary([counted(10), counted(10, 0, version=Version.STABLE)], at(-30), at(3600))

    assert set(told["versions"]) == {"canary"}


def test_a_stretch_is_due_at_the_whole_minute_after_it_is_over():
    since = whole_minute(at(0))

    assert due(since, BEGIN + timedelta(minutes=59, seconds=20), timedelta(hours=1)) == ""
    assert due(since, BEGIN + timedelta(minutes=59, seconds=45), timedelta(hours=1)) == "2026-01-01T13:00:00Z"
