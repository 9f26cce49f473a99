"""What a version of the sandbox's site is beside its endpoints: how fast, how healthy, what it logs."""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from datetime import UTC, datetime
from typing import IO, Any

import psutil

from golive.sandbox.arrivals import Arrivals
from golive.sandbox.faults import Fault
from golive.sandbox.served import Served

OURS = "X-Golive-Ours"
RELEASES = {"stable": ("1.4.2", "dpl_stable_142"), "canary": ("1.5.0", "dpl_canary_150")}
MEDIAN_SECONDS = 0.0745
SIGMA = 0.6
FAILED_SHARE = 0.0003
ERRORS_SHARE = 0.3
BURST_SECONDS = 0.5
BURST_FAILED = 0.08
COLD_SECONDS = 1.0
CPU_ALLOWANCE = 0.5
MEMORY_ALLOWANCE = 160 * 2**20


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
        self.made = 0
        self.replays = 0
        self.cached: set[str] = set()
        self.served = Served(name)
        self.arrivals = Arrivals()
        self.errors_share = ERRORS_SHARE
        self.bursts: dict[str, list[float]] = {}
        self.ballast: list[bytearray] = []
        self.process = psutil.Process()
        self.process.cpu_percent()
        self.cpu = 0.0
        self.served.show("process_cpu_share", "CPU as a share of what this version may use.", lambda: self.cpu)
        self.served.show("process_memory_share", "Memory as a share of what this version may use.", self.memory)

    def memory(self) -> float:
        """Give the memory in use as a share of what this version may use."""
        return float(self.process.memory_info().rss / MEMORY_ALLOWANCE)

    def write(self, level: str, message: str, **fields: Any) -> None:
        """Write one JSON log line."""
        line = {"time": datetime.now(UTC).isoformat(), "level": level, "version": self.name, "message": message}
        self.log.write(json.dumps({**line, **fields}) + "\n")
        self.log.flush()

    def fails(self, path: str) -> bool:
        """Say whether this request fails: bursts of a healthy site, and faults."""
        if Fault.ONE_PATH in self.faults and path == "/checkout":
            return True
        if Fault.ERRORS in self.faults and self.random.random() < self.errors_share:
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
            site.served.criticals.inc()
            site.write("critical", "critical: payment ledger out of balance", path="/checkout")


def burn(site: Site) -> None:
    """Use about half a core for as long as the fault is on, also where others use the machine."""
    while Fault.CPU in site.faults:
        over, used = time.monotonic() + 0.095, time.thread_time() + 0.047
        while time.thread_time() < used:
            pass
        time.sleep(max(0.0, over - time.monotonic()))
