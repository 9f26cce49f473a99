"""Tiny versions of a site on loopback, in the test's own loop, with Prometheus text of their own."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import Counter

from aiohttp import web

from tests.parts.ports import BRIEF, free_port

EDGES = (0.1, 0.5, 1.0)


class TinyVersion:
    """`/status/404` answers 404, `/slow/600` takes 600 ms, `/cut` breaks off, everything else answers the name.

    It hangs, keeps its metrics to itself (`unmeasured`) or leaves out a tenth of them (`forgetful`) when told to.
    `seen` counts requests by path, ours and health checks left out; `/metrics` has a histogram and a
    count by status, both with a label that tells visitors from ours.
    """

    def __init__(self, name: str) -> None:
        self.name, self.port = name, 0
        self.seen: Counter[str] = Counter()
        self.hangs = self.unmeasured = self.forgetful = False
        self._codes: Counter[tuple[str, int]] = Counter()
        self._buckets = {who: [0] * (len(EDGES) + 1) for who in ("visitors", "ours")}
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def metrics(self) -> str:
        """The URL of its Prometheus text."""
        return f"http://{self.address}/metrics"

    async def start(self) -> TinyVersion:
        """Serve, on the same port as before if there was one."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=BRIEF)
        await self._runner.setup()
        self.port = self.port or free_port()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=2048).start()
        return self

    async def stop(self) -> None:
        """Be gone: whoever connects is refused."""
        self.hangs = False
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def forget(self) -> None:
        """Begin counting anew, as a restart does."""
        self._codes.clear()
        self._buckets = {who: [0] * (len(EDGES) + 1) for who in ("visitors", "ours")}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/metrics":
            return web.Response(status=503) if self.unmeasured else web.Response(text=self._text())
        while self.hangs:
            await asyncio.sleep(0.02)
        if request.path == "/api/health":
            return web.json_response({"status": "ok", "version": self.name, "deployment_id": f"dpl_{self.name}"})
        who = "ours" if "X-Golive-Ours" in request.headers else "visitors"
        begun = time.monotonic()
        _, kind, *rest = [*request.path.split("/"), ""]
        if kind == "slow":
            await asyncio.sleep(int(rest[0]) / 1000)
        if who == "visitors":
            self.seen[request.path] += 1
        if kind == "cut":
            assert request.transport is not None
            request.transport.abort()
        status = int(rest[0]) if kind == "status" else 200
        self._codes[who, status] += 1
        if self.forgetful and self._codes[who, status] % 10 == 0:
            return web.Response(text=self.name, status=status, headers={"X-Golive-Version": self.name})
        self._buckets[who][bisect_left(EDGES, time.monotonic() - begun)] += 1
        return web.Response(text=self.name, status=status, headers={"X-Golive-Version": self.name})

    def _text(self) -> str:
        lines = ["# TYPE http_requests_total counter"]
        lines += [
            f'http_requests_total{{who="{who}",code="{code}"}} {count}' for (who, code), count in self._codes.items()
        ]
        lines.append("# TYPE http_request_duration_seconds histogram")
        for who, buckets in self._buckets.items():
            total = 0
            for edge, count in zip((*EDGES, "+Inf"), buckets, strict=True):
                total += count
                lines.append(f'http_request_duration_seconds_bucket{{who="{who}",le="{edge}"}} {total}')
            lines.append(f'http_request_duration_seconds_count{{who="{who}"}} {total}')
        lines += ["# TYPE process_cpu_share gauge", "process_cpu_share 0.25"]
        lines += ["# TYPE process_memory_share gauge", "process_memory_share 0.5"]
        return "\n".join(lines) + "\n"
