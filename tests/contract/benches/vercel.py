"""Vercel's rolling releases on the double: at once, and with a lag and a rollback that takes its time."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import ClassVar

import aiohttp

from golive.adapters.clocks import SystemClock
from golive.adapters.routers.vercel import VercelRouter
from golive.core.samples import Version
from golive.ports import Router
from golive.sandbox.router import TIMEOUT
from tests.contract.bench import RouterBench
from tests.parts.versions import TinyVersion
from tests.vercel.conftest import VARIABLE, served
from tests.vercel.double.app import TOKEN, Double
from tests.vercel.double.edge import Edge, edge_applications
from tests.vercel.double.state import CANARY, PROJECT, STABLE, TEAM, Releases, Ways


class Vercel(RouterBench):
    """The double, with two tiny versions behind its edge."""

    name = "vercel"
    token = "the bench's own"
    ways: ClassVar[Ways] = Ways()

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.versions = {version: TinyVersion(version.value) for version in Version}
        self.double = Double(Releases(time.time))
        self._api = ""
        self._ending = contextlib.AsyncExitStack()

    async def start(self) -> None:
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = TOKEN
        self._ending.callback(_restore, before)
        releases = self.double.releases
        releases.ways = self.ways
        releases.deployments[CANARY].meta["goliveWorld"] = self.token
        for version in self.versions.values():
            await version.start()
            self._ending.push_async_callback(version.stop)
        upstreams = {name.value: f"http://{version.address}" for name, version in self.versions.items()}
        edge = Edge(releases, upstreams, {STABLE: "stable", CANARY: "canary"})
        edge.session = await self._ending.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=TIMEOUT, auto_decompress=False)
        )
        visitors, _ = edge_applications(edge)
        self.url = await self._ending.enter_async_context(served(visitors))
        self._api = await self._ending.enter_async_context(served(self.double.application()))

    async def stop(self) -> None:
        await self._ending.aclose()
        assert self.double.broken == []

    def router(self) -> Router:
        return self._made(self._api)

    def router_at(self, host: str, port: int) -> Router:
        return self._made(f"http://{host}:{port}")

    def _made(self, api: str) -> Router:
        settings = {"project": PROJECT, "team": TEAM, "api": api, "canary": CANARY, "base": STABLE}
        settings |= {"read_lag": f"{self.ways.lag + 1:g}s", "read_every": "1s"}
        return VercelRouter(VercelRouter.Settings.model_validate(settings), SystemClock())


class SlowVercel(Vercel):
    """Reads show a change 0.2 s later, and a rollback takes 0.3 s from its 201."""

    name = "slow vercel"
    ways = Ways(lag=0.2, rollback_takes=0.3)


def _restore(before: str | None) -> None:
    if before is None:
        del os.environ[VARIABLE]
    else:
        os.environ[VARIABLE] = before
