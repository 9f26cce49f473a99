"""HAProxy scraped directly: requests and failures from its runtime sockets, times from the versions themselves."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import httpx
from prometheus_client.samples import Sample as Point
from pydantic import AfterValidator

from golive.adapters.bounded import TooLarge, fetch
from golive.adapters.haproxy_answers import Unreadable, numbers_of, stats_of
from golive.adapters.haproxy_socket import Address, HaproxySocket, NoAnswer, Silence
from golive.adapters.metrics.haproxy_counts import (
    COLUMNS,
    Between,
    CanaryAgreement,
    Reported,
    Routed,
    VersionLedger,
    unmeasured,
)
from golive.adapters.metrics.sandbox import points_of
from golive.adapters.routers.haproxy_settings import Name, Sockets
from golive.core.digest import EDGES
from golive.core.errors import nearest
from golive.core.samples import CouldNotMeasure, Counters, Gauges, Unmeasured, Version
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Clock, SourceCan

TIMEOUT = 1.0
NEEDED = (500, 1000)
OURS = {"X-Golive-Ours": "metrics"}
WHY = {
    Silence.REFUSED: Unmeasured.REFUSED,
    Silence.SLOW: Unmeasured.SLOW,
    Silence.GARBAGE: Unmeasured.GARBAGE,
}


def _a_label(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z_]\w*=[^=]+", text):
        raise ValueError("a label and its value were expected, for example 'who=visitors'")
    return text


_AllRouted = Mapping[tuple[str, Version], Routed]


@dataclass(frozen=True)
class _Own:
    """What a version said of itself: its counts, its gauges, or why there are none."""

    reported: Reported | None
    gauges: Gauges = field(default_factory=Gauges)
    why: str = ""


class HaproxyMetrics:
    """`golive.ports.MetricSource`: visitors' requests, as the backend of visitors counts them, over all processes.

    The first read gives zeros. Every other counts what happened since the read before it, process by process and
    version by version, and adds that up; who began to count anew is named once, and counted on from there. A version
    that says nothing of itself is measured only as long as HAProxy got no answer from it: a dead canary is, with every
    request failed and over every limit; a mute one that answers is not, nor one that reports fewer than HAProxy sent.
    """

    can = SourceCan()

    class Settings(Part):
        """Where to read, and what things are called there.

        Attributes:
            sockets: Runtime sockets, one for each HAProxy process (`level user` is enough).
            backend: The visitors' backend.
            stable, canary: Its servers.
            stable_metrics, canary_metrics: URLs of the versions' own Prometheus texts.
            histogram: The versions' histogram of request times, with edges at 500 and 1000 ms.
            unit: Of its edges: `seconds` or `milliseconds`.
            answers, status: The versions' counter of answers, and its label that holds the status.
            visitors: A label and its value that mark visitors, so that ours and health checks are left out; "" for all.
            cpu, memory: The versions' gauges of both as shares of what they may use, 0 to 1.
        """

        sockets: Sockets
        backend: Name = "site"
        stable: Name = "stable"
        canary: Name = "canary"
        stable_metrics: str = "{world.stable}/metrics"
        canary_metrics: str = "{world.canary}/metrics"
        histogram: str = "http_request_duration_seconds"
        unit: Annotated[str, AfterValidator(lambda text: _one_of(text, ("seconds", "milliseconds")))] = "seconds"
        answers: str = "http_requests_total"
        status: str = "code"
        visitors: Annotated[str, AfterValidator(_a_label)] = ""
        cpu: str = "process_cpu_share"
        memory: str = "process_memory_share"

    @classmethod
    def made(cls, settings: Settings, around: Around) -> HaproxyMetrics:
        """Give the source that these settings name."""
        return cls(settings, around.clock)

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.can = SourceCan(tells_ours_apart=bool(settings.visitors))
        self._settings, self._clock = settings, clock
        self._sockets = [HaproxySocket(Address.of(text)) for text in settings.sockets]
        self._servers = {Version.STABLE: settings.stable, Version.CANARY: settings.canary}
        self._urls = {Version.STABLE: settings.stable_metrics, Version.CANARY: settings.canary_metrics}
        self._client: httpx.AsyncClient | None = None
        self._routed: dict[tuple[str, Version], Routed] = {}
        self._reported: dict[Version, Reported | None] = {}
        self._ledgers: dict[Version, VersionLedger] = {}
        self._agreement = CanaryAgreement()

    async def read(self) -> Counters | CouldNotMeasure:
        """Give the counts since the first read; HAProxy is read first: a version has then counted what HAProxy has."""
        routed = await self._all_routed()
        if isinstance(routed, CouldNotMeasure):
            return routed
        own = dict(zip(Version, await asyncio.gather(*map(self._own, Version)), strict=True))
        wrong = self._count(routed, own)
        if wrong is not None:
            return wrong
        tallies = {version: ledger.tally for version, ledger in self._ledgers.items()}
        return Counters(self._clock.monotonic(), tallies, {version: one.gauges for version, one in own.items()})

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    def _count(self, routed: _AllRouted, own: Mapping[Version, _Own]) -> CouldNotMeasure | None:
        before, self._routed = self._routed, dict(routed)
        told, self._reported = self._reported, {version: one.reported for version, one in own.items()}
        betweens = _betweens(before, routed, told, own) if before else {}
        for version in Version:
            open_now = sum(counts.scur for (_, of), counts in routed.items() if of is version)
            if not before:
                reported = own[version].reported
                self._ledgers[version] = VersionLedger(tuple(reported.over) if reported else NEEDED, open_now)
            elif isinstance(betweens, CouldNotMeasure):
                self._ledgers[version].skip(open_now)
            else:
                self._ledgers[version].add(betweens[version])
        if isinstance(betweens, CouldNotMeasure):
            return betweens
        if not betweens:
            return None
        open_now = sum(counts.scur for (_, version), counts in routed.items() if version is Version.CANARY)
        return self._agreement.take(betweens[Version.CANARY], open_now)

    async def _all_routed(self) -> dict[tuple[str, Version], Routed] | CouldNotMeasure:
        found: dict[tuple[str, Version], Routed] = {}
        for one in await asyncio.gather(*map(self._of_process, self._sockets)):
            if isinstance(one, CouldNotMeasure):
                return one
            found |= one
        return found

    async def _of_process(self, socket: HaproxySocket) -> dict[tuple[str, Version], Routed] | CouldNotMeasure:
        answer = await socket.ask("show stat")
        if isinstance(answer, NoAnswer):
            return CouldNotMeasure(WHY[answer.why], answer.text)
        rows = stats_of(answer)
        if isinstance(rows, Unreadable):
            return CouldNotMeasure(Unmeasured.GARBAGE, f"{socket.address} answered {rows.why}")
        found: dict[tuple[str, Version], Routed] = {}
        for version, server in self._servers.items():
            row = rows.get((self._settings.backend, server))
            if row is None:
                wanted, known = f"{self._settings.backend}/{server}", ["/".join(key) for key in rows]
                return CouldNotMeasure(Unmeasured.EMPTY, f"{socket.address} has no {wanted}{nearest(wanted, known)}")
            numbers = numbers_of(row, COLUMNS)
            if isinstance(numbers, Unreadable):
                return CouldNotMeasure(Unmeasured.NOT_A_NUMBER, f"{socket.address}, {server}: {numbers.why}")
            found[str(socket.address), version] = Routed(**numbers)
        return found

    async def _own(self, version: Version) -> _Own:
        url = self._urls[version]
        self._client = self._client or httpx.AsyncClient(timeout=TIMEOUT)
        try:
            answer = await fetch(self._client, "GET", url, within=TIMEOUT, headers=OURS)
        except httpx.TimeoutException:
            return _Own(None, why=f"{url} took over {TIMEOUT:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _Own(None, why=f"{url}: {error if isinstance(error, TooLarge) else type(error).__name__}")
        if answer.status_code != 200:
            return _Own(None, why=f"{url} answered {answer.status_code}")
        points = points_of(answer.content)
        if isinstance(points, CouldNotMeasure):
            return _Own(None, why=f"{url}: {points.detail}")
        gauges = {point.name: point.value for point in points if math.isfinite(point.value)}
        own = reported_of(points, self._settings)
        shown = Gauges(gauges.get(self._settings.cpu), gauges.get(self._settings.memory))
        return _Own(own, shown) if isinstance(own, Reported) else _Own(None, shown, f"{url}: {own}")


def _betweens(
    before: _AllRouted, after: _AllRouted, told: Mapping[Version, Reported | None], own: Mapping[Version, _Own]
) -> dict[Version, Between] | CouldNotMeasure:
    """Give what each version's visitors met between two reads, or why that can't be judged."""
    differences = {key: counts - before.get(key, Routed()) for key, counts in after.items()}
    for (process, version), difference in differences.items():
        if difference.went_back:
            return CouldNotMeasure(Unmeasured.RESET, f"HAProxy at {process} began to count {version} anew")
    found = {}
    for version in Version:
        sums = sum((one for (_, of), one in differences.items() if of is version), Routed())
        reported = _between(told[version], own[version].reported)
        if reported is not None and reported.went_back:
            return CouldNotMeasure(Unmeasured.RESET, f"{version} began to count anew: it was restarted")
        found[version] = Between(sums, reported)
        wrong = unmeasured(version, found[version], own[version].why or "it could not be asked the time before")
        if wrong is not None:
            return wrong
    return found


def reported_of(points: Iterable[Point], settings: HaproxyMetrics.Settings) -> Reported | str:
    """Give what a version's own Prometheus text counts of visitors, or why it can't be told."""
    label, _, value = settings.visitors.partition("=")
    scale = 1000 if settings.unit == "seconds" else 1
    requests, limited = 0, 0
    within: dict[int, int] = {}
    for point in points:
        if label and point.labels.get(label) != value:
            continue
        bucket, count = point.name == f"{settings.histogram}_bucket", point.name == f"{settings.histogram}_count"
        answer = point.name == settings.answers and point.labels.get(settings.status) == "429"
        if not (bucket or count or answer):
            continue
        if not math.isfinite(point.value) or point.value < 0:
            return f"{point.name} is {point.value}"
        requests += int(point.value) if count else 0
        limited += int(point.value) if answer else 0
        if bucket and (edge := _edge(point.labels.get("le", ""), scale)) in EDGES:
            within[edge] = within.get(edge, 0) + int(point.value)
    missing = [edge for edge in NEEDED if edge not in within]
    if missing:
        return f"{settings.histogram} has no edge at {missing[0]} ms among visitors' requests"
    if max(within.values()) > requests:
        return f"{settings.histogram} has more within an edge than in all"
    return Reported(requests, limited, {edge: requests - count for edge, count in within.items()})


def _between(before: Reported | None, after: Reported | None) -> Reported | None:
    return None if before is None or after is None else after - before


def _edge(text: str, scale: int) -> int:
    try:
        edge = float(text) * scale
    except ValueError:
        return 0
    return round(edge) if math.isfinite(edge) else 0


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"one of {' or '.join(known)} was expected")
    return text
