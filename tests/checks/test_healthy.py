"""A site is healthy when every address says so; one that is sick, silent or hostile is named."""

import json

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from golive.adapters.checks.known import known
from golive.core.errors import PlanError
from golive.core.phases import CheckUse
from golive.ports import Result
from tests.checks.hostile import PLACES, hostile


class Regions:
    """Answers for each region what a test wants: a status, and a document or bytes."""

    url = ""

    def __init__(self):
        self.said, self.asked = {}, []

    async def answer(self, request):
        name = request.match_info["region"]
        self.asked.append((name, request.headers.get("X-Golive-Ours")))
        status, document = self.said.get(name, (200, {"status": "ok"}))
        return web.Response(
            status=status, body=document if isinstance(document, bytes) else json.dumps(document).encode()
        )


@pytest_asyncio.fixture
async def regions():
    there, app = Regions(), web.Application()
    app.router.add_get("/{region}", there.answer)
    server = TestServer(app)
    await server.start_server()
    there.url = str(server.make_url("")).rstrip("/")
    yield there
    await server.close()


async def look(around, regions, *names, **settings):
    line = {"addresses": [f"{regions.url}/{name}" for name in names], "expected": {"/status": "ok"}, **settings}
    return await around.look(CheckUse(check="healthy", settings=line))


async def test_every_address_is_asked_as_ours_and_kept_with_what_it_said(around, regions):
    finding = await look(around, regions, "east", "west", "south")

    assert finding.result is Result.PASS and finding.seen == "all are healthy", finding
    assert sorted(regions.asked) == [("east", "check"), ("south", "check"), ("west", "check")]
    assert finding.evidence[f"{regions.url}/west"] == {"status": 200, "/status": "ok"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((503, {"status": "ok"}), "answered 503"),
        ((301, {}), "answered 301"),
        ((200, {"status": "degraded"}), "/status is degraded"),
        ((200, {"status": True}), "/status is true"),
        ((200, {"other": 1}), "/status is not there"),
        ((200, ["ok"]), "/status is not there"),
        ((200, b""), "answered nothing"),
        ((200, b"<html>ok</html>"), "no JSON"),
        ((200, b'{"status": "ok", "status": "down"}'), "stands twice"),
        ((200, b"[" * 100_000), "nests too deeply"),
        ((200, b'{"status": "' + b"x" * 1_100_000 + b'"}'), "more than 1000000 bytes"),
    ],
)
async def test_one_region_that_is_sick_fails_the_line_and_is_named(around, regions, said, why):
    regions.said["west"] = said
    finding = await look(around, regions, "east", "west")

    assert finding.result is Result.FAIL and "/west" in finding.seen and why in finding.seen and finding.then, finding
    assert "/east" not in finding.seen


async def test_without_an_expectation_the_status_alone_counts_and_may_be_another(around, regions):
    regions.said["east"] = (204, b"")

    assert (await look(around, regions, "east", expected={}, status="204")).result is Result.PASS
    assert (await look(around, regions, "east", expected={})).result is Result.FAIL


@pytest.mark.parametrize("place", PLACES)
async def test_a_hostile_address_is_no_pass(around, place, monkeypatch):
    monkeypatch.setattr("golive.adapters.checks.asking.Site.__init__.__defaults__", (0.4,))
    server = hostile()
    await server.start_server()
    line = {"addresses": [str(server.make_url(f"/{place}"))], "expected": {"/status": "ok"}}
    finding = await around.look(CheckUse(check="healthy", settings=line))
    await server.close()

    assert finding.result is Result.FAIL and finding.then and "script" not in finding.seen


@pytest.mark.parametrize("addresses", [[], ["staging.example"], ["http://x/"] * 51])
def test_what_are_no_addresses_is_refused_with_the_plan(addresses):
    with pytest.raises(PlanError, match="addresses were expected"):
        known()["healthy"].checked(CheckUse(check="healthy", settings={"addresses": addresses}))
