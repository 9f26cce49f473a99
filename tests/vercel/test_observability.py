"""What Vercel's observability answers, right, wrong and hostile."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.vercel.observability import MOST_ROWS, Question, Row, rows_of, slower, tally_of
from golive.core.samples import CouldNotMeasure, Unmeasured, flaw

COUNTS = Question("vercel.request.count", "sum", "deployment_id", 0.0, 60.0, 1, status="http_status")
TIMES = Question("vercel.function_invocation.function_duration_ms", "p95", "deployment_id", 0.0, 60.0, 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def answer(*rows: object) -> bytes:
    return json.dumps({"data": rows, "summary": [], "statistics": {}}).encode()


MINUTE = "1970-01-01T00:01:00Z"


def row(status: object = 200, value: object = 7, deployment: object = "dpl_canary", at: object = MINUTE):
    return {"timestamp": at, "deployment_id": deployment, "http_status": status, "vercel_request_count_sum": value}


def test_a_column_is_called_by_its_metric_and_its_aggregation() -> None:
    assert TIMES.column == "vercel_function_invocation_function_duration_ms_p95"
    assert Question("vercel.visitors", "unique/visitor_id", "d", 0, 60, 1).column == "vercel_visitors_unique_visitor_id"


def test_a_question_asks_for_more_rows_than_the_ten_that_come_by_default() -> None:
    body = COUNTS.body("team_1", "prj_1")
    assert body["limit"] == MOST_ROWS
    assert body["groupBy"] == ["deployment_id", "http_status"]
    assert body["scope"] == {"type": "project", "ownerId": "team_1", "projectIds": ["prj_1"]}
    assert (body["startTime"], body["endTime"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:01:00.000Z")
    assert "filter" not in body


def test_rows_come_with_their_bucket_their_deployment_and_their_status() -> None:
    assert rows_of(answer(row(), row("503", "2")), COUNTS) == [
        Row(60.0, "dpl_canary", 200, 7.0),
        Row(60.0, "dpl_canary", 503, 2.0),
    ]


def test_a_bucket_without_a_value_is_no_row_and_one_without_the_column_is_not_believed() -> None:
    assert rows_of(answer(row(value=None)), COUNTS) == []
    assert isinstance(rows_of(answer({"timestamp": "1970-01-01T00:01:00Z"}), COUNTS), CouldNotMeasure)


def test_an_answer_that_may_be_cut_off_is_not_believed() -> None:
    found = rows_of(answer(*(row(status=200 + number) for number in range(MOST_ROWS))), COUNTS)
    assert isinstance(found, CouldNotMeasure) and "cut off" in found.detail


def test_a_bucket_that_comes_twice_is_not_believed() -> None:
    assert isinstance(rows_of(answer(row(), row()), COUNTS), CouldNotMeasure)


def test_a_count_that_is_no_number_is_said_to_be_none() -> None:
    for value in ("NaN", -1, "many", "Infinity", True):
        found = rows_of(answer(row(value=value)), COUNTS)
        assert isinstance(found, CouldNotMeasure) and found.why is Unmeasured.NOT_A_NUMBER, value


def test_crashes_and_5xx_are_failed_and_429_is_no_client_error() -> None:
    statuses = {200: 900, 404: 20, 429: 5, 500: 3, 504: 2, 0: 1, -1: 4}
    rows = [Row(0.0, "dpl", status, float(number)) for status, number in statuses.items()]
    tally = tally_of(rows, {95: 400.0, 99: 900.0}, 800, (500, 1000))
    assert (tally.requests, tally.failed, tally.client_errors, tally.limited) == (935, 10, 20, 5)
    assert tally.over == {500: 39, 1000: 7}  # fewer than 5 % of 800, fewer than 1 %


def test_what_no_percentile_shows_to_be_quick_is_slow() -> None:
    assert slower(1000, {}, 500) == 1000
    assert slower(1000, {75: 600.0, 90: 700.0, 95: 800.0, 99: 2000.0}, 500) == 1000
    assert slower(1000, {75: 100.0, 90: 700.0, 95: 800.0, 99: 2000.0}, 500) == 249
    assert slower(1000, {95: 500.0}, 500) == 1000


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=400), st.sampled_from((500, 1000)))
def test_no_fewer_are_counted_as_slow_than_there_were_but_for_one_at_the_limit(times: list[int], edge: int) -> None:
    ordered = sorted(times)
    quantiles = {p: float(ordered[math.ceil(p * len(times) / 100) - 1]) for p in (75, 90, 95, 99)}
    really = sum(time > edge for time in times)
    assert slower(len(times), quantiles, edge) >= really - 1


@given(st.integers(0, 10**6), st.dictionaries(st.sampled_from((75, 90, 95, 99)), st.floats(0, 1e5)))
def test_a_lower_limit_never_has_fewer_slow_requests(timed: int, quantiles: dict[int, float]) -> None:
    assert timed >= slower(timed, quantiles, 500) >= slower(timed, quantiles, 1000) >= 0


@given(
    st.dictionaries(st.integers(-1, 599), st.integers(0, 10**6), max_size=20),
    st.dictionaries(st.sampled_from((75, 90, 95, 99)), st.floats(0, 1e5)),
    st.integers(0, 10**7),
)
def test_every_tally_can_be_true(statuses: dict[int, int], quantiles: dict[int, float], timed: int) -> None:
    tally = tally_of([Row(0.0, "d", s, float(n)) for s, n in statuses.items()], quantiles, timed, (500, 1000))
    assert tally.requests == sum(statuses.values())
    assert flaw(tally) is None


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_rows_or_could_not_measure(content: bytes) -> None:
    assert isinstance(rows_of(content, COUNTS), list | CouldNotMeasure)


@given(st.lists(JSON, max_size=5), JSON, JSON, JSON)
def test_whatever_stands_in_a_row_is_a_row_or_could_not_measure(rows: list, value: object, at: object, status: object):
    content = answer(*rows, row(status, value, at=at))
    assert isinstance(rows_of(content, COUNTS), list | CouldNotMeasure)
