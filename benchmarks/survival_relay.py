"""Passes bytes on from ports to other ports, as a process of its own.

Usage: python -m benchmarks.survival_relay HOST:PORT=HOST:PORT …; the ports that it answers on are its first line (a
port 0 is any free one).
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


async def relay(listen: str, target: str) -> asyncio.Server:
    """Listen at one address and pass everything on to another."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

    host, _, port = listen.rpartition(":")
    return await asyncio.start_server(meet, host, int(port))


async def main(pairs: list[str]) -> None:
    """Pass on until this process is ended."""
    servers = [await relay(*pair.split("=")) for pair in pairs]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1:]))
