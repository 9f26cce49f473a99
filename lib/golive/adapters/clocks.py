"""Clocks: the machine's own, and one that tests turn by hand."""

from __future__ import annotations

import asyncio
import functools
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from golive.core.moments import Moment


class SystemClock:
    """UTC for people; seconds since boot, suspend included, for reckoning."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that never go backwards, and that go on while the machine sleeps."""
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return time.clock_gettime(boottime) if boottime is not None else time.monotonic()

    def moment(self) -> Moment:
        """Give now by UTC and by this machine's boot."""
        return Moment(self.now(), boot_id(), self.monotonic())

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class FakeClock:
    """A clock that only moves when told to, or when somebody sleeps on it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._passed = self._set = 0.0
        self.boot = "boot-1"

    def now(self) -> datetime:
        """Give the time in UTC."""
        return self._start + timedelta(seconds=self._passed + self._set)

    def monotonic(self) -> float:
        """Give the seconds that have passed."""
        return self._passed

    def moment(self) -> Moment:
        """Give now by UTC and by a boot that is the same until a test changes `boot`."""
        return Moment(self.now(), self.boot, self._passed)

    def step(self, seconds: float) -> None:
        """Let somebody set the clock that people read."""
        self._set += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and let others run."""
        self.advance(seconds)
        await asyncio.sleep(0)


@functools.cache
def boot_id() -> str:
    """Give the id of this host's boot."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"booted-{psutil.boot_time():.0f}"
