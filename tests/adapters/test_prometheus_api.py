"""What a Prometheus may answer that is no answer: each is named, and nothing is raised."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.prometheus_answers import Series, data_of, numbers_of, series_of
from golive.adapters.prometheus_api import LARGEST, Connection, PrometheusApi
from golive.core.samples import CouldNotMeasure, Unmeasured

MATRIX = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [{"metric": {"__name__": "up", "job": "a", "instance": "b"}, "values": [[1795576101.274, "1"]]}],
    },
}
VECTOR = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [{"metric": {"__name__": "up", "job": "a", "instance": "b"}, "value": [1795576103.999, "1"]}],
    },
}
SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [1795576103.737, "1795576103.737"]}}
FAILURE = {
    "status": "error",
    "errorType": "bad_data",
    "error": 'invalid parameter "query": 1:13: parse error: ranges only allowed for vector selectors',
}


def shape(value):
    """Give an answer's keys and types, without its values."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        kinds = {json.dumps(shape(part), sort_keys=True) for part in value}
        return sorted(kinds)[:2]
    return "number" if isinstance(value, int | float) else type(value).__name__


@contextlib.asynccontextmanager
async def answering(status=200, body=b"", headers=None, wait=0.0):
    """Serve one answer to every query, and keep what was asked with which headers."""
    got = []

    async def answer(request):
        got.append((dict(request.headers), await request.post()))
        await asyncio.sleep(wait)
        return web.Response(status=status, body=body, headers=headers)

    app = web.Application()
    app.router.add_post("/api/v1/query", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", got
    finally:
        await runner.cleanup()


async def asked(url, selector="up", **settings):
    api = PrometheusApi(Connection.model_validate({"url": url, **settings}))
    found = await api.series(selector, 5)
    await api.aclose()
    return found


def packed(value):
    return json.dumps(value).encode()


WRONG = {
    "400": (400, packed(FAILURE), Unmeasured.REFUSED, "ranges only allowed for vector selectors"),
    "422": (
        422,
        packed({"status": "error", "errorType": "execution", "error": "too many samples"}),
        Unmeasured.REFUSED,
        "too many samples",
    ),
    "401": (401, b"Unauthorized", Unmeasured.REFUSED, "bearer_variable"),
    "404": (404, b"404 page not found", Unmeasured.REFUSED, "404 page not found"),
    "500": (500, b"", Unmeasured.REFUSED, "answered 500"),
    "503": (
        503,
        packed({"status": "error", "errorType": "timeout", "error": "query timed out"}),
        Unmeasured.REFUSED,
        "query timed out",
    ),
    "HTML": (200, b"<html><title>Sign in</title>", Unmeasured.GARBAGE, "HTML"),
    "a redirect": (302, b"", Unmeasured.REFUSED, "answered 302"),
    "nothing": (200, b"", Unmeasured.GARBAGE, "empty body"),
    "half of it": (200, packed(MATRIX)[:60], Unmeasured.GARBAGE, "no whole JSON"),
    "deep nesting": (200, b"[" * 100_000, Unmeasured.GARBAGE, "no whole JSON"),
    "an error with 200": (200, packed(FAILURE), Unmeasured.REFUSED, "bad_data"),
    "a warning": (200, packed({**MATRIX, "warnings": ["store 2 is unavailable"]}), Unmeasured.GARBAGE, "store 2"),
    "no data": (200, packed({"status": "success"}), Unmeasured.GARBAGE, "without a result"),
    "a vector": (200, packed(VECTOR), Unmeasured.GARBAGE, "a vector where a matrix was expected"),
    "a scalar": (200, packed(SCALAR), Unmeasured.GARBAGE, "a scalar where a matrix was expected"),
    "a number": (200, b"12", Unmeasured.GARBAGE, "no whole JSON object"),
    "bytes": (200, bytes(range(256)), Unmeasured.GARBAGE, "no whole JSON"),
    "too much": (200, b" " * (LARGEST + 1), Unmeasured.GARBAGE, "more than 8,000,000 bytes"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_answer_is_could_not_measure_with_words(name):
    status, body, why, words = WRONG[name]
    async with answering(status, body) as (url, _):
        found = await asked(url)

    assert isinstance(found, CouldNotMeasure) and found.why is why
    assert words in found.detail and "asked for up" in found.detail
    assert len(found.detail) < 500


@pytest.mark.parametrize(
    "values",
    [[[1, 1]], [["1", "1"]], [[1.0]], [[1.0, "x"]], [], None, [[None, "1"]], [[True, "1"]], [[1e999, "1"]]],
)
async def test_points_that_are_none_are_garbage(values):
    body = packed({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}})
    async with answering(200, body) as (url, _):
        found = await asked(url)

    assert isinstance(found, CouldNotMeasure) and found.why is Unmeasured.GARBAGE


async def test_a_slow_prometheus_is_slow_and_a_gone_one_refused():
    async with answering(wait=1.0) as (url, _):
        began = time.monotonic()
        slow = await asked(url, deadline="200ms")
        took = time.monotonic() - began
    gone = await asked(url)

    assert (slow.why, took < 0.9) == (Unmeasured.SLOW, True)
    assert gone.why is Unmeasured.REFUSED and url in gone.detail


async def test_secrets_come_from_variables_and_are_told_to_nobody_else(monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.setenv("USER_NAME", "ada")
    monkeypatch.setenv("PASS_WORD", "s3cret")
    async with answering(403, b"s3cret is not known") as (url, got):
        refused = await asked(url, bearer_variable="TOKEN", tenant="shop", tenant_header="X-Tenant")
        await asked(url, user_variable="USER_NAME", password_variable="PASS_WORD", tenant="shop")
    monkeypatch.delenv("TOKEN")
    unset = await asked(url, bearer_variable="TOKEN")

    assert got[0][0]["Authorization"] == "Bearer s3cret" and got[0][0]["X-Tenant"] == "shop"
    assert got[1][0]["Authorization"] == "Basic YWRhOnMzY3JldA==" and got[1][0]["X-Scope-OrgID"] == "shop"
    assert got[0][1]["query"] == "up[5000ms]"
    assert "look at TOKEN" in refused.detail
    assert "TOKEN is not set" in unset.detail


async def test_a_ca_file_that_is_not_there_is_named():
    found = await asked("https://127.0.0.1:1", ca_file="/no/such/ca.pem")

    assert found.why is Unmeasured.REFUSED and "/no/such/ca.pem" in found.detail


@given(st.binary(max_size=300), st.sampled_from([200, 204, 302, 400, 500]))
def test_no_bytes_at_all_raise(content, status):
    assert isinstance(data_of(status, content), dict | CouldNotMeasure)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["matrix", "vector", "scalar", "string"]), json_values)
def test_no_result_at_all_raises(kind, result):
    data = {"resultType": kind, "result": result if isinstance(result, list) else [result]}

    assert isinstance(series_of(data), list | CouldNotMeasure)
    assert isinstance(numbers_of(data), list | CouldNotMeasure)


@given(st.lists(st.tuples(st.floats(0, 2e9), st.floats(allow_nan=False)), min_size=1, max_size=5))
def test_points_come_through_as_they_were(points):
    values = [[moment, str(value)] for moment, value in points]
    (found,) = series_of({"resultType": "matrix", "result": [{"metric": {"job": "a"}, "values": values}]})

    assert found == Series({"job": "a"}, tuple(points))
