"""One version of the sandbox's site: the endpoints that a go-live runbook calls."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import math
import os
import random
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psutil
from aiohttp import web

from golive.sandbox.child import end_with_parent, forever, report, serve
from golive.sandbox.faults import Fault

RELEASES = {"stable": ("1.4.2", "dpl_stable_142"), "canary": ("1.5.0", "dpl_canary_150")}
WEBHOOK_KEY = b"sandbox"
MEDIAN_SECONDS = 0.0745
SIGMA = 0.6
FAILED_SHARE = 0.0003
BURST_SECONDS = 0.5
BURST_FAILED = 0.08
COLD_SECONDS = 1.0
CPU_ALLOWANCE = 0.5
MEMORY_ALLOWANCE = 160 * 2**20
LIMITED_PER_SECOND = 5
LOG_ONE_IN = 50


class Site:
    """One version's state: its faults, bursts, logs and gauges."""

    def __init__(self, name: str, log: IO[str], calm: bool) -> None:
        self.name, self.log, self.calm = name, log, calm
        self.release, self.deployment = RELEASES[name]
        self.faults: dict[Fault, float] = {}
        self.random = random.Random()
        self.burst_until = 0.0
        self.warm_at = 0.0
        self.orders: dict[str, str] = {}
        self.replays = 0
        self.criticals = 0
        self.bursts: dict[str, list[float]] = {}
        self.ballast: list[bytearray] = []
        self.process = psutil.Process()
        self.process.cpu_percent()
        self.cpu = 0.0

    def write(self, level: str, message: str, **fields: Any) -> None:
        """Write one JSON log line."""
        line = {"time": datetime.now(UTC).isoformat(), "level": level, "version": self.name, "message": message}
        self.log.write(json.dumps({**line, **fields}) + "\n")
        self.log.flush()

    def fails(self, path: str) -> bool:
        """Say whether this request fails: bursts of a healthy site, and faults."""
        if Fault.ONE_PATH in self.faults and path == "/checkout":
            return True
        if Fault.ERRORS in self.faults and self.random.random() < 0.3:
            return True
        if Fault.STABLE_SICK in self.faults and self.random.random() < 0.2:
            return True
        if Fault.SLOW_LEAK in self.faults:
            grown = min((time.monotonic() - self.faults[Fault.SLOW_LEAK]) / 25, 1.0) * 0.3
            if self.random.random() < grown:
                return True
        return not self.calm and time.monotonic() < self.burst_until and self.random.random() < BURST_FAILED

    def seconds(self) -> float:
        """Give how long this request takes."""
        took = MEDIAN_SECONDS * math.exp(SIGMA * self.random.gauss(0, 1))
        if {Fault.LATENCY, Fault.BOTH_SLOW} & set(self.faults) and self.random.random() < 0.8:
            took += 1.5
        if not self.calm and time.monotonic() < self.warm_at and self.random.random() < 0.25:
            took += 0.4
        return took


async def bursts(site: Site) -> None:
    """Let short bursts of failures come, so that the mean share is `FAILED_SHARE`."""
    between = BURST_SECONDS * BURST_FAILED / FAILED_SHARE
    while True:
        await asyncio.sleep(site.random.expovariate(1 / between))
        site.burst_until = time.monotonic() + BURST_SECONDS
        await asyncio.sleep(BURST_SECONDS)


async def housekeeping(site: Site) -> None:
    """Measure CPU each second, and keep writing the critical line of that fault."""
    while True:
        await asyncio.sleep(0.5)
        site.cpu = site.process.cpu_percent() / 100 / CPU_ALLOWANCE
        if Fault.CRITICAL_LOG in site.faults:
            site.criticals += 1
            site.write("critical", "critical: payment ledger out of balance", path="/checkout")


def burn(site: Site) -> None:
    """Use about half a core for as long as the fault is on, also where others use the machine."""
    while Fault.CPU in site.faults:
        over, used = time.monotonic() + 0.095, time.thread_time() + 0.047
        while time.thread_time() < used:
            pass
        time.sleep(max(0.0, over - time.monotonic()))


@web.middleware
async def as_a_site(request: web.Request, handler: Any) -> web.StreamResponse:
    """Be slow, fail, hang and log as a site does; name the version in each answer."""
    site: Site = request.app[SITE]
    if request.path.startswith("/-/"):
        direct: web.StreamResponse = await handler(request)
        return direct
    if Fault.HANG in site.faults:
        await asyncio.sleep(3600)
    response: web.StreamResponse
    named = {"X-Golive-Version": site.name, "X-Golive-Deployment": site.deployment}
    if request.path in ("/metrics", "/api/health"):
        response = await handler(request)
    else:
        await asyncio.sleep(site.seconds())
        if site.fails(request.path):
            site.write("error", "request failed", path=request.path, status=500)
            response = web.json_response({"error": "internal"}, status=500)
        elif Fault.NOT_FOUND in site.faults and site.random.random() < 0.25:
            response = web.json_response({"error": "not found"}, status=404)
        else:
            response = await handler(request)
        if site.random.random() * LOG_ONE_IN < 1:
            site.write("info", "request", path=request.path, status=response.status)
    response.headers.update(named)
    return response


async def health(request: web.Request) -> web.Response:
    """Answer as the runbook's health endpoint."""
    site = request.app[SITE]
    return web.json_response({"status": "ok", "version": site.release, "deployment_id": site.deployment})


async def flags(request: web.Request) -> web.Response:
    """Answer the feature flags."""
    data = {"rate_limiting": {"enabled": True, "per_second": LIMITED_PER_SECOND}, "new_checkout": {"enabled": False}}
    return web.json_response({"data": data})


async def chat(request: web.Request) -> web.Response:
    """Answer a chat message."""
    body = await request.json()
    return web.json_response({"model": body.get("model"), "answer": f"you said {str(body.get('message'))[:200]}"})


async def orders(request: web.Request) -> web.Response:
    """Take an order once for each idempotency key."""
    site = request.app[SITE]
    key = request.headers.get("Idempotency-Key", "")
    if key in site.orders:
        site.replays += 1
        return web.json_response({"order": site.orders[key], "replayed": True})
    number = f"order-{len(site.orders) + 1}"
    if key and len(site.orders) < 10_000:
        site.orders[key] = number
    return web.json_response({"order": number, "replayed": False}, status=201)


async def idempotency(request: web.Request) -> web.Response:
    """Answer how many keys are known and how often one came again."""
    site = request.app[SITE]
    return web.json_response({"keys": len(site.orders), "replays": site.replays})


async def webhook(request: web.Request) -> web.Response:
    """Take a webhook whose signature is right, and no other."""
    body = await request.read()
    expected = hmac.new(WEBHOOK_KEY, body, hashlib.sha256).hexdigest()
    right = hmac.compare_digest(request.headers.get("X-Signature", ""), expected)
    return web.json_response({"accepted": right}, status=200 if right else 401)


async def limited(request: web.Request) -> web.Response:
    """Answer 429 beyond a few requests a second for each client."""
    site = request.app[SITE]
    now = time.monotonic()
    client = request.headers.get("X-Client", "")[:40]
    recent = [at for at in site.bursts.get(client, []) if now - at < 1]
    if len(site.bursts) > 1000:
        site.bursts.clear()
    site.bursts[client] = [*recent, now]
    if len(recent) >= LIMITED_PER_SECOND:
        return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": "1"})
    return web.json_response({"ok": True})


async def page(request: web.Request) -> web.Response:
    """Answer an ordinary page."""
    return web.Response(text=f"<html><title>{request.path}</title></html>", content_type="text/html")


async def metrics(request: web.Request) -> web.Response:
    """Answer CPU and memory as shares of what this version may use, as Prometheus text."""
    site = request.app[SITE]
    memory = site.process.memory_info().rss / MEMORY_ALLOWANCE
    lines = [
        "# TYPE process_cpu_share gauge",
        f'process_cpu_share{{version="{site.name}"}} {site.cpu}',
        "# TYPE process_memory_share gauge",
        f'process_memory_share{{version="{site.name}"}} {memory}',
        "# TYPE critical_log_entries_total counter",
        f'critical_log_entries_total{{version="{site.name}"}} {site.criticals}',
    ]
    return web.Response(text="\n".join(lines) + "\n")


async def control(request: web.Request) -> web.Response:
    """Switch a fault, or tell a cold start."""
    site = request.app[SITE]
    body = await request.json()
    if body.get("cold"):
        site.warm_at = time.monotonic() + COLD_SECONDS
        return web.json_response({})
    fault = Fault(body["name"])
    if not body["on"]:
        site.faults.pop(fault, None)
        site.ballast.clear()
        return web.json_response({})
    site.faults[fault] = time.monotonic()
    if fault is Fault.CRASH:
        os.kill(os.getpid(), signal.SIGKILL)
    if fault is Fault.CPU:
        threading.Thread(target=burn, args=(site,), daemon=True).start()
    if fault is Fault.MEMORY:
        site.ballast.append(bytearray(os.urandom(1024) * 130 * 1024))
    return web.json_response({})


SITE = web.AppKey("site", Site)


def application(site: Site) -> web.Application:
    """Give the site as an application."""
    app = web.Application(middlewares=[as_a_site])
    app[SITE] = site
    for path in ("/", "/products", "/search", "/cart", "/checkout", "/about"):
        app.router.add_get(path, page)
    app.router.add_get("/api/health", health)
    app.router.add_get("/api/feature-flags", flags)
    app.router.add_post("/api/ai-chat", chat)
    app.router.add_post("/api/orders", orders)
    app.router.add_get("/api/idempotency-stats", idempotency)
    app.router.add_post("/api/webhook", webhook)
    app.router.add_get("/api/limited", limited)
    app.router.add_get("/metrics", metrics)
    app.router.add_post("/-/fault", control)
    return app


async def main() -> None:
    """Serve one version until the supervisor ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", choices=tuple(RELEASES), required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--calm", action="store_true")
    asked = parser.parse_args()
    end_with_parent()
    with asked.log.open("a") as log:
        site = Site(asked.name, log, asked.calm)
        report({asked.name: await serve(application(site))})
        async with asyncio.TaskGroup() as group:
            group.create_task(housekeeping(site))
            if not asked.calm:
                group.create_task(bursts(site))
            group.create_task(forever())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
