"""CPU and memory from the versions' own Prometheus texts, for sources that know only what a router knows."""

from __future__ import annotations

import asyncio
import math

import httpx

from golive.adapters.bounded import TooLarge, fetch
from golive.adapters.metrics.sandbox import points_of
from golive.core.samples import CouldNotMeasure, Gauges, Version
from golive.core.scalars import Part

TIMEOUT = 1.0


class Usage(Part):
    """Where a version tells what it uses.

    Attributes:
        stable, canary: URLs of their Prometheus texts.
        cpu, memory: Gauges of both as shares of what a version may use, 0 to 1.
    """

    stable: str
    canary: str
    cpu: str = "process_cpu_share"
    memory: str = "process_memory_share"


class UsageReader:
    """Reads both versions' gauges; one that does not answer, or not with numbers, has none."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._client: httpx.AsyncClient | None = None

    async def read(self) -> dict[Version, Gauges]:
        """Give what each version uses now."""
        self._client = self._client or httpx.AsyncClient(timeout=TIMEOUT)
        stable, canary = await asyncio.gather(self._of(self._usage.stable), self._of(self._usage.canary))
        return {Version.STABLE: stable, Version.CANARY: canary}

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _of(self, url: str) -> Gauges:
        assert self._client is not None
        try:
            answer = await fetch(self._client, "GET", url, within=TIMEOUT)
        except (httpx.HTTPError, TooLarge):
            return Gauges()
        points = points_of(answer.content) if answer.status_code == 200 else []
        if isinstance(points, CouldNotMeasure):
            return Gauges()
        found = {point.name: point.value for point in points if math.isfinite(point.value)}
        return Gauges(found.get(self._usage.cpu), found.get(self._usage.memory))
