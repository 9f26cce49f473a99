"""Critical log entries from the runtime logs that Vercel streams, one stream for each deployment."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

import httpx

from golive.adapters.vercel.account import Account, DeploymentId
from golive.adapters.vercel.api import Api
from golive.adapters.vercel.runtime_logs import Delimiter, Line, Lines, Seen, Unreadable
from golive.adapters.vercel.trouble import Kind, Trouble
from golive.core.samples import CouldNotMeasure, Unmeasured, Version
from golive.drivers import Around
from golive.ports import Clock

QUIET = 30.0  # of an open stream, after which it is opened anew
AGAIN = 1.0  # before a stream that has ended is opened anew
PATIENCE = 2.0  # of the first read, for the streams to open
MOST = 100  # messages between two reads
WHY = {Kind.NO_ANSWER: Unmeasured.SLOW, Kind.GARBAGE: Unmeasured.GARBAGE}


class VercelLogs:
    """`golive.ports.Logs` on `…/deployments/{id}/runtime-logs`; what was logged before the first read is not news.

    The streams are read beside the guard's looks and opened anew when they end, break off or stay silent: rows are told
    apart by their ids, and what Vercel logged in between is lost unless it sends it again. A stream that can't be
    opened, or holds what nobody understands, is could not measure.
    """

    class Settings(Account):
        """The ids of the two deployments."""

        stable: DeploymentId
        canary: DeploymentId

    @classmethod
    def made(cls, settings: Settings, around: Around) -> VercelLogs:
        """Give the reader of these deployments' logs, with the plan's critical patterns."""
        return cls(settings, around.planned.logs.critical, around.clock)

    def __init__(self, settings: Settings, patterns: Sequence[str], clock: Clock) -> None:
        self.api = Api(settings, clock)
        self._clock = clock
        patterns = tuple(pattern.lower() for pattern in patterns)
        ids = {Version.STABLE: settings.stable, Version.CANARY: settings.canary}
        paths = {v: f"/v1/projects/{settings.project}/deployments/{name}/runtime-logs" for v, name in ids.items()}
        self._streams = {version: _Stream(self.api, path, patterns, clock) for version, path in paths.items()}
        self._tasks: list[asyncio.Task[None]] = []

    async def critical(self) -> Mapping[Version, Sequence[str]] | CouldNotMeasure:
        """Give the messages of new critical entries, by version."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(stream.follow()) for stream in self._streams.values()]
            known = [asyncio.create_task(stream.known.wait()) for stream in self._streams.values()]
            _, late = await asyncio.wait(known, timeout=PATIENCE)
            for one in late:
                one.cancel()
        for version, stream in self._streams.items():
            if stream.trouble is not None:
                return CouldNotMeasure(stream.trouble.why, f"{version}: {stream.trouble.detail}")
        return {version: stream.taken() for version, stream in self._streams.items()}

    async def aclose(self) -> None:
        """Read nothing any more, and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.api.aclose()


class _Stream:
    """One deployment's log; `known` once it has been opened or refused."""

    def __init__(self, api: Api, path: str, patterns: Sequence[str], clock: Clock) -> None:
        self._api, self._path, self._patterns, self._clock = api, path, patterns, clock
        self._since = clock.now().timestamp() * 1000
        self._seen, self._found = Seen(), deque[str](maxlen=MOST)
        self.trouble: CouldNotMeasure | None = CouldNotMeasure(Unmeasured.SLOW, "its log has not been opened yet")
        self.known = asyncio.Event()

    def taken(self) -> list[str]:
        """Give what was found since it was last taken."""
        found = list(self._found)
        self._found.clear()
        return found

    async def follow(self) -> None:
        """Read on and on."""
        while True:
            wait = AGAIN
            async with self._api.lines(self._path, QUIET) as answer:
                if isinstance(answer, Trouble):
                    self.trouble = CouldNotMeasure(WHY.get(answer.kind, Unmeasured.REFUSED), answer.why)
                    wait = max(AGAIN, answer.wait)
                else:
                    await self._read(answer)
            self.known.set()
            await self._clock.sleep(wait)

    async def _read(self, answer: httpx.Response) -> None:
        """Read a stream to its end; what it held that nobody understood stays told until something is understood."""
        if self.trouble is not None and self.trouble.why is not Unmeasured.GARBAGE:
            self.trouble = None
        self.known.set()
        lines = Lines()
        try:
            async for chunk in answer.aiter_bytes():
                for line in lines.feed(chunk):
                    self._take(line)
        except httpx.HTTPError:
            return

    def _take(self, line: Line | Delimiter | Unreadable) -> None:
        if isinstance(line, Unreadable):
            self.trouble = CouldNotMeasure(Unmeasured.GARBAGE, f"its log has {line.why}")
            return
        self.trouble = None
        if isinstance(line, Delimiter) or line.milliseconds < self._since or not self._seen.news(line):
            return
        if line.critical(self._patterns):
            self._found.append(line.message)
