"""The sandbox's router and its counts."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from aiohttp import web

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.sandbox import SandboxMetrics
from golive.adapters.routers.sandbox import SandboxRouter
from golive.core.samples import Version
from golive.ports import MetricSource, Router
from golive.sandbox.router import TIMEOUT, Routing, applications
from tests.contract.bench import RouterBench, SourceBench
from tests.parts.ports import BRIEF
from tests.parts.versions import TinyVersion


class Sandbox(RouterBench, SourceBench):
    """The sandbox's own router, with two tiny versions behind it."""

    name = "sandbox"
    token = "the bench's own"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.versions = {version: TinyVersion(version.value) for version in Version}
        self._runners: list[web.AppRunner] = []
        self._control = ""
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        for version in self.versions.values():
            await version.start()
        urls = {name.value: f"http://{version.address}" for name, version in self.versions.items()}
        routing = Routing(0.0, self.token, urls, sticky=False)
        connector = aiohttp.TCPConnector(limit=0)
        routing.session = self._session = aiohttp.ClientSession(
            connector=connector, timeout=TIMEOUT, auto_decompress=False
        )
        visitors, controls = applications(routing)
        self.url, self._control = await self._serve(visitors), await self._serve(controls)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        for runner in self._runners:
            await runner.cleanup()
        for version in self.versions.values():
            await version.stop()

    def router(self) -> Router:
        return SandboxRouter(self._control)

    def router_at(self, host: str, port: int) -> Router:
        return SandboxRouter(f"http://{host}:{port}")

    async def split(self, share: float) -> None:
        await self.router().set(share, expect=None)

    def source(self) -> MetricSource:
        return self._source(self._control)

    def source_at(self, host: str, port: int) -> MetricSource:
        return self._source(f"http://{host}:{port}")

    def _source(self, control: str) -> MetricSource:
        versions = {name: f"http://{version.address}" for name, version in self.versions.items()}
        return SandboxMetrics(control, versions, SystemClock())

    async def _serve(self, app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=BRIEF)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"
