"""What a driver is tried on: the real thing with two versions behind it, for the length of one test.

A driver is brought under the contract by one class in a file of `tests/contract/benches/` that derives from
`RouterBench`, `SourceBench` or both, and starts and stops the real thing. The versions that it puts behind its
router answer `/status/CODE` with that status, `/slow/MILLISECONDS` after that long, everything else with 200, and
name themselves in the header `X-Golive-Version`, as `tests.parts.versions.TinyVersion` does.
"""

from __future__ import annotations

import abc
import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import aiohttp

from golive.core.samples import Version
from golive.ports import MetricSource, Router

VERSION = "X-Golive-Version"
OURS = {"X-Golive-Ours": "contract"}
TIMEOUT = aiohttp.ClientTimeout(total=10)


class Bench(abc.ABC):
    """The real thing, begun with everybody on stable.

    Attributes:
        name: What its tests are called by.
        programs: Programs that it needs; where one is missing its tests are left out with that reason.
        marks: Names of pytest's marks for its tests, "staging" where child processes are started.
    """

    name: ClassVar[str]
    programs: ClassVar[Sequence[str]] = ()
    marks: ClassVar[Sequence[str]] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""  # the visitors', without a trailing slash

    @abc.abstractmethod
    async def start(self) -> None:
        """Start everything, and set `url`."""

    @abc.abstractmethod
    async def stop(self) -> None:
        """End everything that `start` has started, however far it came."""


class RouterBench(Bench):
    """A router."""

    token: ClassVar[str] = ""

    @abc.abstractmethod
    def router(self) -> Router:
        """Give a fresh driver, as another process would have it."""

    @abc.abstractmethod
    def router_at(self, host: str, port: int) -> Router:
        """Give a driver whose control is said to be there, where something hostile listens, or nothing."""


class SourceBench(Bench):
    """A metric source, and a router whose visitors it counts."""

    @abc.abstractmethod
    async def split(self, share: float) -> None:
        """Put this share of visitors (0 to 1) on the canary."""

    @abc.abstractmethod
    def source(self) -> MetricSource:
        """Give a fresh driver."""

    @abc.abstractmethod
    def source_at(self, host: str, port: int) -> MetricSource:
        """Give a driver that is to read from there, where something hostile listens, or nothing."""


@dataclass(frozen=True)
class Visit:
    """One request: who answered and how, and when it was begun and over (monotonic seconds)."""

    version: Version | None
    status: int
    begun: float
    over: float


class Visitors:
    """Visitors who keep their connections open; `connected` counts the connections that they made."""

    session: aiohttp.ClientSession

    def __init__(self, url: str) -> None:
        self._url = url
        self.connected = 0

    async def visit(self, number: int, path: str = "/", headers: dict[str, str] | None = None) -> list[Visit]:
        """Make so many requests, a few at a time, and give them in the order in which they ended."""
        left, made = iter(range(number)), []

        async def one_after_another() -> None:
            for _ in left:
                made.append(await self.once(path, headers))

        await asyncio.gather(*(one_after_another() for _ in range(min(number, 8))))
        return made

    async def once(self, path: str = "/", headers: dict[str, str] | None = None) -> Visit:
        """Make one request; a connection that breaks is a visit with status 0."""
        begun = time.monotonic()
        try:
            async with self.session.get(self._url + path, headers=headers) as answer:
                await answer.read()
                name = answer.headers.get(VERSION, "")
                version = Version(name) if name in list(Version) else None
                return Visit(version, answer.status, begun, time.monotonic())
        except aiohttp.ClientError:
            return Visit(None, 0, begun, time.monotonic())

    async def hammer(self, until: asyncio.Event) -> list[Visit]:
        """Go on making requests until told to stop."""
        made: list[Visit] = []

        async def on_and_on() -> None:
            while not until.is_set():
                made.append(await self.once())

        await asyncio.gather(*(on_and_on() for _ in range(8)))
        return made


@asynccontextmanager
async def visitors(url: str, cookies: bool = False) -> AsyncIterator[Visitors]:
    """Give visitors of a site; they keep cookies only if told to."""
    trace, made = aiohttp.TraceConfig(), Visitors(url)

    async def count(*_: object) -> None:
        made.connected += 1

    trace.on_connection_create_end.append(count)
    jar = aiohttp.CookieJar(unsafe=True) if cookies else aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=8), cookie_jar=jar, timeout=TIMEOUT, trace_configs=[trace]
    ) as made.session:
        yield made


def by_version(visits: Sequence[Visit]) -> Counter[Version | None]:
    """Give how many visits each version answered."""
    return Counter(visit.version for visit in visits)
