"""The sandbox's router over HTTP."""

from __future__ import annotations

import math
from typing import Any

import httpx

from golive.adapters.bounded import fetch
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Done, Refused, RouterCan, Split, Superseded, Unknown

TIMEOUT = 2.0


class SandboxRouter:
    """`golive.ports.Router` over the sandbox's control API. Trouble is a value, never an exception."""

    can = RouterCan(compares=True)

    class Settings(Part):
        """`control` is the URL of the control API, without a trailing slash."""

        control: str = "{world.control}"

    @classmethod
    def made(cls, settings: Settings, around: Around) -> SandboxRouter:
        """Give the router that these settings name."""
        return cls(settings.control)

    def __init__(self, control: str) -> None:
        self._control = control
        self._client: httpx.AsyncClient | None = None

    async def read(self) -> Split | Unknown:
        """Give the split as the router reads it back."""
        answer = await self._call("GET", "/-/split")
        return answer if isinstance(answer, Unknown) else self._split(answer)

    async def set(self, share: float, expect: float | None) -> Done | Refused | Superseded | Unknown:
        """Compare and set: only when the split still is `expect`."""
        if not (math.isfinite(share) and 0 <= share <= 1):
            return Refused(f"{share} is no share: 0 to 1 was expected")
        answer = await self._call("PUT", "/-/split", {"share": share, "expect": expect})
        if isinstance(answer, Unknown):
            return answer
        if answer.status_code == 409:
            split = self._split(answer)
            if isinstance(split, Unknown):
                return split
            return Superseded(f"the split was {split.share:.2%}, not the expected {expect or 0:.2%}", split)
        if answer.status_code != 200:
            return Refused(f"the router answered {answer.status_code}: {answer.text[:200]!r}")
        return self._done(answer)

    async def rollback(self, reason: str) -> Done | Refused | Superseded | Unknown:
        """Send everybody to stable, whatever the split is."""
        answer = await self._call("PUT", "/-/rollback", {"reason": reason})
        return answer if isinstance(answer, Unknown) else self._done(answer)

    def by_hand(self) -> str:
        """Give the command that rolls back without this tool."""
        return f"curl -X PUT -H 'Content-Type: application/json' -d '{{}}' {self._control}/-/rollback"

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _call(self, verb: str, path: str, body: Any = None) -> httpx.Response | Unknown:
        self._client = self._client or httpx.AsyncClient(timeout=TIMEOUT)
        try:
            return await fetch(self._client, verb, self._control + path, within=TIMEOUT, json=body)
        except httpx.HTTPError as error:
            return Unknown(f"the router at {self._control} did not answer: {type(error).__name__}")

    def _done(self, answer: httpx.Response) -> Done | Unknown:
        split = self._split(answer)
        return split if isinstance(split, Unknown) else Done(split)

    def _split(self, answer: httpx.Response) -> Split | Unknown:
        try:
            data = answer.json()
            share = float(data["share"])
            if 0 <= share <= 1:
                return Split(share, str(data["canary"]), str(data["token"]))
        except (ValueError, KeyError, TypeError):
            pass
        return Unknown(f"the router answered {answer.status_code} with something that is no split")
