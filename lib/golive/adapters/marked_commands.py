"""Commands of somebody else's, run without a shell or a terminal, bounded in output, and gone with all they started."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "GOLIVE_COMMAND"
CHUNK = 65_536
MOST_OUTPUT = 50_000_000
KEPT = 4000
GRACE = 0.5
ROUNDS = 20
BATCH = {"GIT_TERMINAL_PROMPT": "0", "DEBIAN_FRONTEND": "noninteractive", "CI": "1", "TERM": "dumb", "PAGER": "cat"}


class CommandTrouble(Exception):
    """A command could not be run, or had to be ended: why, as a clause."""


@dataclass(frozen=True)
class Ran:
    """What became of a command.

    Attributes:
        status: Its exit status; negative for the signal that ended it.
        head: The beginning of what it printed, `tail` the end: at most 4000 bytes each.
        printed: How many bytes it printed, and `sha256` their hash.
        left: How many processes it left behind; they were ended.
    """

    status: int
    head: bytes
    tail: bytes
    printed: int
    sha256: str
    seconds: float
    left: int

    @property
    def last_line(self) -> str:
        """The last line that is not blank; "" when there is none."""
        lines = self.tail.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


@dataclass
class _Output:
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    printed: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def take(self, chunk: bytes) -> None:
        self.printed += len(chunk)
        self.digest.update(chunk)
        self.head += chunk[: max(0, KEPT - len(self.head))]
        self.tail = (self.tail + chunk)[-KEPT:]


async def run(command: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> Ran:
    """Run a command in `folder` and give what became of it; cancelled, it is ended with everything that it started.

    It has no terminal and nothing on its input.

    Raises:
        CommandTrouble: If it can't be run, or printed more than 50 MB.
    """
    if not command:
        raise CommandTrouble("the plan names no command")
    mark, begun = uuid.uuid4().hex, time.monotonic()
    environment = {**os.environ, **BATCH, **(more or {}), MARK: mark}
    reads, writes = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writes,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        os.close(reads)
        missing = "" if folder.is_dir() else f" in {folder}, which is no folder"
        raise CommandTrouble(f"{command[0]} can't be run{missing}: {getattr(error, 'strerror', error)}") from error
    finally:
        os.close(writes)
    output = _Output()
    reading = asyncio.ensure_future(_read(reads, output))
    try:
        ended = asyncio.ensure_future(process.wait())
        await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and output.printed > MOST_OUTPUT:
            raise CommandTrouble(f"{command[0]} printed more than {MOST_OUTPUT // 10**6} MB and was ended")
        status = await ended
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(reading), GRACE)
    finally:
        reading.cancel()
        left = _end(process, mark)
    seconds = time.monotonic() - begun
    return Ran(status, bytes(output.head), bytes(output.tail), output.printed, output.digest.hexdigest(), seconds, left)


async def _read(pipe: int, output: _Output) -> None:
    """Take in what comes through a pipe of ours: waiting for one of asyncio's own is waiting for every heir of it."""
    stream = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(pipe, "rb", 0))
    try:
        while chunk := await stream.read(CHUNK):
            output.take(chunk)
            if output.printed > MOST_OUTPUT:
                return
    finally:
        transport.close()


def _end(process: asyncio.subprocess.Process, mark: str) -> int:
    """End the command and all that carries its mark, also out of its session; give how many others there were."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    ended: set[int] = set()
    for _ in range(ROUNDS):
        found = [one for one in psutil.process_iter() if one.pid != process.pid and _carries(one, mark)]
        if not found:
            break
        for one in found:
            ended.add(one.pid)
            with contextlib.suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(found, timeout=0.2)
    return len(ended)


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
