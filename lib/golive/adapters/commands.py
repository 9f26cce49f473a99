"""Runs somebody's command: without a shell, in a session of its own, under a deadline, with bounded output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

KEPT = 200
DRAINED_WITHIN = 0.2


@dataclass(frozen=True)
class Ended:
    """How a command ended: its status, and the end of what it said as one printable line."""

    status: int
    said: str


async def run(command: Sequence[str], given: bytes, within: float) -> Ended:
    """Run a command with `given` on its input and give how it ended; whatever it has started may live on.

    Raises:
        OSError: If it can't be run.
        TimeoutError: If it takes over `within` seconds; it and what it has started are ended.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    said = bytearray()
    reading = asyncio.ensure_future(_drain(process.stdout, said))
    try:
        async with asyncio.timeout(within):
            with contextlib.suppress(ConnectionError):
                process.stdin.write(given)
                await process.stdin.drain()
            process.stdin.close()
            status = await process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(reading), DRAINED_WITHIN)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        reading.cancel()
    line = " ".join(said.decode("utf-8", "replace").split())
    return Ended(status, "".join(sign for sign in line if sign.isprintable())[-KEPT:])


async def _drain(stream: asyncio.StreamReader, said: bytearray) -> None:
    while part := await stream.read(65536):
        said += part
        del said[: -4 * KEPT]
