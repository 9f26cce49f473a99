"""The double, running, for the length of one test; what broke Vercel's contract fails the test."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from golive.adapters.clocks import FakeClock
from golive.adapters.routers.vercel import VercelRouter
from golive.adapters.vercel.account import Account
from tests.parts.ports import BRIEF
from tests.vercel.double.app import TOKEN, Double
from tests.vercel.double.state import CANARY, PROJECT, RUNBOOK, STABLE, TEAM, Releases

VARIABLE = "VERCEL_TOKEN"
APPROVE, ROLLING = "POST .*/approve-stage", "GET .*/rolling-release"
FIRST, SECOND = 0.01, 0.05


class Standing:
    """A double that answers at `url`."""

    def __init__(self, double: Double, url: str, clock: FakeClock | None = None) -> None:
        self.double, self.url, self.releases = double, url, double.releases
        self.clock = clock or FakeClock()
        self.routers: list[VercelRouter] = []

    @property
    def account(self) -> dict[str, str]:
        """Give the settings that all drivers of Vercel's share."""
        return {"project": PROJECT, "team": TEAM, "api": self.url}

    def router(self, **changed: str) -> VercelRouter:
        """Give a fresh router of the release of `dpl_canary` beside `dpl_stable`."""
        settings = {**self.account, "canary": CANARY, "base": STABLE, **changed}
        router = VercelRouter(VercelRouter.Settings.model_validate(settings), self.clock)
        self.routers.append(router)
        return router

    @property
    def stage(self) -> int:
        """The index of the stage that the double is at."""
        assert self.releases.rollout is not None
        return int(self.releases.rollout["active"])

    def sent(self, what: str) -> int:
        """Give how many requests there were of this kind: the end of method and path."""
        return sum(1 for call in self.double.calls if call.endswith(what))


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on a free port of this machine."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=BRIEF)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=512).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def standing(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Standing]:
    monkeypatch.setenv(VARIABLE, TOKEN)
    double = Double(Releases(time.time))
    async with served(double.application()) as url:
        yield Standing(double, url)
    assert double.broken == []


@pytest_asyncio.fixture
async def turned(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Standing]:
    """A double whose time is `turned.clock`, which only moves when somebody sleeps on it; its release is at 1 %."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    clock = FakeClock()
    releases = Releases(lambda: clock.now().timestamp())
    releases.configure({"enabled": True, "stages": [{"targetPercentage": percent} for percent in RUNBOOK]})
    releases.start(CANARY)
    clock.advance(100)
    double = Double(releases)
    async with served(double.application()) as url:
        standing = Standing(double, url, clock)
        yield standing
        for router in standing.routers:
            await router.aclose()
    assert double.broken == []


@pytest.fixture
def guarded(turned: Standing, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run at 1 % with a guard that shifts and rolls back on the double."""
    from tests.vercel.guarded import Guarded

    return Guarded(turned, monkeypatch)


@pytest.fixture
def account(standing: Standing) -> Account:
    return Account.model_validate(standing.account)
