"""Counts of both versions from Prometheus: raw counters by their scrapes, without rate() or increase()."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from golive.adapters.prometheus_answers import Series
from golive.adapters.prometheus_api import PrometheusApi
from golive.adapters.prometheus_counting import Counting
from golive.adapters.prometheus_scrapes import Group, Scrape, Target, scrapes_of, target_of
from golive.adapters.prometheus_settings import MetricSettings
from golive.core.disagreement import Agreement
from golive.core.samples import CouldNotMeasure, Counters, Gauges, Unmeasured, Version
from golive.core.skew import skew_of
from golive.drivers import Around
from golive.ports import Clock, SourceCan

MARGIN = 1.0
FUTURE = 2.0
SCRAPES = 4
HIGHEST_SHARE = 10.0


@dataclass(frozen=True)
class _Told:
    """What Prometheus' clock said (UTC seconds), when it had been heard (our monotonic seconds), and its skew."""

    time: float
    heard: float
    skew: float


class PrometheusMetrics:
    """`golive.ports.MetricSource` on Prometheus' HTTP API, counted from the first read on.

    `Counters.at` is the moment of the scrape: of the oldest among the newest scrapes of all targets. As long as
    not every target was scraped again, the same counters come again. How old a scrape is, Prometheus' own clock says:
    ours may be wrong, or be set, without making counts older or newer.
    """

    can = SourceCan()
    Settings = MetricSettings

    def __init__(self, settings: MetricSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._interval = settings.scrape_interval.total_seconds()
        self.can = SourceCan(self._interval + MARGIN, self._interval, settings.tells_ours_apart)
        self._oldest_read = 2 * self._interval + MARGIN
        self._groups, self._expressions = settings.groups(), settings.expressions()
        self._ignore = frozenset(settings.ignore_labels)
        self._counting = Counting(self._groups)
        self._api = PrometheusApi(settings)
        self._last: Counters | None = None
        self._agreement, self._compared = Agreement(), (0, 0)
        self._wrong: CouldNotMeasure | None = None
        self.gauge_trouble = ""

    @classmethod
    def made(cls, settings: MetricSettings, around: Around) -> PrometheusMetrics:
        """Give the source that a plan's settings describe."""
        return cls(settings, around.clock)

    async def read(self) -> Counters | CouldNotMeasure:
        """Give the counts at the newest scrape, with CPU and memory now."""
        deadline = self._settings.deadline.total_seconds()
        try:
            async with asyncio.timeout(deadline):
                return await self._read()
        except TimeoutError:
            return CouldNotMeasure(Unmeasured.SLOW, f"Prometheus took over {deadline:g} s")

    def sent_and_timed(self, version: Version) -> tuple[int, int] | None:
        """Give how many requests the router sent a version since the first read, and how many it timed itself.

        None where one target counts both.
        """
        return self._counting.sent_and_timed(version)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._api.aclose()

    async def _read(self) -> Counters | CouldNotMeasure:
        leading = {selector for group in self._groups for selector in group.leading}
        following = {selector for group in self._groups for selector in group.following} - leading
        now, answers, gauges = await asyncio.gather(self._now(), self._series(leading), self._gauges())
        if isinstance(now, CouldNotMeasure):
            return now
        if isinstance(answers, CouldNotMeasure):
            return answers
        seen = {target_of(series) for those in answers.values() for series in those}
        more, ups = await asyncio.gather(self._series(following), self._ups(seen | self._counting.targets))
        if isinstance(more, CouldNotMeasure):
            return more
        if ups is not None:
            return ups
        return self._counted({**answers, **more}, gauges, now)

    def _counted(
        self, answers: Mapping[str, Sequence[Series]], gauges: Mapping[Version, Gauges], told: _Told
    ) -> Counters | CouldNotMeasure:
        now = told.time + self._clock.monotonic() - told.heard
        scrapes: dict[Group, dict[Target, Scrape]] = {}
        for group in self._groups:
            found = scrapes_of(group, answers, self._ignore, self._interval)
            if isinstance(found, CouldNotMeasure):
                return found
            fresh = {target: scrape for target, scrape in found.items() if now - scrape.at <= self._oldest_read}
            if not fresh:
                return self._late(now, found)
            scrapes[group] = fresh
        moment, (job, instance) = self._counting.oldest(scrapes)
        if now - moment < -FUTURE:
            return CouldNotMeasure(
                Unmeasured.LATE, f"{instance} ({job}) was scraped {moment - now:.1f} s in the future"
            )
        if self._last is not None and not self._counting.newer(scrapes):
            return self._wrong or self._last
        trouble = self._counting.take(scrapes)
        self._wrong = self._disagreement(anew=trouble is not None)
        if trouble is not None:
            return trouble
        at = self._clock.monotonic() - max(0.0, now - moment)
        if self._last is not None and at <= self._last.at:
            return CouldNotMeasure(
                Unmeasured.LATE, "Prometheus' clock was set back: a newer scrape is not later than the one before"
            )
        tallies, routes = self._counting.tallies(), self._counting.routes()
        self._last = Counters(at, tallies, gauges, routes, moment, told.skew)
        return self._wrong or self._last

    def _disagreement(self, anew: bool) -> CouldNotMeasure | None:
        """Say that the router sent the canary more than it has timed; what one scrape brought may be under way."""
        told = self._counting.sent_and_timed(Version.CANARY)
        if told is None:
            return None
        (sent, timed), before, self._compared = told, self._compared, told
        if anew:
            self._agreement.begin()
            return self._wrong
        return self._agreement.take(sent - before[0], timed - before[1], sent - before[0])

    def _late(self, now: float, found: Mapping[Target, Scrape]) -> CouldNotMeasure:
        at, (job, instance) = max((scrape.at, target) for target, scrape in found.items())
        return CouldNotMeasure(
            Unmeasured.LATE,
            f"the newest scrape of {instance} ({job}) is {now - at:.1f} s old: "
            f"is it scraped every {self._interval:g} s, as the plan's scrape_interval says?",
        )

    async def _now(self) -> _Told | CouldNotMeasure:
        """Give what Prometheus' clock says, and how far that is from ours."""
        sent = self._clock.now().timestamp()
        found = await self._api.numbers("time()")
        received, heard = self._clock.now().timestamp(), self._clock.monotonic()
        if isinstance(found, CouldNotMeasure):
            return found
        if len(found) != 1 or not math.isfinite(found[0]):
            return CouldNotMeasure(Unmeasured.GARBAGE, "Prometheus gave no time for time()")
        return _Told(found[0], heard, skew_of(found[0], sent, received))

    async def _series(self, selectors: Iterable[str]) -> dict[str, list[Series]] | CouldNotMeasure:
        """Give selector -> its series; the first trouble when there is any."""
        asked = sorted(selectors)
        seconds = SCRAPES * self._interval
        found = await asyncio.gather(*(self._api.series(selector, seconds) for selector in asked))
        answers: dict[str, list[Series]] = {}
        for selector, answer in zip(asked, found, strict=True):
            if isinstance(answer, CouldNotMeasure):
                return answer
            answers[selector] = answer
        return answers

    async def _ups(self, targets: Iterable[Target]) -> CouldNotMeasure | None:
        """Say which target Prometheus could not scrape the last time; None when it could scrape all."""
        named = sorted(target for target in targets if any(target))
        if not named:
            return None
        jobs, instances = (_any_of(part) for part in zip(*named, strict=True))
        found = await self._api.series(f"up{{job=~{jobs},instance=~{instances}}}", SCRAPES * self._interval)
        if isinstance(found, CouldNotMeasure):
            return found
        newest: dict[Target, tuple[float, float]] = {}
        for series in found:
            target = target_of(series)
            newest[target] = max(newest.get(target, (0.0, 0.0)), series.points[-1])
        for job, instance in named:
            if newest.get((job, instance), (0.0, 1.0))[1] != 1:
                return CouldNotMeasure(Unmeasured.REFUSED, f"Prometheus can't scrape {instance} ({job}): its up is 0")
        return None

    async def _gauges(self) -> dict[Version, Gauges]:
        """Give CPU and memory; what can't be read is None, and `gauge_trouble` says why."""
        found = await asyncio.gather(*(self._api.numbers(expression) for expression in self._expressions.values()))
        values: dict[tuple[Version, str], float] = {}
        troubles = []
        for (version, name), expression, numbers in zip(
            self._expressions, self._expressions.values(), found, strict=True
        ):
            if isinstance(numbers, CouldNotMeasure):
                troubles.append(f"{name} of {version}: {numbers.why} ({numbers.detail})")
            elif not numbers or not all(math.isfinite(number) and 0 <= number <= HIGHEST_SHARE for number in numbers):
                shown = ", ".join(f"{number:g}" for number in numbers[:3]) or "nothing"
                troubles.append(f"{name} of {version}: a share from 0 to 1 was expected, {expression} gave {shown}")
            else:
                values[version, name] = max(numbers)
        self.gauge_trouble = "; ".join(troubles)
        return {version: Gauges(values.get((version, "cpu")), values.get((version, "memory"))) for version in Version}


def _any_of(texts: Iterable[str]) -> str:
    """Give the quoted regular expression of any of some texts; PromQL quotes as JSON does."""
    patterns = (re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", text) for text in sorted(set(texts)))
    return json.dumps("|".join(patterns), ensure_ascii=False)
