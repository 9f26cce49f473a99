"""What may listen where a control API or a source should be."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
KINDS = (
    "refused",
    "gone",
    "silent",
    "noise",
    "html",
    "server error",
    "endless",
    "endless over http",
    "a drop at a time",
)


@asynccontextmanager
async def hostile(kind: str) -> AsyncIterator[tuple[str, int]]:
    """Give host and port of a listener of that kind (one of `KINDS`)."""
    open_writers: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            if kind != "gone":
                await reader.read(1)
                await _say(kind, writer)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    if kind == "refused":
        server.close()
        await server.wait_closed()
    try:
        yield host, port
    finally:
        server.close()
        for writer in open_writers:
            writer.transport.abort()


async def _say(kind: str, writer: asyncio.StreamWriter) -> None:
    page = b"<html><h1>Not what you want</h1></html>"
    match kind:
        case "silent":
            await asyncio.sleep(3600)
        case "noise":
            writer.write(os.urandom(4096))
        case "html":
            writer.write(HEADER + b"Content-Length: %d\r\n\r\n%s" % (len(page), page))
        case "server error":
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))
        case "endless" | "endless over http":
            writer.write(HEADER + b"\r\n" if kind.endswith("http") else b"")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        case "a drop at a time":
            writer.write(HEADER + b"\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.2)
    await writer.drain()
