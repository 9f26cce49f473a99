"""Envoy as the source of counts: its clusters' counters and histograms, scraped as Prometheus text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from golive.adapters.envoy_admin import Admins, EnvoyAdmin, Trouble
from golive.adapters.envoy_counts import ClusterCounts, counts_of, pattern, uptime_of
from golive.adapters.envoy_settled import Settled
from golive.adapters.metrics.sandbox import points_of
from golive.adapters.metrics.usage import Usage, UsageReader
from golive.core.samples import CouldNotMeasure, Counters, Gauges, Tally, Unmeasured, Version
from golive.core.scalars import Part, PositiveDuration
from golive.core.skew import furthest, told_by
from golive.drivers import Around
from golive.ports import Clock, SourceCan

HOLD = 1.5  # flushes


@dataclass(frozen=True)
class Scraped:
    """What one Envoy said in one scrape."""

    uptime: float
    clusters: Mapping[Version, ClusterCounts]


class EnvoyMetrics:
    """`golive.ports.MetricSource`: cumulative counts of visitors' requests over all of a site's Envoys.

    Requests of ours have clusters of their own and are in no count. A request is counted with its time, which comes
    up to one `flush` later; one that has no time yet after `HOLD` flushes is counted without.
    """

    can = SourceCan(lag=HOLD)

    class Settings(Part):
        """`admins`: the admin APIs of every Envoy; `stable`, `canary`: the clusters that get visitors only;
        `flush`: the `stats_flush_interval` of these Envoys (Envoy's own default is 5 s);
        `usage`: where both versions tell their CPU and memory, of which Envoy knows nothing."""

        admins: Admins
        stable: str = "site_stable"
        canary: str = "site_canary"
        flush: PositiveDuration = timedelta(seconds=1)
        usage: Usage | None = None

    def __init__(self, settings: Settings, clock: Clock) -> None:
        lag = HOLD * settings.flush.total_seconds()
        self.can = SourceCan(lag=lag)
        self._clusters = {Version.STABLE: settings.stable, Version.CANARY: settings.canary}
        self._admins = [EnvoyAdmin(url) for url in settings.admins]
        self._pattern = pattern(tuple(self._clusters.values()))
        self._settled = {(admin.url, version): Settled(lag) for admin in self._admins for version in Version}
        self._uptimes: dict[str, float] = {}
        self._usage = UsageReader(settings.usage) if settings.usage is not None else None
        self._clock = clock

    @classmethod
    def made(cls, settings: Settings, around: Around) -> EnvoyMetrics:
        """Give the source, on the clock of what is around it."""
        return cls(settings, around.clock)

    async def read(self) -> Counters | CouldNotMeasure:
        """Give the counts so far, over all Envoys; one that does not answer leaves all unmeasured."""
        sent = self._clock.now().timestamp()
        gauging = asyncio.ensure_future(self._gauges())  # a version that hangs must not make the counts look later
        scraped = await asyncio.gather(*(self._scrape(admin) for admin in self._admins))
        at, received = self._clock.monotonic(), self._clock.now().timestamp()
        gauges = await gauging
        wrong = next((one for one in scraped if isinstance(one, CouldNotMeasure)), None)
        if wrong is not None:
            return wrong
        tallies = {version: Tally() for version in Version}
        for admin, counts in zip(self._admins, scraped, strict=True):
            assert not isinstance(counts, CouldNotMeasure)
            if self._began_anew(admin.url, counts):
                wrong = CouldNotMeasure(Unmeasured.RESET, f"the counts of {admin.url} began anew")
            for version in Version:
                tallies[version] += self._settled[admin.url, version].take(counts.clusters[version], at)
        told = furthest([told_by(admin.date, sent, received) for admin in self._admins])
        return wrong or Counters(at, tallies, gauges, {}, *told)

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(admin.aclose() for admin in self._admins))
        if self._usage is not None:
            await self._usage.aclose()

    async def _gauges(self) -> dict[Version, Gauges]:
        return await self._usage.read() if self._usage is not None else {}

    def _began_anew(self, url: str, counts: Scraped) -> bool:
        """Say whether this Envoy has restarted since the last read; all of its counts go on from what they were."""
        settled = {version: self._settled[url, version] for version in Version}
        before, self._uptimes[url] = self._uptimes.get(url, 0.0), counts.uptime
        anew = counts.uptime < before or any(counts.clusters[v].below(one.last) for v, one in settled.items())
        for one in settled.values() if anew else ():
            one.begin_anew()
        return anew

    async def _scrape(self, admin: EnvoyAdmin) -> Scraped | CouldNotMeasure:
        answer = await admin.prometheus(self._pattern)
        if isinstance(answer, Trouble):
            return CouldNotMeasure(answer.kind, answer.why)
        points = points_of(answer)
        if isinstance(points, CouldNotMeasure):
            return CouldNotMeasure(points.why, f"{admin.url}: {points.detail}")
        found = {}
        for version, cluster in self._clusters.items():
            counts = counts_of(points, cluster)
            if isinstance(counts, CouldNotMeasure):
                return CouldNotMeasure(counts.why, f"{admin.url}: {counts.detail}")
            found[version] = counts
        return Scraped(uptime_of(points), found)
