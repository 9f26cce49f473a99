"""The source as a whole, on a stand-in for Prometheus that can be made to say anything."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from aiohttp import web

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.prometheus import PrometheusMetrics
from golive.adapters.prometheus_settings import MetricSettings
from golive.core.samples import CouldNotMeasure, Counters, Unmeasured, Version


class StandIn:
    """A Prometheus that scraped `age` seconds ago, and whose clock is `ahead` seconds ahead of ours."""

    def __init__(self):
        self.ahead, self.age, self.up, self.requests = 0.0, 0.3, 1, 100
        self.without, self.warnings, self.cpu = "", [], "0.4"
        self.asked = []
        self.timer, self.timed = "a:1", None  # another target that times what it answers, and how many it has

    async def answer(self, request):
        query = (await request.post())["query"]
        self.asked.append(query)
        now = time.time() + self.ahead
        if query == "time()":
            return self._said("scalar", [now, str(now)])
        if query.startswith("cpu"):
            if self.cpu == "400":
                return web.json_response({"status": "error", "errorType": "bad_data", "error": "no cpu"}, status=400)
            return self._said("vector", [{"metric": {}, "value": [now, self.cpu]}])
        if query.startswith("up"):
            found = [({"__name__": "up"}, str(self.up))] if self.up is not None else []
        elif self.without and self.without in query:
            found = []
        elif "_bucket" in query:
            timed = str(self.requests if self.timed is None else self.timed)
            named = {"__name__": "b_bucket", "instance": self.timer}
            found = [({**named, "le": le}, timed) for le in ("0.5", "1", "+Inf")]
        else:
            code = "500" if "5.." in query else "429" if '="429"' in query else "404" if "4.." in query else "200"
            found = [({"__name__": "http_requests_total", "code": code}, str(self.requests if code == "200" else 0))]
        found = [({"job": "app", "instance": "a:1", **labels}, value) for labels, value in found]
        points = [{"metric": labels, "values": [[now - self.age, value]]} for labels, value in found]
        return self._said("matrix", points)

    def _said(self, kind, result):
        body = {"status": "success", "data": {"resultType": kind, "result": result}}
        return web.json_response({**body, **({"warnings": self.warnings} if self.warnings else {})})


@contextlib.asynccontextmanager
async def standing_in(**said):
    """Give a stand-in, and a source that reads from it."""
    prometheus = StandIn()
    app = web.Application()
    app.router.add_post("/api/v1/query", prometheus.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings = {
        "url": f"http://127.0.0.1:{runner.addresses[0][1]}",
        "scrape_interval": "1s",
        "counts": {"preset": "prometheus-client"},
        "usage": {"cpu": 'cpu{version="{version}"}', "memory": "none"},
        **said,
    }
    source = PrometheusMetrics(MetricSettings.model_validate(settings), SystemClock())
    try:
        yield prometheus, source
    finally:
        await source.aclose()
        await runner.cleanup()


async def test_a_reading_is_as_old_as_its_scrape():
    async with standing_in() as (prometheus, source):
        prometheus.age = 0.8
        found = await source.read()
        age = SystemClock().monotonic() - found.at

    assert isinstance(found, Counters) and 0.75 < age < 1.8
    assert found.gauges[Version.CANARY].cpu == 0.4
    assert source.sent_and_timed(Version.CANARY) is None


@pytest.mark.parametrize(("reported", "wrong"), [(100, False), (97, False), (80, True)])
async def test_a_router_that_sends_the_canary_more_than_it_reports_could_not_be_measured(reported, wrong):
    async with standing_in() as (prometheus, source):
        prometheus.timer, prometheus.timed, found = "b:1", 100, []
        for _ in range(60):
            found.append(await source.read())
            prometheus.requests += 100
            prometheus.timed += reported

    said = [read for read in found if isinstance(read, CouldNotMeasure)]
    assert bool(said) is wrong
    assert all(read.why is Unmeasured.DISAGREES for read in said)


@pytest.mark.parametrize("ahead", [3600.0, 3.5, 1.5, -3.5, -3600.0])
async def test_a_clock_that_is_skewed_is_told_and_makes_no_reading_older_or_newer(ahead):
    async with standing_in() as (prometheus, source):
        prometheus.ahead = ahead
        found = await source.read()
        age = SystemClock().monotonic() - found.at

    assert 0.25 < age < 1.3
    assert found.skew == pytest.approx(ahead, abs=0.5)
    assert found.told == pytest.approx(time.time() + ahead - 0.3, abs=1.0)


async def test_another_step_than_the_plan_says_is_late_and_names_the_setting():
    async with standing_in() as (prometheus, source):
        prometheus.age = 3.6
        found = await source.read()

    assert found.why is Unmeasured.LATE
    assert "newest scrape of a:1" in found.detail and "scrape_interval" in found.detail


async def test_a_scrape_in_the_future_is_no_reading():
    async with standing_in() as (prometheus, source):
        prometheus.age = -4.0
        found = await source.read()

    assert found.why is Unmeasured.LATE and "in the future" in found.detail


@pytest.mark.parametrize("version", list(Version))
async def test_a_version_without_series_is_named_with_its_selector(version):
    async with standing_in() as (prometheus, source):
        prometheus.without = f'version="{version}"'
        found = await source.read()

    assert found.why is Unmeasured.EMPTY
    assert found.detail.startswith(version) and f'version="{version}"' in found.detail


async def test_a_source_without_up_is_read_by_its_freshness():
    async with standing_in() as (prometheus, source):
        prometheus.up = None
        pushed = await source.read()
        prometheus.up = 0
        down = await source.read()

    assert isinstance(pushed, Counters)
    assert down.why is Unmeasured.REFUSED and "a:1" in down.detail


async def test_a_warning_is_could_not_measure():
    async with standing_in() as (prometheus, source):
        prometheus.warnings = ["a store is away"]
        found = await source.read()

    assert found.why is Unmeasured.GARBAGE and "a store is away" in found.detail


@pytest.mark.parametrize("cpu", ["400", "NaN", "-1", "5e8"])
async def test_a_gauge_that_can_not_be_read_blinds_no_count_and_is_named(cpu):
    async with standing_in() as (prometheus, source):
        prometheus.cpu = cpu
        found = await source.read()

    assert isinstance(found, Counters) and found.gauges[Version.CANARY].cpu is None
    assert "cpu of canary" in source.gauge_trouble


async def test_counters_that_restart_are_a_reset_and_then_go_on():
    async with standing_in() as (prometheus, source):
        first = await source.read()
        prometheus.requests = 40
        reset = await source.read()
        prometheus.requests = 45
        after = await source.read()

    assert first.tallies[Version.CANARY].requests == 0
    assert isinstance(reset, CouldNotMeasure) and reset.why is Unmeasured.RESET and "100 -> 40" in reset.detail
    assert after.tallies[Version.CANARY].requests == 5


async def test_each_selector_is_asked_once():
    async with standing_in() as (prometheus, source):
        await source.read()

    assert sorted(prometheus.asked) == sorted(set(prometheus.asked))
    assert len(prometheus.asked) == 2 + 2 + 2 * 5
    assert any(json.dumps("a\\:1") in query for query in prometheus.asked if query.startswith("up"))


async def test_no_query_extrapolates():
    async with standing_in() as (prometheus, source):
        await source.read()

    assert not [query for query in prometheus.asked if "rate(" in query or "increase(" in query]
