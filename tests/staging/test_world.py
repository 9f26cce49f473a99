"""The staging world: real parts as child processes, ours by their token, gone with the run."""

import asyncio
import os
import time

import httpx
import psutil
import pytest

from golive import drivers
from golive.adapters.clocks import SystemClock
from golive.adapters.worlds.staging import StagingWorld
from golive.core.errors import WorldFailed
from golive.drivers import Around
from golive.folders import RunFolder
from golive.plans import load
from golive.ports import Split
from tests.parts.envoy import program_or_skip
from tests.parts.haproxy import program
from tests.parts.rehearsals import ours

pytestmark = pytest.mark.staging
SHARE = 0.05


@pytest.fixture(scope="module", params=["haproxy", "envoy"])
def world(request, tmp_path_factory):
    """Give a running world of each kind; the one with HAProxy lies so deep that its socket can't."""
    if request.param == "haproxy":
        program("haproxy")
        program("prometheus")
    else:
        program_or_skip()
    root = tmp_path_factory.mktemp("x" * 80)
    made = StagingWorld(RunFolder.make(root, "run"), settings(request.param))
    try:
        made.start(SHARE)
        yield made
    finally:
        made.stop()


def settings(router):
    return StagingWorld.Settings(router=router, prometheus=router == "haproxy", calm=True)


def router_of(world):
    plan = load("staging" if "haproxy" in world.told else "staging-envoy", None)[0]
    return drivers.made(drivers.ROUTERS, plan.router, Around(None, SystemClock()), world.told)


async def test_the_router_is_ours_and_stands_at_the_share_of_the_start(world):
    split = await router_of(world).read()

    assert isinstance(split, Split), split
    assert split.share == SHARE
    assert split.token == world.told["token"] != ""


def test_every_name_that_a_plan_may_use_is_there(world):
    kind = "haproxy" if "haproxy" in world.told else "envoy"
    example = StagingWorld.example(settings(kind))

    assert set(example) <= set(world.told)
    assert all(
        httpx.get(world.told[name] + "/api/health").status_code == 200 for name in ("router", "stable", "canary")
    )


def test_visitors_are_counted_by_the_versions_and_not_mixed_with_ours(world):
    before = counted(world)
    for _ in range(20):
        httpx.get(world.told["canary"] + "/about", headers={"X-Golive-Ours": "test"})
    after = counted(world)

    assert after["visitors"] > 0
    assert after["ours"] - before["ours"] >= 20


def counted(world):
    found = {"visitors": 0.0, "ours": 0.0}
    for line in httpx.get(world.told["canary"] + "/metrics").text.splitlines():
        if line.startswith("http_requests_total"):
            found["ours" if 'who="ours"' in line else "visitors"] += float(line.rpartition(" ")[2])
    return found


async def test_a_fault_that_this_world_can_not_have_is_refused_with_those_that_it_can(world):
    with pytest.raises(WorldFailed) as told:
        await world.fault("metrics-nan")

    assert "it has both-slow, " in str(told.value) and ", cpu, crash, " in str(told.value)
    assert ("metrics-refused" in str(told.value)) is ("prometheus" in world.told)


def test_a_second_one_in_the_same_run_is_refused(world):
    with pytest.raises(WorldFailed, match="runs in run already"):
        world.launch(0.0)


async def shares(world, seconds=3.0):
    """Give what HAProxy says the split is, and what share of visitors it sends to the canary meanwhile."""
    before = sent(world)
    await asyncio.sleep(seconds)
    after = sent(world)
    canary, stable = (after[name] - before[name] for name in ("canary", "stable"))
    split = await router_of(world).read()
    assert isinstance(split, Split), split
    return split.share, canary / (canary + stable)


def sent(world):
    found = {}
    for line in httpx.get(world.told["haproxy_metrics"], params={"scope": "server"}).text.splitlines():
        for name in ("stable", "canary"):
            if line.startswith(f'haproxy_server_sessions_total{{proxy="site",server="{name}"}}'):
                found[name] = float(line.rpartition(" ")[2])
    return found


async def test_what_others_do_to_haproxy_behind_golives_back(world):
    if "haproxy" not in world.told:
        pytest.skip("these are faults of HAProxy")
    assert await shares(world) == (SHARE, pytest.approx(SHARE, abs=0.01))

    await world.fault("wrong-share")
    assert await shares(world) == (SHARE, pytest.approx(SHARE / 2, abs=0.015))
    await world.fault("wrong-share", on=False)

    await world.fault("no-shift")
    assert await shares(world) == (SHARE, 0.0)
    await world.fault("no-shift", on=False)
    assert await shares(world) == (SHARE, pytest.approx(SHARE, abs=0.01))

    await world.fault("reload-resets-weights")
    assert await shares(world, 1.0) == (0.0, 0.0)


async def test_what_can_befall_prometheus(world):
    if "prometheus" not in world.told:
        pytest.skip("this world has no Prometheus")
    before = total(world)
    await until(lambda: total(world) > before)

    await world.fault("metrics-slow")
    with pytest.raises(httpx.ReadTimeout):
        total(world)
    await world.fault("metrics-slow", on=False)

    await world.fault("metrics-refused")
    with pytest.raises(httpx.ConnectError):
        total(world)
    await world.fault("metrics-refused", on=False)
    await until(lambda: total(world) is not None)
    before = total(world)  # what it has from before its end is there at once
    await until(lambda: total(world) > before)

    await world.fault("metrics-empty")
    await until(lambda: total(world) is None)


def total(world):
    url = world.told["prometheus"] + "/api/v1/query"
    answer = httpx.get(url, params={"query": "sum(http_requests_total)"}, timeout=1.0).raise_for_status()
    result = answer.json()["data"]["result"]
    return float(result[0]["value"][1]) if result else None


async def until(happens, seconds=20.0):
    end = time.monotonic() + seconds
    while True:
        try:
            if happens():
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < end
        await asyncio.sleep(0.2)


def test_a_killed_supervisor_takes_every_part_with_it_and_its_world_the_folder_outside_the_run(tmp_path):
    program("haproxy")
    root = tmp_path / ("x" * 100)
    made = StagingWorld(RunFolder.make(root, "run"), StagingWorld.Settings(prometheus=False, calm=True))
    try:
        made.start(0.0)
        place = made.told["haproxy"]
        assert len(place) < 100 < len(str(root))
        assert os.stat(os.path.dirname(place)).st_mode & 0o777 == 0o700
        supervisor = psutil.Process(made.told["pid"])
        family = supervisor.children(recursive=True)
        supervisor.kill()
        _, left = psutil.wait_procs(family, timeout=3.0)
    finally:
        made.stop()

    assert len(family) >= 5  # stable, canary, visitors, HAProxy's master and its worker
    assert left == []
    assert ours(root) == []
    assert not os.path.exists(os.path.dirname(place))


def test_a_missing_program_is_said_before_anything_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("golive.staging.programs.PLACES", ())
    with pytest.raises(WorldFailed, match="haproxy and prometheus are not installed here"):
        StagingWorld.need(StagingWorld.Settings())

    StagingWorld(RunFolder.make(tmp_path, "run"), StagingWorld.Settings())
    assert not list(tmp_path.glob("run/work/world.json"))
