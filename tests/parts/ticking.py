"""A clock for several tasks at once: time passes only when a test lets it, and wakes each sleeper at its moment."""

from __future__ import annotations

import asyncio
import heapq
import itertools

from golive.adapters.clocks import FakeClock

TURNS = 40  # of the event loop, in which everybody who is awake does what there is to do


class TickingClock(FakeClock):
    """`golive.ports.Clock` whose sleepers are woken in order."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.monotonic() + seconds, next(self._numbers), woken))
        await woken

    async def run(self, seconds: float) -> None:
        """Let so many seconds pass."""
        until = self.monotonic() + seconds
        await self._turn()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self.advance(max(0.0, at - self.monotonic()))
            if not woken.done():
                woken.set_result(None)
                await self._turn()
        self.advance(max(0.0, until - self.monotonic()))
        await self._turn()

    async def _turn(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
