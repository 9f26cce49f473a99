"""Readers: each source has a task and a deadline of its own, and leaves what came in the inbox."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from golive.core.blindness import LOGS, METRICS, Blindness
from golive.core.difference import difference
from golive.core.plan import Plan
from golive.core.samples import CouldNotMeasure, Counters, Sample, Tally, Unmeasured, Version
from golive.engine.rollback import called
from golive.ports import Clock, Deployment, Forcing, Health, Logs, MetricSource, Router, Sick, Split, TopUp, Unknown

DEADLINE = 3.0
STILL = 4
LATE_AFTER = 3.0


@dataclass
class Inbox:
    """What has arrived, and when; a look takes it and waits for nothing.

    `measured_at` is the guard's monotonic time of the last sample; `blindness` says which sources the newest reads
    could not measure; `skew` by how many seconds the clock of the counts' source is ahead of ours, None when it tells
    no time; `split_at` when the read that gave `split` was begun, `probed_at` when the newest health probes came back.
    """

    samples: deque[list[Sample]] = field(default_factory=deque)
    measured_at: float | None = None
    blindness: Blindness = field(default_factory=Blindness)
    skew: float | None = None
    split: Split | Unknown = field(default_factory=lambda: Unknown("not read yet"))
    split_at: float | None = None
    sick_in_a_row: dict[Version, int] = field(default_factory=lambda: dict.fromkeys(Version, 0))
    well_in_a_row: dict[Version, int] = field(default_factory=lambda: dict.fromkeys(Version, 0))
    probed_at: float | None = None
    sick_why: dict[Version, str] = field(default_factory=dict)
    critical: dict[Version, set[str]] = field(default_factory=lambda: {version: set() for version in Version})
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
    nor frozen, and late only once it has lasted over the source's declared lag and some seconds. Counts of a later
    moment that have not grown may be frozen or a site without visitors: they are kept back until they grow, and are
    no sample at all once they have stood still for too long.
    """

    def __init__(self, source: MetricSource, clock: Clock, inbox: Inbox) -> None:
        self._source, self._clock, self._inbox = source, clock, inbox
        self._last: Counters | None = None  # what the next sample is counted from
        self._newest = 0.0
        self._grown: Counters | None = None  # the newest that were more than those before
        self._still: list[list[Sample]] = []
        self._frozen = False
        self._came = clock.monotonic()

    async def step(self) -> None:
        """Read once."""
        try:
            async with asyncio.timeout(DEADLINE):
                read = await self._source.read()
        except TimeoutError:
            read = CouldNotMeasure(Unmeasured.SLOW, f"no answer in {DEADLINE:.0f} s")
        trouble = read if isinstance(read, CouldNotMeasure) else self._take(read)
        if trouble is not None:
            self._inbox.blindness.cannot(METRICS, trouble, self._clock.monotonic())

    def _take(self, read: Counters) -> CouldNotMeasure | None:
        now, before = self._clock.monotonic(), self._last
        most = self._source.can.lag + LATE_AFTER
        if before is not None and read.at == self._newest:
            waited = now - self._came
            return CouldNotMeasure(Unmeasured.LATE, f"no newer counts for {waited:.0f} s") if waited > most else None
        self._came, self._newest, self._inbox.skew = now, read.at, read.skew
        if before is None:
            self._last = self._grown = read
            return None
        samples = difference(before, read, second=self._clock.now().timestamp())
        if isinstance(samples, CouldNotMeasure):
            self._last = self._grown = read
            self._still.clear()
            return samples
        trouble = self._queue(samples, read) or _behind(now - read.at, most)
        if trouble is None:
            self._inbox.blindness.can(METRICS)
        return trouble

    def _queue(self, samples: list[Sample], read: Counters) -> CouldNotMeasure | None:
        """Leave samples in the inbox, or keep them back while the counts stand still."""
        grown = any(sample.tally.requests for sample in samples)
        if not grown and (self._frozen or len(self._still) + 1 >= STILL):
            assert self._grown is not None
            self._frozen, self._last, self._inbox.measured_at = True, self._grown, self._grown.at
            self._still.clear()
            stood = read.at - self._grown.at
            return CouldNotMeasure(Unmeasured.FROZEN, f"the same counts for {stood:.0f} s, or no visitors")
        self._still.append(samples)
        if grown:
            self._inbox.samples.extend(self._still)
            self._still.clear()
            self._frozen, self._grown = False, read
        self._last, self._inbox.measured_at = read, read.at
        return None


def _behind(seconds: float, most: float) -> CouldNotMeasure | None:
    """Say that counts are older than their source has declared."""
    if seconds <= most:
        return None
    return CouldNotMeasure(Unmeasured.LATE, f"the newest counts are {seconds:.0f} s old, {most:.0f} s at most expected")


class HealthReader:
    """Probes both versions side by side and counts failures in a row."""

    def __init__(self, health: Health, clock: Clock, inbox: Inbox) -> None:
        self._health, self._clock, self._inbox = health, clock, inbox

    async def step(self) -> None:
        """Probe once."""
        answers = await asyncio.gather(*(self._health.probe(version) for version in Version))
        for version, answer in zip(Version, answers, strict=True):
            sick = isinstance(answer, Sick)
            self._inbox.sick_in_a_row[version] = self._inbox.sick_in_a_row[version] + 1 if sick else 0
            self._inbox.well_in_a_row[version] = 0 if sick else self._inbox.well_in_a_row[version] + 1
            self._inbox.sick_why[version] = answer.why if isinstance(answer, Sick) else ""
        self._inbox.probed_at = self._clock.monotonic()


class LogReader:
    """Collects critical log messages by version."""

    def __init__(self, logs: Logs, clock: Clock, inbox: Inbox) -> None:
        self._logs, self._clock, self._inbox = logs, clock, inbox

    async def step(self) -> None:
        """Read once."""
        read = await self._logs.critical()
        if isinstance(read, CouldNotMeasure):
            self._inbox.blindness.cannot(LOGS, read, self._clock.monotonic())
            return
        self._inbox.blindness.can(LOGS)
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
        split = await called(self._router.read())
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
            every(plan.health.every.total_seconds(), clock, HealthReader(self.health, clock, inbox).step),
            every(look, clock, LogReader(self.logs, clock, inbox).step),
            every(look, clock, SplitReader(self.router, clock, inbox).step),
        ]
        if self.top_up is not None:
            sender = TopUpSender(self.top_up, round(plan.top_up.requests_per_second), inbox)
            readers.append(every(1.0, clock, sender.step))
        return readers
