"""Readers: each source has a task and a deadline of its own, and leaves what came in the inbox."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from golive.core.difference import difference
from golive.core.plan import Plan
from golive.core.samples import CouldNotMeasure, Counters, Sample, Tally, Unmeasured, Version
from golive.ports import Clock, Deployment, Forcing, Health, Logs, MetricSource, Router, Sick, Split, TopUp, Unknown

DEADLINE = 3.0
STILL = 4
LATE_AFTER = 3.0


@dataclass
class Inbox:
    """What has arrived, and when; a look takes it and waits for nothing.

    `measured_at` is the guard's monotonic time of the last sample; `unmeasured` why the newest
    read gave none, "" when it did; `split_at` when the read that gave `split` was begun.
    """

    samples: deque[list[Sample]] = field(default_factory=deque)
    measured_at: float | None = None
    unmeasured: str = ""
    split: Split | Unknown = field(default_factory=lambda: Unknown("not read yet"))
    split_at: float | None = None
    sick_in_a_row: dict[Version, int] = field(default_factory=lambda: dict.fromkeys(Version, 0))
    sick_why: dict[Version, str] = field(default_factory=dict)
    critical: dict[Version, set[str]] = field(default_factory=lambda: {version: set() for version in Version})
    logs_unmeasured: str = ""
    topped: deque[Tally] = field(default_factory=deque)


async def every(seconds: float, clock: Clock, step: Callable[[], Awaitable[None]]) -> None:
    """Take a step every so often, for ever; a slow step delays only itself."""
    while True:
        begun = clock.monotonic()
        await step()
        await clock.sleep(max(0.05, seconds - (clock.monotonic() - begun)))


class MetricReader:
    """Turns cumulative counts into samples; names what could not be measured.

    A source that gives the same counts again (the same `at`) has only nothing newer yet: that is neither a sample
    nor frozen, and late only once it has lasted over the source's declared lag and some seconds.
    """

    def __init__(self, source: MetricSource, clock: Clock, inbox: Inbox) -> None:
        self._source, self._clock, self._inbox = source, clock, inbox
        self._last: Counters | None = None
        self._still = 0
        self._came = clock.monotonic()

    async def step(self) -> None:
        """Read once."""
        try:
            async with asyncio.timeout(DEADLINE):
                read = await self._source.read()
        except TimeoutError:
            read = CouldNotMeasure(Unmeasured.SLOW, f"no answer in {DEADLINE:.0f} s")
        if isinstance(read, CouldNotMeasure):
            self._say(read)
            return
        before, self._last = self._last, read
        now = self._clock.monotonic()
        if before is not None and read.at == before.at:
            waited = now - self._came
            if waited > self._source.can.lag + LATE_AFTER:
                self._say(CouldNotMeasure(Unmeasured.LATE, f"no newer counts for {waited:.0f} s"))
            return
        self._came = now
        if before is None:
            return
        samples = difference(before, read, second=self._clock.now().timestamp())
        if isinstance(samples, CouldNotMeasure):
            self._say(samples)
            return
        self._still = self._still + 1 if not any(sample.tally.requests for sample in samples) else 0
        if self._still >= STILL:
            self._say(CouldNotMeasure(Unmeasured.FROZEN, f"the same counts {self._still} times, or no visitors"))
            return
        self._inbox.samples.append(samples)
        self._inbox.measured_at = read.at
        self._inbox.unmeasured = ""

    def _say(self, why: CouldNotMeasure) -> None:
        self._inbox.unmeasured = f"metrics could not be measured: {why.why} ({why.detail})"


class HealthReader:
    """Probes both versions side by side and counts failures in a row."""

    def __init__(self, health: Health, inbox: Inbox) -> None:
        self._health, self._inbox = health, inbox

    async def step(self) -> None:
        """Probe once."""
        answers = await asyncio.gather(*(self._health.probe(version) for version in Version))
        for version, answer in zip(Version, answers, strict=True):
            sick = isinstance(answer, Sick)
            self._inbox.sick_in_a_row[version] = self._inbox.sick_in_a_row[version] + 1 if sick else 0
            self._inbox.sick_why[version] = answer.why if isinstance(answer, Sick) else ""


class LogReader:
    """Collects critical log messages by version."""

    def __init__(self, logs: Logs, inbox: Inbox) -> None:
        self._logs, self._inbox = logs, inbox

    async def step(self) -> None:
        """Read once."""
        read = await self._logs.critical()
        if isinstance(read, CouldNotMeasure):
            self._inbox.logs_unmeasured = f"logs could not be measured: {read.why} ({read.detail})"
            return
        self._inbox.logs_unmeasured = ""
        for version, messages in read.items():
            if len(self._inbox.critical[version]) < 100:
                self._inbox.critical[version].update(messages)


class SplitReader:
    """Reads the split back, over and over."""

    def __init__(self, router: Router, clock: Clock, inbox: Inbox) -> None:
        self._router, self._clock, self._inbox = router, clock, inbox

    async def step(self) -> None:
        """Read once."""
        begun = self._clock.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                split = await self._router.read()
        except TimeoutError:
            split = Unknown(f"the router did not answer in {DEADLINE:.0f} s")
        self._inbox.split, self._inbox.split_at = split, begun


class TopUpSender:
    """Sends requests of ours straight to the canary, as long as some visitors are on it and some are not."""

    def __init__(self, top_up: TopUp, number: int, inbox: Inbox) -> None:
        self._top_up, self._number, self._inbox = top_up, number, inbox

    async def step(self) -> None:
        """Send one second's requests."""
        split = self._inbox.split
        if isinstance(split, Split) and 0 < split.share < 1:
            self._inbox.topped.append(await self._top_up.send(self._number))


@dataclass(frozen=True)
class Sources:
    """Everything the guard reads; `top_up` is None when the plan asks for none, `forcing` when its prober can't.

    `deployment` is what it acts on besides the router, None when the plan names none.
    """

    metrics: MetricSource
    health: Health
    logs: Logs
    router: Router
    top_up: TopUp | None = None
    forcing: Forcing | None = None
    deployment: Deployment | None = None

    def tasks(self, plan: Plan, clock: Clock, inbox: Inbox) -> list[Awaitable[None]]:
        """Give the endless readers, one for each source."""
        look = plan.guarding.look_every.total_seconds()
        readers: list[Awaitable[None]] = [
            every(look, clock, MetricReader(self.metrics, clock, inbox).step),
            every(plan.health.every.total_seconds(), clock, HealthReader(self.health, inbox).step),
            every(look, clock, LogReader(self.logs, inbox).step),
            every(look, clock, SplitReader(self.router, clock, inbox).step),
        ]
        if self.top_up is not None:
            sender = TopUpSender(self.top_up, round(plan.top_up.requests_per_second), inbox)
            readers.append(every(1.0, clock, sender.step))
        return readers
