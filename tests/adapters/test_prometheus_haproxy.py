"""HAProxy's own exporter, scraped by a real Prometheus: a dead server's failures are in no 5xx of its own."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess

import aiohttp
import pytest

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.prometheus import PrometheusMetrics
from golive.adapters.prometheus_settings import MetricSettings
from golive.core.samples import Counters, Version
from tests.parts.ports import free_port
from tests.parts.prometheus import PATIENCE, found, page, running

pytestmark = pytest.mark.staging
CONFIG = """
global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 1s
  retries 0
frontend visitors
  bind 127.0.0.1:{visitors}
  use_backend dead if {{ path /dead }}
  default_backend site
backend site
  server stable 127.0.0.1:{stable}
  server canary 127.0.0.1:{gone} weight 0
backend dead
  server stable 127.0.0.1:{gone} weight 0
  server canary 127.0.0.1:{gone}
frontend counts
  bind 127.0.0.1:{counts}
  http-request use-service prometheus-exporter if {{ path /metrics }}
"""
TIMED = "".join(
    f'http_request_duration_seconds_bucket{{version="{version}",le="{le}"}} 0\n'
    for version in Version
    for le in ("0.5", "1.0", "+Inf")
)


@contextlib.contextmanager
def haproxy(folder, **ports):
    config = folder / "haproxy.cfg"
    config.write_text(CONFIG.format(**ports))
    process = subprocess.Popen([found("haproxy"), "-db", "-f", str(config)], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def until(source, wanted):
    async with asyncio.timeout(PATIENCE):
        while True:
            read = await source.read()
            if isinstance(read, Counters) and wanted(read):
                return read
            await asyncio.sleep(0.1)


async def test_a_dead_canary_shows_as_failed_requests_that_are_over_every_limit(tmp_path):
    ports = {name: free_port() for name in ("visitors", "stable", "gone", "counts", "app")}
    said = {
        "scrape_interval": "1s",
        "counts": {
            "preset": "haproxy",
            "which": {"stable": 'proxy="site",server="stable"', "canary": 'proxy="dead",server="canary"'},
        },
        "times": {"preset": "prometheus-client"},
        "usage": {"cpu": "none", "memory": "none"},
    }
    fronts = {"router": [ports["counts"]], "app": [ports["app"]]}
    with haproxy(tmp_path, **ports), running(tmp_path, fronts) as url:
        source = PrometheusMetrics(MetricSettings.model_validate({"url": url, **said}), SystemClock())
        async with page(ports["app"], TIMED), page(ports["stable"], "fine\n"), aiohttp.ClientSession() as session:
            before = await until(source, lambda _: True)
            site = f"http://127.0.0.1:{ports['visitors']}"
            seen = [(await session.get(site + path)).status for path in ("/metrics",) * 5 + ("/dead",) * 4 + ("/no",)]
            after = await until(source, lambda read: read.tallies[Version.CANARY].requests == 4)
            dead = await session.get(f"http://127.0.0.1:{ports['counts']}/metrics")
            text = await dead.text()
            told = {version: source.sent_and_timed(version) for version in Version}
        await source.aclose()
    stable, canary = (after.tallies[version] - before.tallies[version] for version in Version)

    assert seen == [200] * 5 + [503] * 4 + [404]
    assert 'haproxy_server_http_responses_total{proxy="dead",server="canary",code="5xx"} 0' in text
    assert (stable.requests, stable.failed, stable.client_errors) == (6, 0, 1)
    assert (canary.requests, canary.failed, dict(canary.over)) == (4, 4, {500: 4, 1000: 4})
    assert told == {Version.STABLE: (6, 0), Version.CANARY: (0, 0)}, "stable's page says it has timed none"
