"""Series become counts: nothing twice, nothing lost, nothing made up."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.prometheus_answers import Series
from golive.adapters.prometheus_counting import COUNTS, TIMES, Counting
from golive.adapters.prometheus_scrapes import Group, edges_of, scrapes_of
from golive.core.samples import CouldNotMeasure, Unmeasured, Version

REPLICA = frozenset({"replica"})
REQUESTS, FAILED, BUCKETS = "r_total", 'r_total{code="500"}', "r_seconds_bucket"


def series(name, *points, instance="a:1", job="app", **labels):
    return Series({"__name__": name, "job": job, "instance": instance, **labels}, points)


def counts_of(version=Version.CANARY, route="", **more):
    return Group(version, COUNTS, route, {"requests": (REQUESTS,), "failed": (FAILED,), **more})


def times_of(version=Version.CANARY, unit="seconds"):
    return Group(version, TIMES, "", {"histogram": (BUCKETS,)}, unit)


def histogram(at, within, total, edges=("0.5", "1.0"), **labels):
    buckets = [series(BUCKETS, (at, count), le=edge, **labels) for edge, count in zip(edges, within, strict=True)]
    return [*buckets, series(BUCKETS, (at, total), le="+Inf", **labels)]


def read(group, answers, interval=1.0):
    return scrapes_of(
        group,
        {selector: answers.get(selector, []) for s in group.quantities.values() for selector in s},
        REPLICA,
        interval,
    )


class Site:
    """One version's counts and times, taken scrape by scrape."""

    def __init__(self):
        self.groups = (counts_of(), times_of(), counts_of(Version.STABLE), times_of(Version.STABLE))
        self.counting = Counting(self.groups)

    def take(self, requests, failed=(), buckets=None, at=1.0):
        stable = {
            counts_of(Version.STABLE): {REQUESTS: [series(REQUESTS, (at, 5.0), instance="s:1", code="200")]},
            times_of(Version.STABLE): {BUCKETS: histogram(at, (5, 5), 5, instance="s:1")},
        }
        canary = {
            counts_of(): {REQUESTS: requests, FAILED: list(failed)},
            times_of(): {BUCKETS: buckets or histogram(at, (0, 0), 0)},
        }
        scrapes = {group: read(group, {**canary, **stable}[group]) for group in self.groups}
        assert not any(isinstance(found, CouldNotMeasure) for found in scrapes.values()), scrapes
        return self.counting.take(scrapes)

    @property
    def canary(self):
        return self.counting.tallies()[Version.CANARY]


@given(st.lists(st.lists(st.integers(0, 1000), min_size=3, max_size=3), min_size=1, max_size=8))
def test_counts_are_the_growth_of_every_series_since_the_first_scrape(steps):
    site, stand = Site(), [7, 8, 9]
    for at, step in enumerate([[0, 0, 0], *steps]):
        stand = [before + more for before, more in zip(stand, step, strict=True)]
        pods = [
            series(REQUESTS, (at, float(count)), instance=f"{pod}:1", code="200") for pod, count in enumerate(stand)
        ]
        assert site.take(pods, at=float(at)) is None

    assert site.canary.requests == sum(map(sum, steps))


@given(st.integers(1, 500), st.integers(0, 499), st.integers(0, 10_000))
def test_a_counter_that_restarts_is_a_reset_however_much_the_others_grow(before, after, growth):
    after = min(after, before - 1)
    site = Site()

    def pods(at, *counts):
        return [
            series(REQUESTS, (at, float(count)), instance=f"{pod}:1", code="200") for pod, count in enumerate(counts)
        ]

    assert site.take(pods(1.0, before, 100), at=1.0) is None
    reset = site.take(pods(2.0, after, 100 + growth), at=2.0)
    assert isinstance(reset, CouldNotMeasure) and reset.why is Unmeasured.RESET and "0:1" in reset.detail
    assert site.canary.requests == growth
    assert site.take(pods(3.0, after + 4, 100 + growth), at=3.0) is None
    assert site.canary.requests == growth + 4


def test_a_target_that_comes_counts_from_its_first_scrape_on_and_one_that_goes_is_named_once():
    site = Site()
    first = [series(REQUESTS, (1.0, 50.0), code="200")]
    site.take(first, at=1.0)
    both = [series(REQUESTS, (2.0, 60.0), code="200"), series(REQUESTS, (2.0, 9000.0), instance="b:1", code="200")]
    came = site.take(both, at=2.0)
    requests_then = site.canary.requests
    gone = site.take([series(REQUESTS, (3.0, 61.0), code="200")], at=3.0)
    after = site.take([series(REQUESTS, (4.0, 63.0), code="200")], at=4.0)

    assert came is None and requests_then == 10
    assert gone.why is Unmeasured.REFUSED and "b:1" in gone.detail
    assert after is None and site.canary.requests == 13


def test_a_scrape_that_arrives_between_two_answers_is_read_off_at_the_older_one():
    requests = [series(REQUESTS, (1.0, 10.0), (2.0, 20.0), code="200")]
    failed = [series(REQUESTS, (1.0, 0.0), (2.0, 1.0), (3.0, 9.0), code="500")]
    (scrape,) = read(counts_of(), {REQUESTS: requests, FAILED: failed}).values()

    assert scrape.at == 2.0 and sorted(scrape.values.values()) == [1.0, 20.0]


def test_a_series_that_the_newest_scrape_no_longer_has_counts_nothing():
    requests = [series(REQUESTS, (1.0, 10.0), (2.0, 20.0), code="200")]
    failed = [series(REQUESTS, (1.0, 7.0), code="500")]
    (scrape,) = read(counts_of(), {REQUESTS: requests, FAILED: failed}).values()

    assert list(scrape.values.values()) == [20.0]


def test_two_replicas_of_prometheus_count_once_and_the_fresher_one_is_read():
    requests = [
        series(REQUESTS, (2.0, 20.0), code="200", replica="0"),
        series(REQUESTS, (2.4, 24.0), code="200", replica="1"),
    ]
    for order in (requests, requests[::-1]):
        (scrape,) = read(counts_of(), {REQUESTS: order}).values()

        assert (scrape.at, list(scrape.values.values())) == (2.4, [24.0])


def test_one_instance_in_two_jobs_could_not_be_measured():
    requests = [series(REQUESTS, (2.0, 20.0), code="200", job=job) for job in ("app", "app-again")]
    found = read(counts_of(), {REQUESTS: requests})

    assert found.why is Unmeasured.GARBAGE and "'app'" in found.detail and "'app-again'" in found.detail


def test_absent_failures_are_none_only_where_the_requests_counter_could_show_them():
    requests = [series(REQUESTS, (2.0, 20.0), code="200")]
    known = read(counts_of(), {REQUESTS: requests})
    label = read(counts_of(failed=('r_total{cod=~"5.."}',)), {REQUESTS: requests})
    name = read(counts_of(failed=("errors_total",)), {REQUESTS: requests})

    assert not isinstance(known, CouldNotMeasure)
    assert label.why is Unmeasured.EMPTY and "'cod'" in label.detail and "did you mean 'code'" in label.detail
    assert name.why is Unmeasured.EMPTY and "errors_total" in name.detail and "wrong name" in name.detail


def test_no_series_for_requests_is_empty_unless_something_else_shows_the_version_is_there():
    empty = read(counts_of(), {})
    there = read(counts_of(there=("up_total",)), {"up_total": [series("up_total", (2.0, 0.0))]})

    assert empty.why is Unmeasured.EMPTY and "canary" in empty.detail and REQUESTS in empty.detail
    assert not isinstance(there, CouldNotMeasure)


@given(st.sampled_from([float("nan"), float("inf"), -1.0]))
def test_a_count_that_can_not_be_is_named(value):
    found = read(counts_of(), {REQUESTS: [series(REQUESTS, (2.0, value), code="200")]})

    assert found.why is Unmeasured.NOT_A_NUMBER and REQUESTS in found.detail


def test_a_histogram_without_the_edge_names_those_it_has_and_the_nearest():
    group = times_of()
    found = edges_of(group, read(group, {BUCKETS: histogram(1.0, (1, 2), 3, edges=("0.25", "1"))}))

    assert found.why is Unmeasured.GARBAGE
    assert "no edge at 500 ms" in found.detail and "250, 1000" in found.detail and "nearest is 250 ms" in found.detail


def test_the_same_histogram_in_another_unit_is_asked_about():
    group = times_of()
    found = edges_of(group, read(group, {BUCKETS: histogram(1.0, (1, 2), 3, edges=("500", "1000"))}))

    assert "is its unit milliseconds?" in found.detail
    group = times_of(unit="milliseconds")
    assert edges_of(group, read(group, {BUCKETS: histogram(1.0, (1, 2), 3, edges=("500", "1000"))})) == {500, 1000}


def test_a_series_without_edges_is_no_histogram():
    found = read(times_of(), {BUCKETS: [series(BUCKETS, (1.0, 2.0))]})

    assert found.why is Unmeasured.GARBAGE and "no bucket" in found.detail


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60), st.integers(0, 5)), max_size=12))
def test_no_request_is_slow_before_it_is_counted_and_none_is_forgotten(steps):
    """Router and version are scraped at different moments; `steps` are requests, timed, slow, and cut off."""
    groups = tuple(
        replace(group, quantities={**group.quantities, "cut_off": ("cut_total",)}) if group.kind == COUNTS else group
        for group in (counts_of(), times_of())
    )
    counting, totals = Counting(groups), [0, 0, 0, 0]
    previous = None
    for at, (requests, timed, slow, cut_off) in enumerate([(0, 0, 0, 0), *steps], 1):
        totals = [a + b for a, b in zip(totals, (requests + cut_off, timed, min(slow, timed), cut_off), strict=True)]
        quick = totals[1] - totals[2]
        answers = {
            groups[0]: {
                REQUESTS: [series(REQUESTS, (float(at), float(totals[0])), instance="r:1", code="200")],
                "cut_total": [series("cut_total", (float(at), float(totals[3])), instance="r:1")],
                FAILED: [series(REQUESTS, (float(at), 0.0), instance="r:1", code="500")],
            },
            groups[1]: {BUCKETS: histogram(float(at), (quick, totals[1]), totals[1])},
        }
        assert counting.take({group: read(group, answers[group]) for group in groups}) is None
        tally = counting._tally(Version.CANARY, "")
        if previous is not None:
            step = tally - previous
            assert 0 <= step.over[1000] <= step.over[500] <= step.requests
        previous = tally

    assert previous.over[500] <= totals[2] + totals[3]
    if totals[1] == 0:
        assert previous.over[500] == totals[3]
