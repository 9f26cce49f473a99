"""A driver for a load balancer whose control API is `GET` and `PUT /weights` with `{"stable": 99, "canary": 1}`."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx

from golive.adapters.bounded import fetch
from golive.core.scalars import Number, Part
from golive.drivers import Around
from golive.ports import Done, Refused, RouterCan, Split, Superseded, Unknown

WHOLE = 1000  # weights add up to this, so that shares go in steps of 0.1 %


class WeightsRouter:
    """`golive.ports.Router` over two weights. Trouble is a value, never an exception."""

    can = RouterCan()  # any share, may be lowered, no cookies, counted, seen at once

    class Settings(Part):
        """`url` is the control API's, without a trailing slash; `timeout` in seconds, below the guard's 3."""

        url: str
        timeout: Number = 1.0

    @classmethod
    def made(cls, settings: Settings, around: Around) -> WeightsRouter:
        """Give the router that a plan's settings name."""
        return cls(settings.url + "/weights", settings.timeout)

    def __init__(self, url: str, timeout: float) -> None:
        self._url, self._timeout = url, timeout

    async def read(self) -> Split | Unknown:
        """Give the split as the balancer reads it back."""
        return await self._call("GET")

    async def set(self, share: float, expect: float | None) -> Done | Refused | Superseded | Unknown:
        """Set both weights, if the split still is what the caller expects."""
        if not (math.isfinite(share) and 0 <= share <= 1):
            return Refused(f"{share} is no share: 0 to 1 was expected")
        canary = round(share * WHOLE)
        if abs(canary / WHOLE - share) > 1e-9:
            return Refused(f"{share:.4%} is not among the steps of {1 / WHOLE:.1%}")
        split = await self._call("GET")
        if isinstance(split, Unknown):
            return split
        if expect is not None and abs(split.share - expect) > 1e-9:
            return Superseded(f"the split was {split.share:.2%}, not the expected {expect:.2%}", split)
        return await self._put(canary)

    async def rollback(self, reason: str) -> Done | Refused | Superseded | Unknown:
        """Send everybody to stable, whatever the split is."""
        return await self._put(0)

    def by_hand(self) -> str:
        """Give the command that rolls back without this tool."""
        body = json.dumps({"stable": WHOLE, "canary": 0})
        return f"curl -X PUT -H 'Content-Type: application/json' -d '{body}' {self._url}"

    def identity(self) -> str:
        """Give what names this balancer, whoever asks: two go-lives on it must not meet."""
        return f"weights {self._url}"

    async def _put(self, canary: int) -> Done | Unknown:
        split = await self._call("PUT", {"stable": WHOLE - canary, "canary": canary})
        return split if isinstance(split, Unknown) else Done(split)

    async def _call(self, verb: str, body: Any = None) -> Split | Unknown:
        try:
            async with httpx.AsyncClient() as client:
                answer = await fetch(client, verb, self._url, within=self._timeout, json=body)
            stable, canary = (int(answer.json()[name]) for name in ("stable", "canary"))
            if stable >= 0 and canary >= 0:
                return Split(canary / (stable + canary))
        except httpx.HTTPError as error:
            return Unknown(f"the balancer at {self._url} did not answer: {type(error).__name__}")
        except (ValueError, KeyError, TypeError, ZeroDivisionError):
            pass
        return Unknown(f"the balancer at {self._url} answered something that is no split")
