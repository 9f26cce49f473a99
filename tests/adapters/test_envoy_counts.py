"""What Envoy's counters say of visitors: every request once, and times when they come."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.envoy_counts import ClusterCounts, Settled, counts_of, pattern
from golive.adapters.envoy_fraction import fraction_text, keyed_routes, share_of
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


def test_a_cluster_that_envoy_does_not_have_is_empty_and_not_a_cluster_without_requests():
    assert counts_of(points_of(scraped().encode()), "site_canry").why is Unmeasured.EMPTY


def test_a_count_that_is_no_number_is_named():
    text = scraped().replace("} 10", "} NaN")
    assert counts_of(points_of(text.encode()), "site_canary").why is Unmeasured.NOT_A_NUMBER


def counts(codes, timed=0, slow=0, **counters):
    total = sum(codes.values())
    within = dict.fromkeys(EDGES, timed - slow)
    return ClusterCounts(codes, {"upstream_rq_total": total, **counters}, timed, within)


def test_a_time_that_arrives_after_the_last_request_waits_for_the_next_one():
    settled = Settled()
    first = settled.take(counts({200: 10}, timed=0))
    silent = settled.take(counts({200: 10}, timed=10, slow=4))
    later = settled.take(counts({200: 13}, timed=10, slow=4))
    assert (silent - first).over[500] == 0
    assert (later - silent).over[500] == 3


def test_after_a_restart_counting_goes_on_from_what_it_was():
    settled = Settled()
    before = settled.take(counts({200: 100, 500: 4}, timed=104))
    assert counts({200: 3}, timed=3).below(settled.last)
    settled.begin_anew()
    after = settled.take(counts({200: 5, 500: 1}, timed=6))
    assert (after - before).requests == 6
    assert (after - before).failed == 1


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_no_stretch_has_more_bad_requests_than_requests_and_at_rest_nothing_is_missing(seed, reads):
    """A little Envoy: codes at once, histogram as of its last flush, requests cut off a read after their code."""
    chance, settled = random.Random(seed), Settled()
    codes, cut, flushed, slow, timed, now_slow = {200: 0, 404: 0, 429: 0, 500: 0}, 0, 0, 0, 0, 0
    last = settled.take(counts(codes))
    for _ in range(reads):
        if chance.random() < 0.6:
            flushed, slow = timed, now_slow
        for _ in range(chance.choice([0, 1, 5, 80])):
            codes[chance.choice([200, 200, 404, 429, 500])] += 1
            timed += 1
            now_slow += chance.random() < 0.5
        if timed and chance.random() < 0.3:
            codes[200] += 1
            cut += 1
        read = settled.take(counts(codes, flushed, slow, upstream_cx_destroy_remote_with_active_rq=cut))
        assert flaw(read - last) is None
        last = read
    codes[200] += sum(codes.values()) + cut  # requests enough for every time that was held back
    timed = sum(codes.values()) - cut
    end = settled.take(counts(codes, timed, now_slow, upstream_cx_destroy_remote_with_active_rq=cut))
    assert end == Tally(
        sum(codes.values()), codes[500] + cut, codes[404], codes[429], dict.fromkeys(EDGES, now_slow + cut)
    )
