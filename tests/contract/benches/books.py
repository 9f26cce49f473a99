"""What a guards' book is tried on: the real store, reached by several processes' handles at once."""

from __future__ import annotations

import abc
import itertools
import os
import time
from pathlib import Path
from typing import ClassVar

from golive.adapters.clocks import FakeClock
from golive.adapters.stores.book import SqliteBook
from golive.adapters.stores.postgres import PostgresDatabase
from golive.adapters.stores.postgres_book import PostgresBook
from golive.folders import RunFolder
from golive.ports import Book, Member
from tests.parts.postgres import RealPostgres
from tests.parts.stores import VARIABLE

ENOUGH = 12  # interleavings that wait for a real clock


class BookBench(abc.ABC):
    """A store that holds books.

    Attributes:
        name: What its tests are called by.
        marks: Names of pytest's marks for its tests.
        server: Name of the fixture that gives the server in which it makes its store, "" for none.
        silent: Seconds of silence after which its members count as silent, long enough for its clock.
    """

    name: ClassVar[str]
    marks: ClassVar[tuple[str, ...]] = ()
    server: ClassVar[str] = ""
    silent: ClassVar[float] = 5.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abc.abstractmethod
    def book(self) -> Book:
        """Give a handle on the book of one run as another process would have it."""

    @abc.abstractmethod
    def fresh(self) -> bool:
        """Begin another run: handles given from now on are on its empty book. False when enough have been tried."""

    @abc.abstractmethod
    def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass on the store's clock."""

    def member(self, name: str, boot: str = "boot") -> Member:
        """Give a member on one host."""
        return Member(f"guard-{name}", "host", boot, 100 + len(name), 1.0)


class SqliteBench(BookBench):
    """The book in a run's folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._clock, self._runs = FakeClock(), itertools.count()
        self.fresh()

    def book(self) -> Book:
        return SqliteBook(self._run, self._clock, "boot")

    def fresh(self) -> bool:
        self._run = RunFolder(self.folder / f"run-{next(self._runs)}")
        self._run.work.mkdir(parents=True)
        return True

    def pass_time(self, seconds: float) -> None:
        self._clock.advance(seconds)


class PostgresBench(BookBench):
    """The book in a database, whose clock nobody turns."""

    name = "postgres"
    marks = ("staging",)
    server = "postgres"
    silent = 0.6

    def __init__(self, folder: Path, server: RealPostgres) -> None:
        super().__init__(folder)
        os.environ[VARIABLE] = server.database()
        self._database, self._runs = PostgresDatabase(VARIABLE), itertools.count()
        self.fresh()

    def book(self) -> Book:
        return PostgresBook(self._database, self._run, self.folder / "alive", FakeClock(), "boot")

    def fresh(self) -> bool:
        number = next(self._runs)
        self._run = f"run-{number}"
        return number < ENOUGH

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)
