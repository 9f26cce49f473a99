"""The sandbox's router over HTTP."""

from __future__ import annotations

import math
from typing import Any

import httpx

from golive.adapters.bounded import fetch
from golive.adapters.places import on_host
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Done, Refused, RouterCan, Split, Superseded, Unknown

TIMEOUT = 2.0


class SandboxRouter:
    """`golive.ports.Router` over the sandbox's control API. Trouble is a value, never an exception."""

    can = RouterCan(compares=True, claims=True)

    class Settings(Part):
        """`control` is the URL of the control API, without a trailing slash."""

        control: str = "{world.control}"

    @classmethod
    def made(cls, settings: Settings, around: Around) -> SandboxRouter:
        """Give the router that these settings name."""
        return cls(settings.control)

    def __init__(self, control: str) -> None:
        self._control = control
        self._claim = ""
        self._client: httpx.AsyncClient | None = None

    async def read(self) -> Split | Unknown:
        """Give the split as the router reads it back."""
        answer = await self._call("GET", "/-/split")
        return answer if isinstance(answer, Unknown) else self._split(answer)

    async def set(self, share: float, expect: float | None) -> Done | Refused | Superseded | Unknown:
        """Compare and set: only when the split still is `expect`."""
        if not (math.isfinite(share) and 0 <= share <= 1):
            return Refused(f"{share} is no share: 0 to 1 was expected")
        answer = await self._call("PUT", "/-/split", {"share": share, "expect": expect, "claim": self._claim})
        return self._moved(answer, f"the split was not the expected {expect or 0:.2%}")

    async def rollback(self, reason: str) -> Done | Refused | Superseded | Unknown:
        """Send everybody to stable, whatever the split is."""
        answer = await self._call("PUT", "/-/rollback", {"reason": reason, "claim": self._claim})
        return self._moved(answer, "nobody was sent back")

    async def claim(self, whose: str, expect: str) -> Done | Refused | Superseded | Unknown:
        """Compare and set whose go-live the router shows."""
        answer = self._moved(await self._call("PUT", "/-/claim", {"whose": whose, "expect": expect}), "not claimed")
        if isinstance(answer, Done):
            self._claim = whose
        return answer

    def by_hand(self) -> str:
        """Give the command that rolls back without this tool."""
        call = f"curl -fsS --max-time 5 -X PUT -d '{{}}' {self._control}/-/rollback"
        return f"{call}  # the answer has a share of 0"

    def identity(self) -> str:
        """Give what names this router, whoever asks."""
        return f"sandbox {on_host(self._control)}"

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

    def _moved(self, answer: httpx.Response | Unknown, otherwise: str) -> Done | Refused | Superseded | Unknown:
        """Give what an answer says came of a call; `otherwise` what it means that somebody else was first."""
        if isinstance(answer, Unknown):
            return answer
        if answer.status_code not in (200, 409):
            return Refused(f"the router answered {answer.status_code}: {answer.text[:200]!r}")
        split = self._split(answer)
        if isinstance(split, Unknown):
            return split
        if answer.status_code == 200:
            return Done(split)
        stands = f"{split.share:.2%} on the canary, claimed by {split.claim or 'nobody'}"
        return Superseded(f"{otherwise}: {stands}", split)

    def _split(self, answer: httpx.Response) -> Split | Unknown:
        try:
            data = answer.json()
            share = float(data["share"])
            if 0 <= share <= 1:
                return Split(share, str(data["canary"]), str(data["token"]), claim=str(data.get("claim") or ""))
        except (ValueError, KeyError, TypeError):
            pass
        return Unknown(f"the router answered {answer.status_code} with something that is no split")
