"""Real HAProxy processes: one, two moved together, and one with sticky cookies."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.haproxy import HaproxyMetrics
from golive.adapters.routers.haproxy import HaproxyRouter
from golive.ports import Done, MetricSource, Router
from tests.contract.bench import RouterBench, SourceBench
from tests.parts.haproxy import TOKEN, Bench, bench, socat_in


class HaproxyParts:
    """HAProxy with two tiny versions behind it; what all benches of this file share."""

    programs = ("haproxy",)
    marks = ("staging",)
    token = TOKEN
    processes: ClassVar[int] = 1
    sticky: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, ""
        self._stack = contextlib.AsyncExitStack()
        self.parts: Bench | None = None

    async def start(self) -> None:
        self.parts = await self._stack.enter_async_context(bench(self.folder, self.processes, sticky=self.sticky))
        self.url = self.parts.haproxies[-1].url
        if shutil.which("socat") is None:
            self._stack.callback(os.environ.__setitem__, "PATH", os.environ["PATH"])
            os.environ["PATH"] = f"{socat_in(self.folder)}:{os.environ['PATH']}"

    async def stop(self) -> None:
        await self._stack.aclose()

    def router(self) -> Router:
        assert self.parts is not None
        return self._router(self.parts.sockets)

    def router_at(self, host: str, port: int) -> Router:
        return self._router((f"{host}:{port}",))

    def _router(self, sockets: tuple[str, ...]) -> Router:
        settings = {"sockets": list(sockets), "sticky": "yes" if self.sticky else "no"}
        return HaproxyRouter(HaproxyRouter.Settings.model_validate(settings))


class Haproxy(HaproxyParts, RouterBench, SourceBench):
    """One process, scraped directly."""

    name = "haproxy"

    async def split(self, share: float) -> None:
        assert isinstance(await self.router().set(share, expect=None), Done)

    def source(self) -> MetricSource:
        assert self.parts is not None
        return self._source(list(self.parts.sockets))

    def source_at(self, host: str, port: int) -> MetricSource:
        return self._source([f"{host}:{port}"])

    def _source(self, sockets: list[str]) -> MetricSource:
        assert self.parts is not None
        settings: dict[str, Any] = {
            "sockets": sockets,
            "stable_metrics": self.parts.stable.metrics,
            "canary_metrics": self.parts.canary.metrics,
            "visitors": "who=visitors",
        }
        return HaproxyMetrics(HaproxyMetrics.Settings.model_validate(settings), SystemClock())


class TwoHaproxies(HaproxyParts, RouterBench):
    """Two processes in one plan; visitors come through the second."""

    name = "two haproxies"
    processes = 2


class StickyHaproxy(HaproxyParts, RouterBench):
    """One process whose cookie keeps visitors at their version."""

    name = "sticky haproxy"
    sticky = True
