"""A real Prometheus that scrapes the sandbox's router."""

from __future__ import annotations

import contextlib
from pathlib import Path

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.prometheus import PrometheusMetrics
from golive.adapters.prometheus_settings import MetricSettings
from golive.ports import MetricSource
from tests.contract.bench import SourceBench
from tests.contract.benches.sandbox import Sandbox
from tests.parts.prometheus import running

COUNTED = {name: f"golive_{name}_total{{{{which}}}}" for name in ("requests", "failed", "client_errors", "limited")}


class Prometheus(SourceBench):
    """Counts of the sandbox's router by way of Prometheus, scraped every second."""

    name = "prometheus"
    programs = ("prometheus",)
    marks = ("staging",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._sandbox = Sandbox(folder)
        self._running = contextlib.ExitStack()
        self._address = ""

    async def start(self) -> None:
        await self._sandbox.start()
        self.url = self._sandbox.url
        port = int(self._sandbox._control.rpartition(":")[2])
        self._address = self._running.enter_context(running(self.folder, {"router": [port]}, path="/-/metrics"))

    async def stop(self) -> None:
        self._running.close()
        await self._sandbox.stop()

    async def split(self, share: float) -> None:
        await self._sandbox.split(share)

    def source(self) -> MetricSource:
        return self._source(self._address)

    def source_at(self, host: str, port: int) -> MetricSource:
        return self._source(f"http://{host}:{port}")

    def _source(self, url: str) -> MetricSource:
        said = {
            "url": url,
            "scrape_interval": "1s",
            "counts": {"which": 'version="{version}",who="visitors"', **COUNTED},
            "times": {"histogram": "golive_request_seconds_bucket{{which}}"},
            "usage": {"cpu": "none", "memory": "none"},
            "visitors_only": "yes",
        }
        return PrometheusMetrics(MetricSettings.model_validate(said), SystemClock())
