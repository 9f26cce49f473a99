"""The sandbox's counts, scraped as Prometheus text from its router and its versions."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Point

from golive.adapters.bounded import LARGEST, TooLarge, fetch
from golive.core.digest import EDGES
from golive.core.samples import CouldNotMeasure, Counters, Gauges, Tally, Unmeasured, Version
from golive.core.scalars import Part
from golive.core.skew import told_by
from golive.drivers import Around
from golive.ports import Clock, SourceCan

TIMEOUT = 2.0
COUNTS = {
    "golive_requests_total": "requests",
    "golive_failed_total": "failed",
    "golive_client_errors_total": "client_errors",
    "golive_limited_total": "limited",
}
PATH_COUNTS = {"golive_path_requests_total": 0, "golive_path_failed_total": 1, "golive_path_over_1000ms_total": 2}


class SandboxMetrics:
    """`golive.ports.MetricSource`: cumulative counts of visitors' requests, ours left out."""

    can = SourceCan()

    class Settings(Part):
        """URLs of the router's control API and of both versions, without a trailing slash."""

        control: str = "{world.control}"
        stable: str = "{world.stable}"
        canary: str = "{world.canary}"

    @classmethod
    def made(cls, settings: Settings, around: Around) -> SandboxMetrics:
        """Give the source that these settings name, with the plan's critical routes."""
        versions = {Version.STABLE: settings.stable, Version.CANARY: settings.canary}
        routes = {route.name: route.path for route in around.planned.routes}
        return cls(settings.control, versions, around.clock, routes)

    def __init__(
        self, control: str, versions: dict[Version, str], clock: Clock, routes: Mapping[str, str] | None = None
    ) -> None:
        self._control, self._versions, self._clock = control, versions, clock
        self._routes = dict(routes or {})
        self._client: httpx.AsyncClient | None = None

    async def read(self) -> Counters | CouldNotMeasure:
        """Give the counts so far, with CPU and memory of each version that answers."""
        self._client = self._client or httpx.AsyncClient(timeout=TIMEOUT)
        gauging = asyncio.gather(*(self._gauges(version) for version in self._versions))
        sent = self._clock.now().timestamp()
        answer, gauges = await asyncio.gather(self._scrape(self._control + "/-/metrics"), gauging)
        points = points_of(answer.content) if isinstance(answer, httpx.Response) else answer
        if isinstance(points, CouldNotMeasure):
            return points
        tallies = tallies_of(points)
        if isinstance(tallies, CouldNotMeasure):
            return tallies
        assert isinstance(answer, httpx.Response)
        told = told_by(answer.headers.get("date", ""), sent, self._clock.now().timestamp())
        measured = dict(zip(self._versions, gauges, strict=True))
        return Counters(self._clock.monotonic(), tallies, measured, routes_of(points, self._routes), *told)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _gauges(self, version: Version) -> Gauges:
        answer = await self._scrape(self._versions[version] + "/metrics")
        points = points_of(answer.content) if isinstance(answer, httpx.Response) else answer
        if isinstance(points, CouldNotMeasure):
            return Gauges()
        found = {point.name: point.value for point in points}
        return Gauges(_finite(found.get("process_cpu_share")), _finite(found.get("process_memory_share")))

    async def _scrape(self, url: str) -> httpx.Response | CouldNotMeasure:
        assert self._client is not None
        try:
            answer = await fetch(self._client, "GET", url, within=TIMEOUT)
        except httpx.TimeoutException:
            return CouldNotMeasure(Unmeasured.SLOW, f"{url} took over {TIMEOUT:.0f} s")
        except TooLarge as error:
            return CouldNotMeasure(Unmeasured.GARBAGE, f"{url}: {error}")
        except httpx.HTTPError as error:
            return CouldNotMeasure(Unmeasured.REFUSED, f"{url}: {type(error).__name__}")
        if answer.status_code != 200:
            return CouldNotMeasure(Unmeasured.REFUSED, f"{url} answered {answer.status_code}")
        return answer


def points_of(content: bytes) -> list[Point] | CouldNotMeasure:
    """Give the samples in a Prometheus text, or why there are none."""
    if not content.strip():
        return CouldNotMeasure(Unmeasured.EMPTY, "the source answered nothing")
    if len(content) > LARGEST:
        return CouldNotMeasure(Unmeasured.GARBAGE, f"the source answered {len(content)} bytes")
    try:
        families = text_string_to_metric_families(content.decode("utf-8"))
        return [point for family in families for point in family.samples]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return CouldNotMeasure(Unmeasured.GARBAGE, f"no Prometheus text: {type(error).__name__}")


def tallies_of(points: Iterable[Point]) -> dict[Version, Tally] | CouldNotMeasure:
    """Give each version's tally of visitors' requests, or why there is none."""
    counts: dict[Version, dict[str, int]] = {version: {} for version in Version}
    within: dict[Version, dict[int, int]] = {version: {} for version in Version}
    for point in points:
        if point.labels.get("who") != "visitors" or point.labels.get("version") not in list(Version):
            continue
        if not math.isfinite(point.value) or point.value < 0:
            return CouldNotMeasure(Unmeasured.NOT_A_NUMBER, f"{point.name} is {point.value}")
        version = Version(point.labels["version"])
        if point.name in COUNTS:
            counts[version][COUNTS[point.name]] = int(point.value)
        elif point.name == "golive_request_seconds_bucket" and point.labels["le"] != "+Inf":
            within[version][round(float(point.labels["le"]) * 1000)] = int(point.value)
    for version in Version:
        missing = set(COUNTS.values()) - set(counts[version]) or set(EDGES) - set(within[version])
        if missing:
            return CouldNotMeasure(Unmeasured.EMPTY, f"{version} has no {sorted(map(str, missing))[0]}")
    return {
        version: Tally(
            **counts[version],
            over={edge: max(0, counts[version]["requests"] - within[version][edge]) for edge in EDGES},
        )
        for version in Version
    }


def routes_of(points: Iterable[Point], routes: Mapping[str, str]) -> dict[Version, dict[str, Tally]]:
    """Give each version's tally of each route; `routes` is name -> what its paths begin with."""
    counts = {(version, name): [0, 0, 0] for version in Version for name in routes}
    for point in points:
        kind = PATH_COUNTS.get(point.name)
        if kind is None or point.labels.get("version") not in list(Version) or not math.isfinite(point.value):
            continue
        for name, path in routes.items():
            if point.labels.get("path", "").startswith(path):
                counts[Version(point.labels["version"]), name][kind] += int(point.value)
    found: dict[Version, dict[str, Tally]] = {version: {} for version in Version}
    for (version, name), (requests, failed, slow) in counts.items():
        found[version][name] = Tally(requests, failed, over={1000: slow})
    return found


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
