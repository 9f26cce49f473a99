"""Stores as a test wants them: the same promises, asked of a file and of a database, from several processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

from golive.adapters.clocks import SystemClock
from golive.adapters.stores.postgres import PostgresDatabase, PostgresStore
from golive.adapters.stores.sqlite import SqliteStore
from golive.core.record import Draft, Kind, Who
from golive.ports import Store

VARIABLE = "GOLIVE_TEST_STORE"
BEGINNING = """
import os, random, signal, sys, time, uuid
from pathlib import Path
from tests.parts.stores import note, open_store
kind, where, told, number = sys.argv[1:5]
store = open_store(kind, where)
told = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def append(store):
    entry = store.append(note())
    os.write(told, (entry.id + "\\n").encode())
"""


def note(text: str = "x", id: str = "") -> Draft:
    """Give a note."""
    return Draft(id or uuid.uuid4().hex, Kind.NOTE, Who("ada"), {"text": text})


def open_store(kind: str, where: str, run: str = "run", timeout: float = 60.0) -> Store:
    """Open a store: `sqlite` by its path, `postgres` by its URL."""
    if kind == "sqlite":
        return SqliteStore(Path(where), code="test", plan="plan", clock=SystemClock(), timeout=timeout)
    os.environ[VARIABLE] = where
    return PostgresStore(PostgresDatabase(VARIABLE), run=run, code="test", plan="plan")


class Kept:
    """One place where a record may be kept, and processes that write into it."""

    def __init__(self, kind: str, where: str, folder: Path) -> None:
        self.kind, self.where, self._folder = kind, where, folder

    def store(self, run: str = "run", timeout: float = 60.0) -> Store:
        """Open it in this process."""
        return open_store(self.kind, self.where, run, timeout)

    def process(self, script: str, number: int = 0) -> subprocess.Popen[str]:
        """Start a process that has `store`, `append`, `number` and what the beginning imports."""
        command = [sys.executable, "-c", BEGINNING + textwrap.dedent(script), self.kind, self.where]
        return subprocess.Popen(
            [*command, str(self._folder / "told"), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self) -> list[str]:
        """Give the ids that processes were told are entered."""
        lines = (self._folder / "told").read_text().split("\n") if (self._folder / "told").exists() else []
        return [line for line in lines if len(line) == 32]
