"""What a plan says to the Prometheus drivers, and what becomes of it with a preset."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from golive.adapters.prometheus_api import Connection
from golive.adapters.prometheus_counting import COUNTS, TIMES
from golive.adapters.prometheus_presets import Preset, known, preset
from golive.adapters.prometheus_scrapes import Group
from golive.adapters.prometheus_selectors import ByVersion, check_plain, fill, only
from golive.core.errors import nearest
from golive.core.samples import Version
from golive.core.scalars import Part, PositiveDuration, Texts, YesNo

NONE = "none"
QUANTITIES = ("requests", "failed", "client_errors", "limited", "cut_off", "there")


def own_names() -> dict[str, tuple[str, ...]]:
    """Give stable and canary, each named as it is."""
    return {version.value: (version.value,) for version in Version}


def _known_preset(value: str) -> str:
    if value and value not in known():
        raise ValueError(f"unknown preset {value!r}{nearest(value, known())}")
    return value


def _safe(value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    for texts in value.values():
        if len(texts) != 1 or any(letter in text for text in texts for letter in '"\\\n'):
            raise ValueError("one name for each version was expected, without quotes and backslashes")
    return value


PresetName = Annotated[str, AfterValidator(_known_preset)]
Names = Annotated[ByVersion, AfterValidator(_safe)]


class Counts(Part):
    """Where requests are counted: a preset, and whatever the plan says otherwise.

    Attributes:
        preset: Whose names hold where the plan says nothing; "" for nobody's.
        which: Matchers that tell a version, for example `proxy="site",server="{version}"`.
        requests, failed, client_errors, limited: Plain selectors; the series of all of them are summed.
        cut_off: Failed requests that no version timed; they are over every limit.
        there: Series that are there before the first request.
    """

    preset: PresetName = ""
    which: ByVersion | None = None
    requests: ByVersion | None = None
    failed: ByVersion | None = None
    client_errors: ByVersion | None = None
    limited: ByVersion | None = None
    cut_off: ByVersion | None = None
    there: ByVersion | None = None


class Times(Part):
    """Where durations are counted: plain selectors of a histogram's buckets, and the unit of its edges."""

    preset: PresetName = ""
    which: ByVersion | None = None
    histogram: ByVersion | None = None
    unit: Literal["", "seconds", "milliseconds"] = ""
    there: ByVersion | None = None


class Usage(Part):
    """Expressions for CPU and memory as shares, 0 to 1; `none` where there is nothing to read."""

    preset: PresetName = ""
    which: ByVersion | None = None
    cpu: ByVersion | None = None
    memory: ByVersion | None = None


class RouteCounts(Part):
    """Plain selectors of one critical route of the plan; `{which}` is that of `times`."""

    requests: ByVersion
    failed: ByVersion
    histogram: ByVersion | None = None


class MetricSettings(Connection):
    """Settings of the metrics driver `prometheus`.

    Attributes:
        scrape_interval: How often the slowest of the targets is scraped.
        versions: What `{version}` stands for; stable and canary when nothing is said.
        counts, times, usage, routes: Where each quantity is read.
        ignore_labels: Labels that tell apart no more than which Prometheus scraped a series.
        visitors_only: Whether the counted series hold no request of ours; the preset's answer when left out.
    """

    scrape_interval: PositiveDuration = timedelta(seconds=15)
    versions: Names = Field(default_factory=own_names)
    counts: Counts
    times: Times = Times()
    usage: Usage
    routes: dict[str, RouteCounts] = Field(default_factory=dict)
    ignore_labels: Texts = ("replica", "prometheus_replica")
    visitors_only: YesNo | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        self.groups()
        self.expressions()
        return self

    @property
    def tells_ours_apart(self) -> bool:
        """Whether visitors are counted alone."""
        return preset(self.counts.preset).visitors_only if self.visitors_only is None else self.visitors_only

    def groups(self) -> tuple[Group, ...]:
        """Give what is read, each selector filled in for its version.

        Raises:
            ValueError: Naming a quantity that nothing is said for, or a selector that is none.
        """
        times, found = self._times(), []
        for version in Version:
            counts = {name: self._filled(self.counts, version, name) for name in QUANTITIES}
            timed = {name: self._filled(times, version, name) for name in ("histogram", "there")}
            for part, name, texts in (
                ("counts", "requests", counts["requests"]),
                ("counts", "failed", counts["failed"]),
                ("times", "histogram", timed["histogram"]),
            ):
                _said(part, name, texts)
            unit = times.unit or preset(times.preset).unit
            found += [Group(version, COUNTS, "", counts), Group(version, TIMES, "", timed, unit)]
            for route, said in self.routes.items():
                parts = {**self._route(said, version, "requests", "failed"), "there": timed["histogram"]}
                found.append(Group(version, COUNTS, route, parts))
                if said.histogram is not None:
                    buckets = {**self._route(said, version, "histogram"), "there": timed["histogram"]}
                    found.append(Group(version, TIMES, route, buckets, unit))
        for group in found:
            for selectors in group.quantities.values():
                for selector in selectors:
                    check_plain(selector)
        return tuple(found)

    def expressions(self) -> dict[tuple[Version, str], str]:
        """Give the expressions of CPU and memory, without those that are `none`.

        Raises:
            ValueError: Naming the one that nothing is said for.
        """
        found = {}
        for version in Version:
            for name in ("cpu", "memory"):
                texts = self._filled(self.usage, version, name)
                _said("usage", name, texts)
                if texts != (NONE,):
                    found[version, name] = texts[0]
        return found

    def _times(self) -> Times:
        """Give where durations are counted: with the counts, as far as the plan says nothing else."""
        if self.times.preset and self.times.preset != self.counts.preset:
            return self.times
        which = self.counts.which if self.times.which is None else self.times.which
        return self.times.model_copy(update={"preset": self.counts.preset, "which": which})

    def _route(self, said: RouteCounts, version: Version, *names: str) -> dict[str, tuple[str, ...]]:
        which = self._which(self._times(), version)
        return {name: self._texts(getattr(said, name), version, which) for name in names}

    def _filled(self, part: Any, version: Version, name: str) -> tuple[str, ...]:
        said: dict[str, tuple[str, ...]] | None = getattr(part, name)
        texts = said[version] if said is not None else _of(preset(part.preset), name)
        which = self._which(part, version)
        return self._texts({version: texts}, version, which)

    def _which(self, part: Any, version: Version) -> str:
        of_preset = preset(part.preset).which[version]
        return of_preset if part.which is None else only(part.which[version])

    def _texts(self, said: dict[Any, tuple[str, ...]], version: Version, which: str) -> tuple[str, ...]:
        return tuple(fill(text, which, self.versions[version][0]) for text in said[version])


def _of(of_preset: Preset, name: str) -> tuple[str, ...]:
    value = getattr(of_preset, name)
    return value if isinstance(value, tuple) else (value,) if value else ()


def _said(part: str, name: str, texts: tuple[str, ...]) -> None:
    if not texts or not all(texts):
        less = ", or 'none'" if part == "usage" else f", or a preset: {', '.join(known())}"
        raise ValueError(f"{part}.{name}: nothing is said for it{less}")
