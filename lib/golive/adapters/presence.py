"""Who is at the wheel: a file lock for each operator's process, gone when the process is."""

from __future__ import annotations

import fcntl
import json
import math
import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from golive.adapters.clocks import SystemClock


class Presence:
    """A lock that says that this process operates the run, until it ends or releases it."""

    def __init__(self, file: IO[str], path: Path) -> None:
        self._file, self._path = file, path

    def touch(self) -> None:
        """Say that somebody has just acted; nothing once it was released."""
        if not self._file.closed:
            _stamp(self._file.fileno())

    def release(self) -> None:
        """Let go of the wheel."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def hold(folder: Path, name: str) -> Presence:
    """Say that this process operates the run in `folder`, as `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4().hex}.json"
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    who = {"name": name, "pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat()}
    json.dump(who, file)
    file.flush()
    _stamp(file.fileno())
    return Presence(file, path)


def _stamp(file: int) -> None:
    """Date a file by the seconds since boot, which nobody sets."""
    now = SystemClock().monotonic()
    os.utime(file, (now, now))


def anybody(folder: Path, left_alone: float = math.inf) -> tuple[dict[str, Any], ...]:
    """Give the operators whose processes live and have acted within `left_alone` seconds.

    A page may stay open in a browser for days with nobody before it. Those whose process has
    ended are forgotten. Where it can't be seen who is there (no file can be opened), somebody without a name is.
    """
    try:
        return _present(folder, left_alone)
    except OSError:
        return ({"name": ""},)


def _present(folder: Path, left_alone: float) -> tuple[dict[str, Any], ...]:
    alive = []
    for path in sorted(folder.glob("*.json")):
        try:
            with path.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    if SystemClock().monotonic() - path.stat().st_mtime <= left_alone:
                        alive.append(json.loads(file.read() or "{}"))
                    continue
        except FileNotFoundError:
            continue
        path.unlink(missing_ok=True)
    return tuple(alive)
