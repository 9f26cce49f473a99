"""The double, running, for the length of one test; what broke Vercel's contract fails the test."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from aiohttp import web

from golive.adapters.vercel.account import Account
from tests.vercel.double.app import TOKEN, Double
from tests.vercel.double.state import PROJECT, TEAM, Releases

VARIABLE = "VERCEL_TOKEN"


class Standing:
    """A double that answers at `url`."""

    def __init__(self, double: Double, url: str) -> None:
        self.double, self.url, self.releases = double, url, double.releases

    @property
    def account(self) -> dict[str, str]:
        """Give the settings that all drivers of Vercel's share."""
        return {"project": PROJECT, "team": TEAM, "api": self.url}


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on a free port of this machine."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
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


@pytest.fixture
def account(standing: Standing) -> Account:
    return Account.model_validate(standing.account)
