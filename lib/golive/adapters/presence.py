"""Who is at the wheel: a file lock for each operator's process, gone when the process is."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any


class Presence:
    """A lock that says that this process operates the run, until it ends or releases it."""

    def __init__(self, file: IO[str], path: Path) -> None:
        self._file, self._path = file, path

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
    return Presence(file, path)


def anybody(folder: Path) -> tuple[dict[str, Any], ...]:
    """Give the operators whose processes live; forget those whose don't."""
    alive = []
    for path in sorted(folder.glob("*.json")):
        try:
            with path.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    alive.append(json.loads(file.read() or "{}"))
                    continue
        except FileNotFoundError:
            continue
        path.unlink(missing_ok=True)
    return tuple(alive)
