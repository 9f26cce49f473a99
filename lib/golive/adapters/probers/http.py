"""Requests of ours through the router, marked as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx

from golive.core.samples import Version
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Sick

SIDE_BY_SIDE = 10


class HttpProber:
    """`golive.ports.Prober`: reads which version answered from a response header; keeps no cookie."""

    class Settings(Part):
        """`router` is the visitors' URL without a trailing slash; `header` names the version that answered."""

        router: str
        path: str = "/api/health"
        header: str = "X-Golive-Version"

    @classmethod
    def made(cls, settings: Settings, around: Around) -> HttpProber:
        """Give the prober of that URL."""
        return cls(settings.router, settings.path, settings.header)

    def __init__(self, router: str, path: str = "/api/health", header: str = "X-Golive-Version") -> None:
        self._url, self._header = router + path, header

    async def ask(self, times: int) -> Sequence[Version | Sick]:
        """Ask `times` times and say who answered each."""
        gate = asyncio.Semaphore(SIDE_BY_SIDE)
        async with httpx.AsyncClient(timeout=3.0) as client:
            return await asyncio.gather(*(self._once(client, gate) for _ in range(times)))

    async def _once(self, client: httpx.AsyncClient, gate: asyncio.Semaphore) -> Version | Sick:
        async with gate:
            try:
                answer = await client.get(self._url, headers={"X-Golive-Ours": "probe"})
                client.cookies.clear()
            except httpx.HTTPError as error:
                return Sick(type(error).__name__)
        version = answer.headers.get(self._header, "")
        return Version(version) if version in list(Version) else Sick("no version named")
