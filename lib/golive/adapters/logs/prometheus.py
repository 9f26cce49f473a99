"""Critical log entries from a counter in Prometheus: every growth is news."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from golive.adapters.prometheus_answers import Series
from golive.adapters.prometheus_api import Connection, PrometheusApi
from golive.adapters.prometheus_scrapes import Key, Target, key_of, target_of
from golive.adapters.prometheus_selectors import ByVersion, check_plain, fill, name_of
from golive.adapters.prometheus_settings import Names, own_names
from golive.core.samples import CouldNotMeasure, Unmeasured, Version
from golive.core.scalars import PositiveDuration, Texts
from golive.drivers import Around

SCRAPES = 4


class LogSettings(Connection):
    """Settings of the logs driver `prometheus`.

    Attributes:
        critical: Plain selectors that count critical entries, for example `log_messages_total{level="critical"}`.
        scrape_interval: How often the targets are scraped.
        versions: What `{version}` stands for.
        ignore_labels: Labels that tell apart no more than which Prometheus scraped a series.
    """

    critical: ByVersion
    scrape_interval: PositiveDuration = timedelta(seconds=15)
    versions: Names = Field(default_factory=own_names)
    ignore_labels: Texts = ("replica", "prometheus_replica")

    @model_validator(mode="after")
    def _plain(self) -> Self:
        for version in Version:
            if not self.selectors(version):
                raise ValueError('critical: a selector was expected, for example log_messages_total{level="critical"}')
        return self

    def selectors(self, version: Version) -> tuple[str, ...]:
        """Give the selectors of a version; ValueError when one is no plain selector."""
        return tuple(check_plain(fill(text, "", self.versions[version][0])) for text in self.critical[version])


class PrometheusLogs:
    """`golive.ports.Logs` on counters: what they hold at the first read is not news.

    A counter that is there before the first entry is needed: where none is, that is could not measure, since no
    entry can't be told from a wrong name.
    """

    Settings = LogSettings

    def __init__(self, settings: LogSettings) -> None:
        self._settings, self._api = settings, PrometheusApi(settings)
        self._interval = settings.scrape_interval.total_seconds()
        self._ignore = frozenset(settings.ignore_labels)
        self._seen: dict[Version, dict[Key, float]] = {version: {} for version in Version}
        self._targets: dict[Version, set[Target]] = {version: set() for version in Version}

    @classmethod
    def made(cls, settings: LogSettings, around: Around) -> PrometheusLogs:
        """Give the logs that a plan's settings describe."""
        return cls(settings)

    async def critical(self) -> Mapping[Version, Sequence[str]] | CouldNotMeasure:
        """Give a message for each counter that has grown since the last read, by version."""
        deadline = self._settings.deadline.total_seconds()
        asked = {version: self._settings.selectors(version) for version in Version}
        try:
            async with asyncio.timeout(deadline):
                answers = {version: await self._asked(asked[version]) for version in Version}
        except TimeoutError:
            return CouldNotMeasure(Unmeasured.SLOW, f"Prometheus took over {deadline:g} s")
        told: dict[Version, Sequence[str]] = {}
        for version, found in answers.items():
            if isinstance(found, CouldNotMeasure):
                return found
            if not found:
                return CouldNotMeasure(Unmeasured.EMPTY, f"{version}: no series for {' and '.join(asked[version])}")
            told[version] = self._grown(version, found)
        return told

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _asked(self, selectors: Sequence[str]) -> list[Series] | CouldNotMeasure:
        series: list[Series] = []
        for found in await asyncio.gather(*(self._api.series(one, SCRAPES * self._interval) for one in selectors)):
            if isinstance(found, CouldNotMeasure):
                return found
            series += found
        return series

    def _grown(self, version: Version, found: Sequence[Series]) -> list[str]:
        """Give the news; a counter that restarted has news as soon as it holds anything again."""
        seen, messages = self._seen[version], []
        counts: dict[Key, tuple[float, float]] = {}
        for series in found:
            key = key_of(series, self._ignore)
            counts[key] = max(counts.get(key, series.points[-1]), series.points[-1])
        for key, (_, count) in counts.items():
            labels = dict(key)
            target = labels.get("job", ""), labels.get("instance", "")
            before = seen.get(key, 0.0 if target in self._targets[version] else count)
            more = count - before if count >= before else count
            if more > 0:
                selector = name_of(labels.get("__name__", "")) or "critical entries"
                messages.append(f"{selector} rose by {more:g} on {target[1] or 'its target'}")
            seen[key] = count
        self._targets[version] |= {target_of(series) for series in found}
        return messages
