"""What Envoy's counters say of visitors: every request once, and times when they come."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.envoy_counts import ClusterCounts, counts_of, just_below, pattern
from golive.adapters.envoy_fraction import fraction_text, keyed_routes, share_of
from golive.adapters.envoy_settled import Settled
from golive.adapters.metrics.sandbox import points_of
from golive.core.digest import EDGES
from golive.core.samples import CouldNotMeasure, Tally, Unmeasured, flaw

SHARES = st.integers(0, 1_000_000).map(lambda millionths: millionths / 1_000_000)


@given(SHARES)
def test_a_share_is_read_back_as_it_was_written(share):
    assert share_of(fraction_text(share)) == share


@pytest.mark.parametrize("share", [1 / 3, -0.01, 1.000001, float("nan"), float("inf"), 1e-7])
def test_a_share_that_envoy_cannot_hold_has_no_text(share):
    assert fraction_text(share) is None


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), lambda part: st.lists(part)).map(json.dumps))
def test_whatever_a_runtime_value_is_it_is_a_share_or_nothing(text):
    share = share_of(text)
    assert share is None or 0 <= share <= 1


def test_a_plain_number_is_percent_and_rubbish_is_nothing():
    assert [share_of(text) for text in ("5", "0", "101")] == [0.05, 0.0, 1.0]
    assert [share_of(text) for text in ("abc", "0.5", "-1", "", "1e2", "true", "<html>", '{"numerator":')] == [None] * 8
    assert share_of('{"numerator":50}') == 0.5
    assert share_of('{"numerator":5,"denominator":"BOGUS"}') is None


def test_a_dump_of_any_depth_gives_its_keyed_routes():
    deep = {"match": {"runtime_fraction": {"runtime_key": "golive.site"}}, "route": {"cluster": "site_canary"}}
    for _ in range(5000):
        deep = [deep]
    assert [route.cluster for route in keyed_routes(deep)["golive.site"]] == ["site_canary"]


def test_the_pattern_asks_for_the_clusters_and_their_names_are_no_pattern():
    assert pattern(["a.b", "c"]).startswith(r"^(server\.uptime|cluster\.(a\.b|c)\.(")


def scraped(le: str = "500") -> str:
    label = 'envoy_cluster_name="site_canary"'
    return (
        "# TYPE envoy_cluster_upstream_rq_total counter\n"
        f"envoy_cluster_upstream_rq_total{{{label}}} 11\n"
        "# TYPE envoy_cluster_upstream_rq counter\n"
        f'envoy_cluster_upstream_rq{{{label},envoy_response_code="200"}} 10\n'
        "# TYPE envoy_cluster_upstream_rq_time histogram\n"
        f'envoy_cluster_upstream_rq_time_bucket{{{label},le="{le}"}} 8\n'
        f'envoy_cluster_upstream_rq_time_bucket{{{label},le="1000"}} 9\n'
        f"envoy_cluster_upstream_rq_time_count{{{label}}} 10\n"
    )


def test_edges_are_milliseconds_and_seconds_are_not_taken_for_them():
    counts = counts_of(points_of(scraped().encode()), "site_canary")
    assert (counts.codes, counts.counters) == ({200: 10}, {"upstream_rq_total": 11})
    assert (counts.timed, counts.within) == (10, {500: 8, 1000: 9})
    wrong = counts_of(points_of(scraped(le="0.5").encode()), "site_canary")
    assert wrong == CouldNotMeasure(Unmeasured.EMPTY, "the histogram of site_canary has no edge at 500 ms")


def test_the_bucket_that_is_exact_is_taken_where_there_is_one():
    assert [just_below(edge) for edge in (50, 100, 500, 750, 1000, 2000)] == [49, 99, 490, 740, 990, 1900]
    exact = 'envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="site_canary",le="490"} 7\n'
    assert counts_of(points_of((scraped() + exact).encode()), "site_canary").within == {500: 7, 1000: 9}


def test_a_cluster_that_envoy_does_not_have_is_empty_and_not_a_cluster_without_requests():
    assert counts_of(points_of(scraped().encode()), "site_canry").why is Unmeasured.EMPTY


def test_a_count_that_is_no_number_is_named():
    text = scraped().replace("} 10", "} NaN")
    assert counts_of(points_of(text.encode()), "site_canary").why is Unmeasured.NOT_A_NUMBER


def counts(codes, timed=0, slow=0, **counters):
    total = sum(codes.values())
    within = dict.fromkeys(EDGES, timed - slow)
    return ClusterCounts(codes, {"upstream_rq_total": total, **counters}, timed, within)


HOLD = 1.5


def test_a_request_is_told_with_its_time_and_not_before():
    settled = Settled(HOLD)
    early = settled.take(counts({200: 10}, timed=0), 0.0)
    timely = settled.take(counts({200: 12}, timed=10, slow=4), 1.0)
    assert (early.requests, early.over[500]) == (0, 0)
    assert (timely.requests, timely.over[500]) == (10, 4)


def test_a_request_that_never_gets_a_time_is_told_when_it_has_waited_long_enough():
    settled = Settled(HOLD)
    settled.take(counts({200: 10, 500: 5}), 0.0)
    assert settled.take(counts({200: 10, 500: 5}), 1.0).requests == 0
    late = settled.take(counts({200: 10, 500: 5}), 2.0)
    assert (late.requests, late.failed) == (15, 5)


def test_failures_do_not_run_ahead_of_the_requests_that_they_belong_to():
    settled = Settled(HOLD)
    settled.take(counts({200: 0}), 0.0)
    half = settled.take(counts({200: 60, 500: 40}, timed=50), 1.0)
    assert (half.requests, half.failed) == (50, 20)


def test_what_envoy_answered_itself_waits_for_no_time():
    settled = Settled(HOLD)
    killed = settled.take(counts({503: 9}, upstream_rq_pending_failure_eject=9), 0.0)
    assert (killed.requests, killed.failed, killed.over[1000]) == (9, 9, 9)


def test_after_a_restart_counting_goes_on_from_what_it_was():
    settled = Settled(HOLD)
    before = settled.take(counts({200: 100, 500: 4}, timed=104), 0.0)
    assert counts({200: 3}, timed=3).below(settled.last)
    settled.begin_anew()
    after = settled.take(counts({200: 5, 500: 1}, timed=6), 1.0)
    assert (after - before).requests == 6
    assert (after - before).failed == 1


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_no_stretch_has_more_bad_requests_than_requests_and_at_rest_nothing_is_missing(seed, reads):
    """A little Envoy: codes at once, histogram as of its last flush, requests cut off a read after their code."""
    chance, settled = random.Random(seed), Settled(HOLD)
    codes, cut, timed, slow, flushed = {200: 0, 404: 0, 429: 0, 500: 0}, 0, 0, 0, (0, 0)
    last = settled.take(counts(codes), 0.0)
    for second in range(1, reads + 1):
        for _ in range(chance.choice([0, 1, 5, 80])):
            if chance.random() < 0.05:
                flushed = timed, slow
            codes[chance.choice([200, 200, 404, 429, 500])] += 1
            timed += 1
            slow += chance.random() < 0.5
        if chance.random() < 0.3:
            codes[200] += 1
            cut += 1
        read = settled.take(counts(codes, *flushed, upstream_cx_destroy_remote_with_active_rq=cut), second)
        assert flaw(read - last) is None
        last = read
    codes[200] += 2 * sum(codes.values()) + 1  # requests enough for everything that was held back
    timed = sum(codes.values()) - cut
    for second in (reads + 1, reads + 9):
        end = settled.take(counts(codes, timed, slow, upstream_cx_destroy_remote_with_active_rq=cut), second)
    whole = Tally(sum(codes.values()), codes[500] + cut, codes[404], codes[429], dict.fromkeys(EDGES, slow + cut))
    assert end == whole
