"""HTTP answers that are bounded in time and in size, whatever a server sends."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Sequence
from typing import Any

import httpx

LARGEST = 1_000_000
KEPT = ("content-type", "date", "retry-after")


@functools.cache
def trusted() -> ssl.SSLContext:
    """Give the authorities that httpx trusts, read once: reading them keeps an event loop from all else meanwhile."""
    return httpx.create_ssl_context()


class TooLarge(httpx.HTTPError):
    """The answer had more bytes than were asked for."""


async def fetch(
    client: httpx.AsyncClient,
    verb: str,
    url: str,
    *,
    within: float,
    largest: int = LARGEST,
    headers: dict[str, str] | None = None,
    json: Any = None,
    content: bytes | None = None,
    kept: Sequence[str] = KEPT,
) -> httpx.Response:
    """Give a whole answer of at most `largest` bytes, `within` so many seconds from the call, with the headers `kept`.

    Raises:
        httpx.HTTPError: If there is none; httpx.TimeoutException when it was not whole in time.
    """
    sent = client.stream(verb, url, headers=headers, json=json, content=content)
    try:
        async with asyncio.timeout(within), sent as answer:
            whole = bytearray()
            async for chunk in answer.aiter_bytes():
                whole += chunk
                if len(whole) > largest:
                    raise TooLarge(f"more than {largest} bytes")
            shown = {name: answer.headers[name] for name in kept if name in answer.headers}
            return httpx.Response(answer.status_code, content=bytes(whole), headers=shown, request=answer.request)
    except TimeoutError:
        raise httpx.ReadTimeout(f"no whole answer in {within:g} s") from None
