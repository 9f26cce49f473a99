"""A version knows when visitors came and whom it failed."""

import io
import time

import pytest
from aiohttp.test_utils import TestClient, TestServer

from golive.sandbox import arrivals
from golive.sandbox.site import ERRORS_SHARE, Site
from golive.sandbox.version import application


@pytest.fixture
async def version():
    async with TestClient(TestServer(application(Site("canary", io.StringIO(), calm=True)))) as client:
        yield client


async def came(version, since=0.0):
    return (await (await version.get(f"/-/arrivals?since={since}")).json())["arrivals"]


async def errors(version, **more):
    return await version.post("/-/fault", json={"name": "errors", "on": True, **more})


async def test_visitors_are_known_by_when_they_came_and_ours_are_not(version):
    before = time.time()
    await version.get("/", headers={"X-Golive-Ours": "probe"})
    await version.get("/cart")
    [(at, answered, failed)] = await came(version)

    assert before <= at <= answered <= time.time()
    assert not failed
    assert await came(version, answered) == []


async def test_a_request_that_failed_says_so(version):
    assert (await errors(version, share=1.0)).status == 200
    await version.get("/cart")

    assert [failed for _, _, failed in await came(version)] == [True]


@pytest.mark.parametrize("share", [0, 1.5, -1, "many", None, float("nan")])
async def test_a_share_of_errors_that_cannot_be_is_refused_and_nothing_fails(version, share):
    assert (await errors(version, share=share)).status == 400
    await version.get("/cart")

    assert [failed for _, _, failed in await came(version)] == [False]


async def test_three_in_ten_fail_when_nobody_says_how_many(version):
    site = version.server.app[next(key for key in version.server.app if "site" in str(key))]
    await errors(version, share=1.0)
    await errors(version)

    assert site.errors_share == ERRORS_SHARE == 0.3


async def test_only_the_newest_are_kept(monkeypatch):
    monkeypatch.setattr(arrivals, "MOST", 3)
    known = arrivals.Arrivals()
    for _ in range(5):
        known.one()

    assert len(known.since(0.0)) == 3
