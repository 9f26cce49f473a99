"""Visitors: an open loop of requests at scheduled times, whatever the site does."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import random
import time
from typing import Any

import aiohttp
from aiohttp import web

from golive.sandbox.child import end_with_parent, forever, report, serve

PATHS = (("/", 38), ("/products", 30), ("/search", 14), ("/cart", 10), ("/about", 6), ("/checkout", 2))
MOST_OUTSTANDING = 3000
BEHIND, FEW = 0.5, 50  # a machine that stalled for so many seconds answers these before others come
WAVE_SECONDS = 60.0
WAVE = 0.2


class Seen:
    """What visitors saw of one version."""

    def __init__(self) -> None:
        self.requests = 0
        self.failed = 0
        self.first_failed_at: float | None = None
        self.last_failed_at: float | None = None
        self.last_at: float | None = None
        self.late: list[float] = []

    def add(self, failed: bool, milliseconds: float) -> None:
        """Take in one answer; latency counts from the scheduled arrival."""
        now = time.time()
        self.requests += 1
        self.last_at = now
        if len(self.late) < 200_000:
            self.late.append(milliseconds)
        if failed:
            self.failed += 1
            self.first_failed_at = self.first_failed_at or now
            self.last_failed_at = now

    def to_json(self) -> dict[str, Any]:
        """Give the counts, and quantiles of latency in milliseconds."""
        late = sorted(self.late)
        quantiles = {f"p{q}": late[int(len(late) * q / 100)] if late else None for q in (50, 95, 99)}
        return {**{n: v for n, v in self.__dict__.items() if n != "late"}, **quantiles}


SEEN = web.AppKey("seen", dict[str, Seen])


async def visit(session: aiohttp.ClientSession, url: str, scheduled: float, seen: dict[str, Seen]) -> None:
    """Make one visit."""
    version, failed = "none", True
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with session.get(url) as answer:
            await answer.read()
            version, failed = answer.headers.get("X-Golive-Version", "none"), answer.status >= 500
    seen.setdefault(version, Seen()).add(failed, (time.monotonic() - scheduled) * 1000)


async def arrive(router: str, rate: float, calm: bool, seen: dict[str, Seen]) -> None:
    """Let visitors arrive by a Poisson process whose rate rises and falls."""
    draw = random.Random()
    begun = scheduled = time.monotonic()
    paths, weights = zip(*PATHS, strict=True)
    timeout = aiohttp.ClientTimeout(total=8)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as web_:
        outstanding: set[asyncio.Task[None]] = set()
        while True:
            wave = 1.0 if calm else 1 + WAVE * math.sin(2 * math.pi * (scheduled - begun) / WAVE_SECONDS)
            scheduled += draw.expovariate(rate * wave)
            wait = scheduled - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            elif wait < -BEHIND:
                while len(outstanding) > FEW:
                    await asyncio.wait(outstanding, return_when=asyncio.FIRST_COMPLETED)
                scheduled = time.monotonic()
            if len(outstanding) >= MOST_OUTSTANDING:
                seen.setdefault("none", Seen()).add(True, 0.0)
                await asyncio.sleep(0)
                continue
            path = draw.choices(paths, weights)[0]
            task = asyncio.create_task(visit(web_, router + path, scheduled, seen))
            outstanding.add(task)
            task.add_done_callback(outstanding.discard)


async def tell(request: web.Request) -> web.Response:
    """Answer what visitors saw, by version."""
    return web.json_response({version: seen.to_json() for version, seen in request.app[SEEN].items()})


async def main() -> None:
    """Send visitors until the supervisor ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--router", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--calm", action="store_true")
    asked = parser.parse_args()
    end_with_parent()
    app = web.Application()
    app[SEEN] = {}
    app.router.add_get("/-/seen", tell)
    report({"visitors": await serve(app)})
    async with asyncio.TaskGroup() as group:
        group.create_task(arrive(asked.router, asked.rate, asked.calm, app[SEEN]))
        group.create_task(forever())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
