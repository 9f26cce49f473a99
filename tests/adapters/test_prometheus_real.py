"""A real Prometheus: every trap that makes a gate pass wrongly, met on purpose."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from golive.adapters.clocks import SystemClock
from golive.adapters.logs.prometheus import LogSettings, PrometheusLogs
from golive.adapters.metrics.prometheus import PrometheusMetrics
from golive.adapters.prometheus_api import PrometheusApi
from golive.adapters.prometheus_settings import MetricSettings
from golive.core.difference import difference
from golive.core.samples import CouldNotMeasure, Counters, Unmeasured, Version
from tests.parts.ports import free_port
from tests.parts.prometheus import page, running

pytestmark = pytest.mark.staging
SLOTS = 14


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus with one job for each test to take; a job whose page nobody shows is down."""
    ports = {f"app{slot}": [free_port()] for slot in range(SLOTS)}
    ports["pair"] = [free_port(), free_port()]
    ports["again"] = ports["pair"][:1]
    with running(tmp_path_factory.mktemp("prometheus"), ports) as url:
        yield url, ports


def text_of(**counts):
    """Give a page: `canary=(ok, failed, within 0.5 s)`; None leaves the failed series out, as lazy libraries do."""
    lines = []
    for version, (fine, failed, quick) in counts.items():
        lines.append(f'http_requests_total{{version="{version}",code="200"}} {fine}')
        if failed is not None:
            lines.append(f'http_requests_total{{version="{version}",code="500"}} {failed}')
        total = fine + (failed or 0)
        for edge, count in (("0.3", 0), ("0.5", quick), ("1.0", total), ("+Inf", total)):
            lines.append(f'http_request_duration_seconds_bucket{{version="{version}",le="{edge}"}} {count}')
    return "\n".join(lines) + "\n"


def source_of(url, job, **settings):
    which = f'job="{job}",version="{{version}}"'
    asked = {
        "url": url,
        "scrape_interval": "1s",
        "counts": {"preset": "prometheus-client", "which": which},
        "usage": {"cpu": "none", "memory": "none"},
        **settings,
    }
    return PrometheusMetrics(MetricSettings.model_validate(asked), SystemClock())


async def read_when(source, wanted, tries=120):
    """Read until an answer is wanted; Prometheus first looks at its targets seconds after its start."""
    found = None
    for _ in range(tries):
        found = await source.read()
        if wanted(found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(found)


def counted(found):
    return isinstance(found, Counters)


async def next_after(source, before):
    return await read_when(source, lambda found: counted(found) and found.at > before.at)


async def test_raw_counters_give_what_was_counted_where_increase_extrapolates(prometheus):
    url, ports = prometheus
    source = source_of(url, "app0")
    async with page(*ports["app0"], text_of(stable=(100, 0, 90), canary=(10, 0, 9))) as shown:
        before = await read_when(source, counted)
        await shown.scraped(2)
        shown.text = text_of(stable=(130, 0, 118), canary=(14, 3, 12))
        await shown.scraped()
        after = await next_after(source, before)
        stable, canary = difference(before, after, second=0.0)
        increase = 'sum(increase(http_requests_total{job="app0",version="canary",code="500"}[4s]))'
        extrapolated = (await PrometheusApi(source._settings).numbers(increase))[0]
    await source.aclose()

    assert (stable.tally.requests, stable.tally.failed, stable.tally.over[500]) == (30, 0, 2)
    assert (canary.tally.requests, canary.tally.failed, canary.tally.over) == (7, 3, {300: 7, 500: 4, 1000: 0})
    assert extrapolated != 3


async def test_the_same_scrape_read_twice_gives_the_same_counters(prometheus):
    url, ports = prometheus
    source = source_of(url, "app1")
    async with page(*ports["app1"], text_of(stable=(1, 0, 1), canary=(1, 0, 1))) as shown:
        await read_when(source, counted)
        await shown.scraped()
        first = await source.read()
        second = await source.read()
        third = await next_after(source, second)
    await source.aclose()

    assert second is first
    assert 0.7 < third.at - second.at < 2.5
    assert SystemClock().monotonic() - third.at < 60


async def test_a_lazily_created_error_series_counts_from_its_first_error(prometheus):
    url, ports = prometheus
    source = source_of(url, "app2")
    async with page(*ports["app2"], text_of(stable=(100, None, 100), canary=(10, None, 10))) as shown:
        before = await read_when(source, counted)
        shown.text = text_of(stable=(120, None, 120), canary=(12, 2, 12))
        await shown.scraped()
        after = await next_after(source, before)
    await source.aclose()

    assert before.tallies[Version.CANARY].failed == 0
    assert after.tallies[Version.CANARY].failed - before.tallies[Version.CANARY].failed == 2


async def test_an_absent_version_is_could_not_measure_and_never_zero(prometheus):
    url, ports = prometheus
    source = source_of(url, "app3")
    async with page(*ports["app3"], text_of(stable=(100, 0, 100))) as shown:
        await read_when(source_of(url, "app3", versions={"stable": "stable", "canary": "stable"}), counted)
        await shown.scraped()
        found = await source.read()
    await source.aclose()

    assert found.why is Unmeasured.EMPTY
    assert "canary" in found.detail and 'http_requests_total{job="app3",version="canary"}' in found.detail


async def test_a_dead_target_is_could_not_measure_at_once_although_its_values_are_still_there(prometheus):
    url, ports = prometheus
    source = source_of(url, "app4")
    async with page(*ports["app4"], text_of(stable=(100, 0, 100), canary=(10, 0, 10))) as shown:
        await read_when(source, counted)
        await shown.scraped(3)
    found = await read_when(source, lambda found: not counted(found))
    kept = await PrometheusApi(source._settings).numbers('sum(rate(http_requests_total{job="app4"}[30s]))')
    later = [found]
    for _ in range(6):
        await asyncio.sleep(1)
        later.append(await source.read())
    await source.aclose()

    assert (found.why, "up is 0" in found.detail) == (Unmeasured.REFUSED, True)
    assert kept, "rate() goes on giving values of the dead target"
    assert not any(counted(read) for read in later)


async def test_a_target_that_restarts_is_a_reset_and_is_counted_on_from_there(prometheus):
    url, ports = prometheus
    source = source_of(url, "app5")
    async with page(*ports["app5"], text_of(stable=(900, 0, 900), canary=(50, 5, 50))) as shown:
        before = await read_when(source, counted)
        shown.text = text_of(stable=(901, 0, 901), canary=(3, None, 3))
        reset = await read_when(source, lambda found: not counted(found))
        shown.text = text_of(stable=(911, 0, 911), canary=(7, 1, 7))
        after = await read_when(source, lambda found: counted(found) and found.tallies[Version.CANARY].failed)
    await source.aclose()
    grown = after.tallies[Version.CANARY] - before.tallies[Version.CANARY]

    assert (reset.why, "50 -> 3" in reset.detail) == (Unmeasured.RESET, True)
    assert (grown.requests, grown.failed) == (5, 1)


@pytest.mark.parametrize("edges", [("0.5", "1.0"), ("0.5", "1"), ("5e-01", "1e+00")])
async def test_edges_are_matched_by_their_number_and_not_by_their_text(prometheus, edges):
    url, ports = prometheus
    job = f"app{6 + [('0.5', '1.0'), ('0.5', '1'), ('5e-01', '1e+00')].index(edges)}"
    source = source_of(url, job)
    written = text_of(stable=(10, 0, 10), canary=(10, 0, 8))
    written = written.replace('le="0.5"', f'le="{edges[0]}"').replace('le="1.0"', f'le="{edges[1]}"')
    async with page(*ports[job], written):
        found = await read_when(source, counted)
    await source.aclose()

    assert set(found.tallies[Version.CANARY].over) == {300, 500, 1000}


async def test_milliseconds_read_as_seconds_are_found_and_both_are_named(prometheus):
    url, ports = prometheus
    written = text_of(stable=(10, 0, 10), canary=(10, 0, 8))
    written = written.replace('le="0.5"', 'le="500"').replace('le="1.0"', 'le="1000"').replace('le="0.3"', 'le="300"')
    wrong, right = source_of(url, "app9"), source_of(url, "app9", times={"unit": "milliseconds"})
    async with page(*ports["app9"], written):
        found = await read_when(right, counted)
        lacking = await wrong.read()
    await wrong.aclose()
    await right.aclose()

    assert set(found.tallies[Version.STABLE].over) == {300, 500, 1000}
    assert lacking.why is Unmeasured.GARBAGE
    assert "no edge at 500 ms" in lacking.detail and "is its unit milliseconds?" in lacking.detail


async def test_a_number_that_is_none_is_named(prometheus):
    url, ports = prometheus
    source = source_of(url, "app10")
    written = text_of(stable=(10, 0, 10), canary=(10, 0, 10))
    async with page(*ports["app10"], written.replace('canary",code="200"} 10', 'canary",code="200"} NaN')):
        found = await read_when(source, lambda found: not counted(found) and found.why is Unmeasured.NOT_A_NUMBER)
    await source.aclose()

    assert 'version="canary"' in found.detail and "nan" in found.detail


async def test_one_target_scraped_by_two_jobs_is_not_counted_twice(prometheus):
    url, ports = prometheus
    which = 'instance="127.0.0.1:PORT",version="{version}"'.replace("PORT", str(ports["pair"][0]))
    twice = source_of(url, "pair", counts={"preset": "prometheus-client", "which": which})
    async with page(ports["pair"][0], text_of(stable=(10, 0, 10), canary=(10, 0, 10))):
        found = await read_when(twice, lambda found: not counted(found) and found.why is Unmeasured.GARBAGE)
    await twice.aclose()

    assert "two jobs" in found.detail and "again" in found.detail and "pair" in found.detail


async def test_an_expression_is_refused_by_prometheus_in_its_own_words(prometheus):
    url, _ = prometheus
    api = PrometheusApi(source_of(url, "app0")._settings)
    found = await api.series("rate(up[5s])", 5)
    await api.aclose()

    assert found.why is Unmeasured.REFUSED
    assert "ranges only allowed for vector selectors" in found.detail and "a plain selector is expected" in found.detail


async def test_cpu_and_memory_are_expressions_and_nonsense_is_named(prometheus):
    url, ports = prometheus
    usage = {"cpu": 'busy{version="{version}"}', "memory": 'held_bytes{version="{version}"}'}
    source = source_of(url, "app11", usage=usage)
    more = "".join(f'busy{{version="{v}"}} 0.4\nheld_bytes{{version="{v}"}} 5e8\n' for v in Version)
    async with page(*ports["app11"], text_of(stable=(10, 0, 10), canary=(10, 0, 10)) + more):
        found = await read_when(source, counted)
    await source.aclose()

    assert (found.gauges[Version.CANARY].cpu, found.gauges[Version.CANARY].memory) == (0.4, None)
    assert "memory of canary" in source.gauge_trouble and "5e+08" in source.gauge_trouble


async def test_a_counter_of_critical_entries_that_rises_is_news_once(prometheus):
    url, ports = prometheus
    critical = 'critical_total{job="app12",version="{version}"}'
    logs = PrometheusLogs(LogSettings.model_validate({"url": url, "scrape_interval": "1s", "critical": critical}))
    lines = 'critical_total{{version="stable"}} 4\ncritical_total{{version="canary"}} {}\n'
    async with page(*ports["app12"], lines.format(2)) as shown:
        first = await read_when(logs_of(logs), lambda found: not isinstance(found, CouldNotMeasure))
        shown.text = lines.format(5)
        await shown.scraped()
        second, third = await logs.critical(), await logs.critical()
    await logs.aclose()

    assert (first[Version.CANARY], third[Version.CANARY]) == ([], [])
    assert second[Version.CANARY] == [f"critical_total rose by 3 on 127.0.0.1:{ports['app12'][0]}"]
    assert second[Version.STABLE] == []


def logs_of(logs):
    class Reads:
        read = staticmethod(logs.critical)

    return Reads


async def test_a_whole_read_stays_below_a_second(prometheus):
    url, ports = prometheus
    source = source_of(url, "app13")
    async with page(*ports["app13"], text_of(stable=(10, 0, 10), canary=(10, 0, 10))):
        await read_when(source, counted)
        began = SystemClock().monotonic()
        for _ in range(5):
            await source.read()
        took = (SystemClock().monotonic() - began) / 5
    await source.aclose()

    assert took < 1.0


async def test_real_answers_have_the_shape_that_the_stand_in_gives(prometheus):
    from tests.adapters.test_prometheus_api import FAILURE, MATRIX, SCALAR, VECTOR, shape

    url, _ = prometheus
    async with httpx.AsyncClient() as client:
        answers = {}
        for query in ("up[5s]", "up", "time()", "rate(up[5s])[5s]"):
            for _ in range(100):
                answers[query] = (await client.post(f"{url}/api/v1/query", data={"query": query})).json()
                if answers[query].get("error") or answers[query]["data"]["result"]:
                    break
                await asyncio.sleep(0.1)

    for query, stand_in in (("up[5s]", MATRIX), ("up", VECTOR), ("time()", SCALAR), ("rate(up[5s])[5s]", FAILURE)):
        assert shape(answers[query]) == shape(stand_in), query
