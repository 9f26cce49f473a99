"""A real Envoy, its split over the admin API and its counts."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.envoy import EnvoyMetrics
from golive.adapters.routers.envoy import EnvoyRouter
from golive.ports import MetricSource, Router
from tests.contract.bench import RouterBench, SourceBench
from tests.parts.envoy import TOKEN, Stage, stage


class Envoy(RouterBench, SourceBench):
    """One Envoy with two blunt versions behind it."""

    name = "envoy"
    marks = ("staging",)
    token = TOKEN

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ending = AsyncExitStack()
        self._stage: Stage | None = None

    async def start(self) -> None:
        self._stage = await self._ending.enter_async_context(stage(self.folder, timeout=5.0))
        self.url = self._stage.url

    async def stop(self) -> None:
        await self._ending.aclose()

    def router(self) -> Router:
        return EnvoyRouter(EnvoyRouter.Settings(admins=(self._running.admin,)))

    def router_at(self, host: str, port: int) -> Router:
        return EnvoyRouter(EnvoyRouter.Settings(admins=(f"http://{host}:{port}",)))

    async def split(self, share: float) -> None:
        await self.router().set(share, expect=None)

    def source(self) -> MetricSource:
        return self._source(self._running.admin)

    def source_at(self, host: str, port: int) -> MetricSource:
        return self._source(f"http://{host}:{port}")

    @property
    def _running(self) -> Stage:
        assert self._stage is not None, "the bench was not started"
        return self._stage

    def _source(self, admin: str) -> MetricSource:
        return EnvoyMetrics(EnvoyMetrics.Settings(admins=(admin,), flush="200ms"), SystemClock())
