"""Counts of HAProxy and of the versions, put together: nothing lost, nothing twice, nothing that can't be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.metrics.haproxy import HaproxyMetrics, reported_of
from golive.adapters.metrics.haproxy_counts import Between, Reported, Routed, VersionLedger, unmeasured
from golive.adapters.metrics.sandbox import points_of
from golive.core.samples import Tally, Version, flaw

EDGES = (500, 1000)
SETTINGS = HaproxyMetrics.Settings(sockets=("/a",), visitors="who=visitors")


def tally_of(*betweens: Between) -> Tally:
    ledger = VersionLedger(EDGES)
    for between in betweens:
        ledger.add(between)
    return ledger.tally


def answered(requests: int, **more: int) -> Routed:
    return Routed(stot=requests, req_tot=requests, **more)


def timed(requests: int, slow: int = 0, very_slow: int = 0, limited: int = 0) -> Reported:
    return Reported(requests, limited, {500: slow, 1000: very_slow})


def test_refused_connections_without_a_single_5xx_are_failed_and_over_every_limit() -> None:
    seen = tally_of(Between(Routed(stot=672, econ=670, eresp=2), None))
    assert seen == Tally(672, 672, over={500: 672, 1000: 672})


def test_a_redispatched_request_is_failed_for_the_version_that_should_have_answered_it() -> None:
    assert tally_of(Between(Routed(stot=9, wredis=9), None)).failed == 9


def test_a_retry_is_a_further_try_of_one_request_that_took_long() -> None:
    assert tally_of(Between(Routed(stot=3, econ=1, wretr=2), None)) == Tally(1, 1, over={500: 1, 1000: 1})
    assert tally_of(Between(Routed(stot=11, wretr=1, req_tot=10), timed(10))) == Tally(10, over={500: 1, 1000: 1})


def test_an_answer_cut_off_in_its_body_is_failed_once_however_it_is_booked() -> None:
    assert tally_of(Between(answered(1, eresp=1, srv_abrt=1), timed(1))).failed == 1
    assert tally_of(Between(answered(1, srv_abrt=1), timed(1))).failed == 1


def test_open_requests_are_not_counted_before_they_are_over() -> None:
    assert tally_of(Between(Routed(stot=10, scur=4, req_tot=6), timed(6))).requests == 6


def test_a_request_dropped_without_any_count_is_failed() -> None:
    assert tally_of(Between(Routed(stot=4), timed(0))) == Tally(4, 4, over={500: 4, 1000: 4})


def test_a_long_download_that_ends_long_after_its_header_is_not_failed() -> None:
    begun, ended = Between(Routed(stot=3, scur=3, req_tot=3), timed(0)), Between(Routed(scur=-3), timed(3))
    assert tally_of(begun, ended).failed == 0
    ledger = VersionLedger(EDGES, open_now=3)  # begun before the first read
    ledger.add(ended)
    assert ledger.tally == Tally(3, over={500: 0, 1000: 0})
    ledger.skip(open_now=2)  # begun in a read that was not counted
    ledger.add(Between(Routed(scur=-2), timed(2)))
    assert ledger.tally.failed == 0


def test_an_upgrade_to_a_web_socket_is_an_answer() -> None:
    assert tally_of(Between(answered(1), timed(0))).failed == 0


def test_429_is_no_client_error_and_the_other_4xx_are() -> None:
    seen = tally_of(Between(answered(10, hrsp_4xx=5), timed(10, limited=3)))
    assert (seen.client_errors, seen.limited) == (2, 3)


def test_a_slow_answer_that_the_version_counts_first_waits_for_its_request() -> None:
    early, late = Between(answered(0), timed(2, 2, 2)), Between(answered(2), timed(0))
    assert tally_of(early) == Tally(over={500: 0, 1000: 0})
    assert tally_of(early, late) == Tally(2, over={500: 2, 1000: 2})


def test_an_answer_that_came_after_haproxy_gave_up_makes_no_later_request_slow() -> None:
    gave_up, answered_at_last = Between(Routed(stot=5, eresp=5), timed(0)), Between(answered(0), timed(5, 5, 5))
    healthy = Between(answered(100), timed(100))
    seen = tally_of(gave_up, answered_at_last, Between(answered(0), timed(0)), healthy)
    assert seen == Tally(105, 5, over={500: 5, 1000: 5})


def test_answers_whose_times_nobody_knows_are_not_taken_for_fast_ones() -> None:
    wrong = unmeasured(Version.CANARY, Between(Routed(stot=10, req_tot=6, econ=4), None), "refused")
    assert wrong is not None and "refused" in wrong.detail
    assert unmeasured(Version.CANARY, Between(Routed(stot=10, econ=10), None), "refused") is None


COUNT = st.integers(0, 50)
ROUTED = st.builds(
    lambda requests, current, req_tot, **parts: Routed(requests + current, current, req_tot, **parts),
    st.integers(0, 100),
    COUNT,
    COUNT,
    **dict.fromkeys(("hrsp_4xx", "hrsp_5xx", "econ", "eresp", "wredis", "cli_abrt", "srv_abrt"), COUNT),
)
REPORTED = st.builds(
    lambda n, slow, very: timed(n, min(n, slow), min(n, slow, very), min(n, very)), COUNT, COUNT, COUNT
)


@given(st.lists(st.builds(Between, ROUTED, st.none() | REPORTED), max_size=12))
def test_between_any_two_reads_the_tally_can_be_true_and_no_request_is_lost(betweens: list[Between]) -> None:
    ledger, total = VersionLedger(EDGES), 0
    for between in betweens:
        before = ledger.tally
        ledger.add(between)
        total += between.routed.requests
        step = ledger.tally - before
        assert flaw(step) is None and step.over[500] >= step.over[1000]
        assert step.failed >= min(between.routed.econ, step.requests)
    assert ledger.tally.requests == total


TEXT = """# TYPE http_requests_total counter
http_requests_total{who="visitors",code="429"} 2
http_requests_total{who="ours",code="429"} 9
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{who="visitors",le="0.5"} 6
http_request_duration_seconds_bucket{who="visitors",le="1.0"} 8
http_request_duration_seconds_bucket{who="visitors",le="+Inf"} 10
http_request_duration_seconds_count{who="visitors"} 10
http_request_duration_seconds_bucket{who="ours",le="0.5"} 0
http_request_duration_seconds_count{who="ours"} 100
"""


def told(text: str, settings: HaproxyMetrics.Settings = SETTINGS) -> Reported | str:
    points = points_of(text.encode())
    assert isinstance(points, list)
    return reported_of(points, settings)


def test_a_versions_own_text_is_read_for_visitors_alone() -> None:
    assert told(TEXT) == Reported(10, 2, {500: 4, 1000: 2})


def test_a_histogram_without_the_edges_that_the_limits_need_says_so() -> None:
    assert "no edge at 1000 ms" in str(told(TEXT.replace('le="1.0"', 'le="1.5"')))
    assert "no edge at 500 ms" in str(told(TEXT.replace("http_request_duration", "other")))


def test_edges_in_milliseconds_are_read_as_such() -> None:
    text = TEXT.replace('le="0.5"', 'le="500"').replace('le="1.0"', 'le="1000"')
    assert told(text, SETTINGS.model_copy(update={"unit": "milliseconds"})) == Reported(10, 2, {500: 4, 1000: 2})


def test_numbers_that_are_none_and_buckets_that_cannot_be_are_not_believed() -> None:
    assert "nan" in str(told(TEXT.replace('"} 10\n', '"} NaN\n')))
    assert "more within" in str(told(TEXT.replace('le="1.0"} 8', 'le="1.0"} 80')))
