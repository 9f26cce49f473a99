"""Runs somebody's command: without a shell, in a session of its own, under a deadline, with bounded output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

KEPT = 200


@dataclass(frozen=True)
class Ended:
    """How a command ended: its status, and the end of what it said as one printable line."""

    status: int
    said: str


async def run(command: Sequence[str], given: bytes, within: float) -> Ended:
    """Run a command with `given` on its input and give how it ended; what it leaves running is not waited for.

    Raises:
        OSError: If it can't be run.
        TimeoutError: If it takes over `within` seconds; it and what it has started are ended.
    """
    said, reading, writing = bytearray(), *os.pipe()
    os.set_blocking(reading, False)
    loop = asyncio.get_running_loop()
    loop.add_reader(reading, _take, reading, said)
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=writing, stderr=writing, start_new_session=True
            )
        finally:
            os.close(writing)
        status = await _ended(process, given, within)
        while _take(reading, said):
            pass
    finally:
        loop.remove_reader(reading)
        os.close(reading)
    line = " ".join(said.decode("utf-8", "replace").split())
    return Ended(status, "".join(sign for sign in line if sign.isprintable())[-KEPT:])


async def _ended(process: asyncio.subprocess.Process, given: bytes, within: float) -> int:
    assert process.stdin is not None
    try:
        async with asyncio.timeout(within):
            with contextlib.suppress(ConnectionError):
                process.stdin.write(given)
                await process.stdin.drain()
            process.stdin.close()
            return await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise


def _take(reading: int, said: bytearray) -> bool:
    """Take what has come; say whether there may be more. Only its end is kept."""
    try:
        part = os.read(reading, 65536)
    except BlockingIOError:
        return False
    said += part
    del said[: -4 * KEPT]
    return bool(part)
