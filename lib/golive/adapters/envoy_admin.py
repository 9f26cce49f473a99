"""Envoy's admin API: bounded answers, deadlines, and every trouble a value.

The API is described in Envoy's documentation, "Administration interface"; what it does beyond that was measured
with Envoy 1.40 and stands in `docs/envoy.md`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator

from golive.core.samples import Unmeasured
from golive.core.scalars import Texts

DEADLINE = 2.0
LARGEST = 8_000_000
SHOWN = 120


@dataclass(frozen=True)
class Trouble:
    """Why an admin API gave no answer that may be used; `kind` is the same in the words of a metric source."""

    kind: Unmeasured
    why: str


class EnvoyAdmin:
    """One Envoy process, asked at `url` (such as `http://127.0.0.1:9901`).

    `date` is the header of its newest answer that tells Envoy's time, "" for none.
    """

    def __init__(self, url: str, deadline: float = DEADLINE) -> None:
        self.url = url.rstrip("/")
        self._deadline = deadline
        self._client: httpx.AsyncClient | None = None
        self.date = ""

    async def runtime(self) -> dict[str, str] | Trouble:
        """Give each runtime key with the value that holds after all layers."""
        found = await self._json("/runtime")
        if isinstance(found, Trouble):
            return found
        try:
            return {str(key): str(entry["final_value"]) for key, entry in found["entries"].items()}
        except (KeyError, TypeError, AttributeError):
            return self._garbage("/runtime", "no runtime")

    async def modify(self, values: Mapping[str, str]) -> Trouble | None:
        """Set runtime keys in the admin layer, all in one step. Envoy says OK to anything: read back."""
        answer = await self._ask("POST", "/runtime_modify", data=values)
        return answer if isinstance(answer, Trouble) else None

    async def route_configs(self) -> list[Any] | Trouble:
        """Give the route configurations that hold, static and dynamic ones."""
        configs: list[Any] = []
        kinds = ("static_route_configs", "dynamic_route_configs")
        for found in await asyncio.gather(*(self._json("/config_dump", {"resource": kind}) for kind in kinds)):
            if isinstance(found, Trouble):
                return found
            part = found.get("configs", []) if isinstance(found, dict) else None
            if not isinstance(part, list):
                return self._garbage("/config_dump", "no configuration")
            configs += part
        return configs

    async def server_info(self) -> dict[str, Any] | Trouble:
        """Give what the process says of itself: `version`, `state`, `uptime_current_epoch`."""
        found = await self._json("/server_info")
        if isinstance(found, Trouble) or (isinstance(found, dict) and "state" in found):
            return found
        return self._garbage("/server_info", "no server info")

    async def prometheus(self, names: str) -> bytes | Trouble:
        """Give the stats whose names (Envoy's own, such as `cluster.site.upstream_rq_total`) match `names`."""
        return await self._ask("GET", "/stats/prometheus", {"filter": names})

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _json(self, path: str, query: Mapping[str, str] | None = None) -> Any | Trouble:
        answer = await self._ask("GET", path, query)
        if isinstance(answer, Trouble):
            return answer
        try:
            return json.loads(answer)
        except (ValueError, RecursionError):
            return self._garbage(path, "no JSON")

    def _garbage(self, path: str, what: str) -> Trouble:
        return Trouble(Unmeasured.GARBAGE, f"{self.url}{path} answered with {what}")

    async def _ask(
        self, verb: str, path: str, query: Mapping[str, str] | None = None, data: Mapping[str, str] | None = None
    ) -> bytes | Trouble:
        self._client = self._client or httpx.AsyncClient(timeout=self._deadline, trust_env=False)
        where = f"{self.url}{path}"
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._client.stream(verb, where, params=query, data=data) as answer,
            ):
                self.date = answer.headers.get("date", "")
                parts, size = [], 0
                async for part in answer.aiter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > LARGEST:
                        return Trouble(Unmeasured.GARBAGE, f"{where} answered over {LARGEST} bytes")
                body = b"".join(parts)
                if answer.status_code != 200:
                    shown = body[:SHOWN].decode("utf-8", "replace").strip()
                    return Trouble(Unmeasured.REFUSED, f"{where} answered {answer.status_code}: {shown!r}")
                return body
        except (TimeoutError, httpx.TimeoutException):
            return Trouble(Unmeasured.SLOW, f"{where} gave no answer in {self._deadline:g} s")
        except httpx.HTTPError as error:
            return Trouble(Unmeasured.REFUSED, f"{where} did not answer: {type(error).__name__}")


def _addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("the address of at least one admin API was expected, for example 'http://127.0.0.1:9901'")
    for text in value:
        parts = urlsplit(text)
        plain = not (parts.username or parts.password or parts.query or parts.fragment) and parts.path in ("", "/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise ValueError("the address of an admin API was expected, for example 'http://127.0.0.1:9901'")
    if len({text.rstrip("/") for text in value}) < len(value):
        raise ValueError("each admin API once was expected")
    return value


Admins = Annotated[Texts, AfterValidator(_addresses)]
