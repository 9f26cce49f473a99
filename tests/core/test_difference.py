"""Counters that misbehave are named, and never count for the canary."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.metrics.sandbox import points_of, tallies_of
from golive.core.difference import difference
from golive.core.digest import COLUMNS, minute_digests, read_rows, row, write_rows
from golive.core.samples import CouldNotMeasure, Counters, Tally, Unmeasured, Version
from golive.sandbox.counts import CUT_OFF, Counts
from tests.builders import sample


def counters(at, requests, failed=0):
    return Counters(at, {version: Tally(requests, failed, over={500: 0}) for version in Version})


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_counts_that_grow_give_what_came_between(before, more):
    samples = difference(counters(1.0, before), counters(2.0, before + more), second=0.0)

    assert [s.tally.requests for s in samples] == [more, more]


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_counts_that_go_backwards_are_a_reset(before, less):
    found = difference(counters(1.0, before), counters(2.0, max(0, before - less)), second=0.0)

    assert isinstance(found, CouldNotMeasure) and found.why is Unmeasured.RESET


def test_more_failures_than_requests_are_garbage():
    found = difference(counters(1.0, 10), counters(2.0, 12, failed=5), second=0.0)

    assert found.why is Unmeasured.GARBAGE


def test_a_repeated_read_is_frozen():
    assert difference(counters(1.0, 10), counters(1.0, 12), second=0.0).why is Unmeasured.FROZEN


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", Unmeasured.EMPTY),
        (bytes(range(256)), Unmeasured.GARBAGE),
        (Counts().text("NaN").encode(), Unmeasured.NOT_A_NUMBER),
        (b"# TYPE x counter\nx_total 1\n", Unmeasured.EMPTY),
    ],
)
def test_a_text_without_counts_says_why(content, why):
    points = points_of(content)
    found = points if isinstance(points, CouldNotMeasure) else tallies_of(points)

    assert isinstance(found, CouldNotMeasure) and found.why is why


def test_a_request_that_was_cut_off_is_failed_and_over_every_limit():
    counts = Counts()
    counts.add("canary", "visitors", 504, CUT_OFF)
    counts.add("canary", "visitors", 200, 120.0)
    counts.add("canary", "ours", 500, 3000.0)
    tally = tallies_of(points_of(counts.text().encode()))[Version.CANARY]

    assert (tally.requests, tally.failed) == (2, 1)
    assert (tally.over[100], tally.over[1000], tally.over[2000]) == (2, 1, 1)


def test_a_samples_file_carries_critical_routes_and_its_digest_covers_them():
    told = replace(sample(1, Version.CANARY, 100, dead=2), routes={"check, out": Tally(2, 2, over={1000: 1})})
    untold = sample(2, Version.STABLE, 100)
    rows = read_rows(write_rows([row(told), row(untold)]))
    changed = [{**entry, "check, out: failed": "0"} if entry["check, out: failed"] else entry for entry in rows]

    assert [entry["check, out: over_1000ms"] for entry in rows] == ["1", ""]
    assert minute_digests(rows) == minute_digests([row(told), row(untold)])
    assert minute_digests(changed) != minute_digests(rows)


def test_a_samples_file_from_before_routes_keeps_its_digests():
    """The digest that was in records before there were columns for routes."""
    old = row(replace(sample(1, Version.CANARY, 100), routes={}))
    line = ",".join(old[name] for name in COLUMNS)

    assert set(old) == set(COLUMNS)
    assert minute_digests([old]) == {"2023-11-14T22:13Z": (1, hashlib.sha256(line.encode()).hexdigest())}


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 300)), min_size=1, max_size=20))
def test_a_samples_file_gives_the_digests_of_its_samples(numbers):
    rows = [row(sample(at, Version.CANARY, requests)) for at, requests in sorted(numbers)]

    assert minute_digests(read_rows(write_rows(rows))) == minute_digests(rows)
