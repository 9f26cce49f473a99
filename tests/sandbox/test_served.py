"""What a version counts of itself: visitors and ours apart, and nothing appears late."""

import io

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from golive.core.digest import EDGES
from golive.sandbox.site import Site
from golive.sandbox.version import application


@pytest.fixture
async def version():
    async with TestClient(TestServer(application(Site("canary", io.StringIO(), calm=True)))) as client:
        yield client


async def points(version):
    text = await (await version.get("/metrics")).text()
    families = text_string_to_metric_families(text)
    return {(p.name, frozenset(p.labels.items())): p.value for f in families for p in f.samples}


def total(found, name, **labels):
    wanted = set(labels.items())
    return sum(value for (key, have), value in found.items() if key == name and wanted <= have)


async def test_visitors_and_ours_are_counted_apart_by_code(version):
    await version.get("/checkout")
    await version.get("/nowhere")
    await version.get("/checkout", headers={"X-Golive-Ours": "probe"})
    found = await points(version)

    assert total(found, "http_requests_total", who="visitors") == 2
    assert total(found, "http_requests_total", who="visitors", path="/checkout", code="200") == 1
    assert total(found, "http_requests_total", who="visitors", path="other", code="404") == 1
    assert total(found, "http_requests_total", who="ours") == 1


async def test_a_failed_answer_is_counted_with_its_time(version):
    await version.post("/-/fault", json={"name": "one-path", "on": True})
    await version.get("/checkout")
    found = await points(version)

    assert total(found, "http_requests_total", who="visitors", code="500") == 1
    assert total(found, "http_request_duration_seconds_count", who="visitors") == 1
    assert total(found, "http_request_duration_seconds_bucket", who="visitors", le="+Inf") == 1


async def test_what_asks_about_the_version_itself_is_no_request(version):
    await version.get("/metrics")
    await version.post("/-/fault", json={"cold": True})

    assert total(await points(version), "http_requests_total") == 0


async def test_every_series_is_there_before_the_first_request(version):
    before = set(await points(version))
    for path in ("/", "/checkout", "/nowhere", "/api/feature-flags"):
        await version.get(path)
    await version.post("/api/orders", json={})
    await version.post("/api/webhook", data=b"")

    assert set(await points(version)) == before


async def test_the_edges_are_those_that_verdicts_are_made_of(version):
    edges = {dict(have).get("le") for name, have in await points(version) if name.endswith("_seconds_bucket")}

    assert edges == {*(str(edge / 1000) for edge in EDGES), "+Inf"}
