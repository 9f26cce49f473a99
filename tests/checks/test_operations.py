"""A number, a dashboard or a flag that can't be read, has no time or is of yesterday is never a pass."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from golive.adapters.checks.known import known
from golive.core.errors import PlanError
from golive.core.phases import CheckUse
from golive.ports import Result
from tests.checks.hostile import PLACES, hostile


class Endpoint:
    """Answers whatever a test wants."""

    def __init__(self):
        self.body, self.status = b"{}", 200

    async def answer(self, request):
        return web.Response(status=self.status, body=self.body)


@pytest_asyncio.fixture
async def endpoint():
    there, app = Endpoint(), web.Application()
    app.router.add_get("/{rest:.*}", there.answer)
    server = TestServer(app)
    await server.start_server()
    there.url = str(server.make_url("/x"))
    yield there
    await server.close()


def now(**shift):
    return (datetime.now(UTC) + timedelta(**shift)).isoformat()


async def number(around, endpoint, document, **settings):
    endpoint.body = document if isinstance(document, bytes) else json.dumps(document).encode()
    line = {"endpoint": endpoint.url, "value": "/n", "at_most": "10", **settings}
    return await around.look(CheckUse(check="number", settings=line))


@pytest.mark.parametrize(
    ("document", "settings", "result"),
    [
        ({"n": 10}, {}, Result.PASS),
        ({"n": 10.01}, {}, Result.FAIL),
        ({"n": ["a"] * 11}, {}, Result.FAIL),
        ({"n": []}, {}, Result.PASS),
        ({"n": 0.8}, {"at_least": "80%", "at_most": "100%"}, Result.PASS),
        ({"n": 0.79}, {"at_least": "80%"}, Result.FAIL),
        ({"n": 1, "t": lambda: now()}, {"time": "/t"}, Result.PASS),
        ({"n": 1, "t": lambda: now(hours=-1)}, {"time": "/t"}, Result.FAIL),
        ({"n": 1, "t": lambda: now(hours=1)}, {"time": "/t"}, Result.FAIL),
        ({"n": 1, "t": lambda: datetime.now(UTC).timestamp()}, {"time": "/t"}, Result.PASS),
        ({"n": 1, "t": lambda: datetime.now(UTC).timestamp() * 1000}, {"time": "/t"}, Result.PASS),
    ],
)
async def test_a_number_within_its_limits_and_fresh_passes(around, endpoint, document, settings, result):
    document = {key: value() if callable(value) else value for key, value in document.items()}
    finding = await number(around, endpoint, document, **settings)

    assert finding.result is result, finding
    assert result is Result.PASS or finding.then


@pytest.mark.parametrize(
    ("document", "settings"),
    [
        ({"n": "10"}, {}),
        ({"n": None}, {}),
        ({"n": True}, {}),
        ({"n": {}}, {}),
        ({"m": 1}, {}),
        ([1], {}),
        (b"", {}),
        (b'{"n": NaN}', {}),
        (b'{"n": 1e999}', {}),
        (b'{"n": 1, "n": 2}', {}),
        (b'{"n"', {}),
        (b"<html>1</html>", {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
        ({"n": 1}, {"time": "/t"}),
        ({"n": 1, "t": None}, {"time": "/t"}),
        ({"n": 1, "t": True}, {"time": "/t"}),
        ({"n": 1, "t": "yesterday"}, {"time": "/t"}),
        ({"n": 1, "t": "2026-01-01T12:00:00"}, {"time": "/t"}),
        ({"n": 1, "t": 1e300}, {"time": "/t"}),
        ({"n": 1}, {"value": "no pointer"}),
    ],
)
async def test_what_is_no_number_or_has_no_time_could_not_be_measured(around, endpoint, document, settings):
    finding = await number(around, endpoint, document, **settings)

    assert finding.result is Result.COULD_NOT_MEASURE and finding.then and "Error:" not in finding.seen, finding


@pytest.mark.parametrize("status", [204, 301, 401, 404, 429, 500])
async def test_another_status_than_200_is_no_number(around, endpoint, status):
    endpoint.status = status
    finding = await number(around, endpoint, {"n": 1})

    assert finding.result is Result.COULD_NOT_MEASURE and str(status) in finding.seen


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (b'{"n": 10}', Result.PASS),
        (b'{"n": 11}', Result.FAIL),
        (b'{"n": "ten"}', Result.COULD_NOT_MEASURE),
        (b"", Result.COULD_NOT_MEASURE),
        (b'{"n"', Result.COULD_NOT_MEASURE),
        (b'{"n": 1, "x": "' + b"x" * 1_000_001 + b'"}', Result.COULD_NOT_MEASURE),
        (None, Result.COULD_NOT_MEASURE),
    ],
)
async def test_a_number_may_stand_in_a_file(around, content, result):
    if content is not None:
        (around.folder / "cost.json").write_bytes(content)
    line = CheckUse(check="number", settings={"endpoint": "cost.json", "value": "/n", "at_most": "10"})
    finding = await around.look(line)

    assert finding.result is result and "Error:" not in finding.seen, finding


async def grown(around, endpoint, before, now, **settings):
    (around.folder / "before.json").write_text(json.dumps({"n": before}))
    endpoint.body = json.dumps({"n": now}).encode()
    line = {"endpoint": endpoint.url, "value": "/n", "before": "first", "grown_at_most": "20%", **settings}
    return await around.look(CheckUse(check="number-as-before", settings=line))


@pytest.mark.parametrize(
    ("before", "now", "result", "said"),
    [
        (100, 120, Result.PASS, "+20.0%"),
        (100, 121, Result.FAIL, "121, +21.0%"),
        (100, 10, Result.PASS, "-90.0%"),
        (100, 0, Result.PASS, "-100.0%"),
        (100, "120", Result.COULD_NOT_MEASURE, "no number"),
        (0, 0, Result.COULD_NOT_MEASURE, "no growth can be told"),
        (-5, 1, Result.COULD_NOT_MEASURE, "no growth can be told"),
        ("?", 1, Result.COULD_NOT_MEASURE, "no number"),
    ],
)
async def test_a_number_is_held_against_the_one_before(around, endpoint, before, now, result, said):
    finding = await grown(around, endpoint, before, now, before_endpoint="before.json")

    assert finding.result is result and said in finding.seen, finding


async def test_the_line_of_this_run_comes_before_a_file_and_without_either_nothing_is_compared(around, endpoint):
    nothing = await grown(around, endpoint, 100, 100)
    assert nothing.result is Result.COULD_NOT_MEASURE and "'first'" in nothing.seen
    endpoint.body = b'{"n": 50}'
    await around.look(
        CheckUse(check="number", name="first", settings={"endpoint": endpoint.url, "value": "/n", "at_least": "0"})
    )
    finding = await grown(around, endpoint, 100, 100, before_endpoint="before.json")

    assert finding.result is Result.FAIL and "+100.0%" in finding.seen and "than 50" in finding.expected


async def test_a_number_that_is_too_old_is_not_compared_as_good(around, endpoint):
    endpoint.body = json.dumps({"n": 1, "t": now(hours=-1)}).encode()
    (around.folder / "before.json").write_text('{"n": 1}')
    line = {"endpoint": endpoint.url, "value": "/n", "time": "/t", "before": "x", "before_endpoint": "before.json"}
    finding = await around.look(CheckUse(check="number-as-before", settings={**line, "grown_at_most": "20%"}))

    assert finding.result is Result.FAIL and "older than 5min" in finding.seen


@pytest_asyncio.fixture
async def nowhere_nice():
    server = hostile()
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.mark.parametrize("place", PLACES)
async def test_a_hostile_endpoint_could_not_be_measured(around, nowhere_nice, place, monkeypatch):
    monkeypatch.setattr("golive.adapters.checks.operations.Site.__init__.__defaults__", (0.4,))
    line = CheckUse(check="number", settings={"endpoint": f"{nowhere_nice}/{place}", "at_most": "1"})
    finding = await around.look(line)
    assert finding.result is Result.COULD_NOT_MEASURE and finding.then and "script" not in finding.seen

    line = CheckUse(check="dashboards", settings={"pages": [f"{nowhere_nice}/{place}"]})
    finding = await around.look(line)
    assert finding.result is Result.FAIL and "script" not in finding.seen


async def test_a_number_without_a_limit_and_dashboards_without_any_are_no_pass(around, endpoint):
    for line in (
        CheckUse(check="number", settings={"endpoint": endpoint.url, "value": "/n"}),
        CheckUse(check="dashboards"),
    ):
        assert (await around.look(line)).result is Result.COULD_NOT_MEASURE


async def test_a_flag_that_is_not_there_fails(around):
    finding = await around.look(CheckUse(check="flags", settings={"flags": {"/data/nothing": "true"}}))

    assert finding.result is Result.FAIL and "/data/nothing is not there" in finding.seen


@pytest.mark.parametrize("limit", ["much", "nan", "inf", "1/0", ""])
def test_a_limit_that_is_no_number_is_refused_with_the_plan(limit):
    use = CheckUse(check="number", settings={"endpoint": "x", "at_most": limit})

    with pytest.raises(PlanError, match="at_most"):
        known()["number"].checked(use)


def test_flags_without_any_are_refused_with_the_plan():
    with pytest.raises(PlanError, match="at least one flag"):
        known()["flags"].checked(CheckUse(check="flags", settings={"flags": {}}))
