"""What the sandbox carries: its rate, and the latency that its router adds beside a direct request.

Usage: benchmarks/sandbox.py [SECONDS] [RATE]
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import httpx

from golive.adapters.worlds.sandbox import SandboxWorld
from golive.folders import RunFolder

SETTLE = 5.0
HEALTH = "/api/health"  # answered at once, without the latency that a site draws for a page
PAUSE = 0.02


async def pairs(direct: str, through: str, seconds: float) -> tuple[list[float], list[float]]:
    """Ask a version directly and the router, in turn; give both latencies in milliseconds, inf where none came."""
    straight: list[float] = []
    routed: list[float] = []
    until = time.monotonic() + seconds
    async with httpx.AsyncClient(timeout=5.0, headers={"X-Golive-Ours": "1"}) as client:
        while time.monotonic() < until:
            for base, into in ((direct, straight), (through, routed)):
                begun = time.perf_counter()
                try:
                    (await client.get(base + HEALTH)).raise_for_status()
                    into.append((time.perf_counter() - begun) * 1000)
                except httpx.HTTPError:
                    into.append(float("inf"))
                await asyncio.sleep(PAUSE)
    return straight, routed


def seen(url: str) -> dict[str, dict[str, float]]:
    """Give what visitors saw, by version."""
    answer: dict[str, dict[str, float]] = httpx.get(url + "/-/seen").json()
    return answer


def p99(values: list[float]) -> float:
    """Give the 99th percentile."""
    return quantiles(values, n=100)[98]


def main(seconds: float, rate: float) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place))
        folder.logs.mkdir(parents=True)
        world = SandboxWorld(folder, calm=True, rate=rate)
        world.start(0.25)
        try:
            address = world.address
            time.sleep(SETTLE)
            before, began = seen(address.visitors), time.monotonic()
            straight, routed = asyncio.run(pairs(address.stable, address.router, seconds))
            after, took = seen(address.visitors), time.monotonic() - began
        finally:
            world.stop()
    arrived = sum(v["requests"] for v in after.values()) - sum(v["requests"] for v in before.values())
    failed = sum(v["failed"] for v in after.values()) - sum(v["failed"] for v in before.values())
    print(f"sandbox for {took:.0f} s at {rate:.0f} requests/s wanted, canary at 25 %, {os.cpu_count()} cores")
    print(f"{'visitors, requests/s reached':<44}{arrived / took:>9.1f}")
    print(f"{'visitors that failed (--calm: none should)':<44}{failed:>9.0f}")
    print(f"{'latency of a health request, milliseconds':<44}{'p50':>9}{'p99':>9}   of   without answer")
    for name, values in (("direct", straight), ("through the router", routed)):
        print(f"{name:<44}{median(values):>9.2f}{p99(values):>9.2f}{len(values):>7}{values.count(float('inf')):>10}")
    print(f"{'added by the router (difference)':<44}{median(routed) - median(straight):>9.2f}", end="")
    print(f"{p99(routed) - p99(straight):>9.2f}")


if __name__ == "__main__":
    asked = [float(text) for text in sys.argv[1:]]
    main(*(asked + [30.0, 340.0][len(asked) :]))
