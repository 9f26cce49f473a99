"""GET requests of the site's own mix, sent straight to the canary and marked as ours."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

import httpx

from golive.core.samples import Tally
from golive.core.scalars import Part, Texts
from golive.drivers import Around

HEADERS = {"X-Golive-Ours": "top-up"}
TIMEOUT = 3.0
EDGES = (500, 1000)


class HttpTopUp:
    """`golive.ports.TopUp` over HTTP. `paths` are asked in turn; only GET, so that a replay changes nothing."""

    class Settings(Part):
        """`canary` is the canary's own URL, without a trailing slash."""

        canary: str
        paths: Texts = ()

    @classmethod
    def made(cls, settings: Settings, around: Around) -> HttpTopUp:
        """Give what asks these paths of that canary."""
        return cls(settings.canary, settings.paths)

    def __init__(self, canary: str, paths: Sequence[str]) -> None:
        self._canary, self._paths = canary, itertools.cycle(paths or ("/",))
        self._client: httpx.AsyncClient | None = None

    async def send(self, number: int) -> Tally:
        """Send so many at once and count them; one that was not answered is failed and over every limit."""
        self._client = self._client or httpx.AsyncClient(timeout=TIMEOUT, headers=HEADERS)
        answers = await asyncio.gather(*(self._ask(self._client, next(self._paths)) for _ in range(number)))
        return Tally(
            number,
            sum(failed for failed, _ in answers),
            over={edge: sum(milliseconds > edge for _, milliseconds in answers) for edge in EDGES},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, client: httpx.AsyncClient, path: str) -> tuple[bool, float]:
        begun = time.monotonic()
        try:
            async with client.stream("GET", self._canary + path) as answer:
                failed = answer.status_code >= 500
        except httpx.HTTPError:
            return True, float("inf")
        return failed, (time.monotonic() - begun) * 1000
