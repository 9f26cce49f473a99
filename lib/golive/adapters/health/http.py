"""Health over HTTP: a version answers 200 and says who it is."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx

from golive.adapters.bounded import fetch
from golive.core.samples import Version
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Alive, Sick

OURS = {"X-Golive-Ours": "health"}


class HttpHealth:
    """`golive.ports.Health` on one URL for each version."""

    class Settings(Part):
        """The URLs that are asked, whole: `https://canary.example.com/api/health`."""

        stable: str
        canary: str

    @classmethod
    def made(cls, settings: Settings, around: Around) -> HttpHealth:
        """Give the prober of these URLs, with the plan's time-out."""
        urls = {Version.STABLE: settings.stable, Version.CANARY: settings.canary}
        return cls(urls, around.planned.health.timeout.total_seconds())

    def __init__(self, urls: Mapping[Version, str], timeout: float) -> None:
        self._urls, self._timeout = urls, timeout
        self._client: httpx.AsyncClient | None = None

    async def probe(self, version: Version) -> Alive | Sick:
        """Ask one version directly."""
        self._client = self._client or httpx.AsyncClient(timeout=self._timeout)
        begun = time.monotonic()
        try:
            answer = await fetch(self._client, "GET", self._urls[version], within=self._timeout, headers=OURS)
            data = answer.json() if answer.status_code == 200 else {}
            if data.get("status") != "ok":
                return Sick(f"{version} answered {answer.status_code} without status ok")
            took = (time.monotonic() - begun) * 1000
            return Alive(str(data.get("version", ""))[:80], str(data.get("deployment_id", ""))[:80], took)
        except httpx.TimeoutException:
            return Sick(f"{version} did not answer in {self._timeout:g} s")
        except (httpx.HTTPError, ValueError, AttributeError) as error:
            return Sick(f"{version} did not answer: {type(error).__name__}")

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
