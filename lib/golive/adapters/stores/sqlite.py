"""A record in one SQLite file: one short transaction an append, the write lock first."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from golive.adapters.stores.chain import ChainStore
from golive.adapters.stores.disks import refuse_network
from golive.adapters.stores.schema import ENTRIES
from golive.core.errors import StoreUnavailable
from golive.ports import Clock

T = TypeVar("T")
TRIGGERS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS no_{verb.lower()} BEFORE {verb} ON entries "
    f"BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)


class SqliteDatabase:
    """`golive.adapters.stores.database.Database` on one file; its write lock is the file's own, whatever its name.

    Args:
        path: The file; made when absent.
        tables: The tables that it must have, made when absent.
        what: What the file is, as an error calls it.
        timeout: Seconds to wait for another writer.
        durable: Whether an entry must survive a crash of the machine.

    Raises:
        StoreUnavailable: If the file can't be opened.
    """

    def __init__(
        self, path: Path, tables: list[sa.Table], *, what: str, clock: Clock, timeout: float, durable: bool = True
    ) -> None:
        self._path, self._what, self._clock = path, what, clock
        self._engine = engine(path, timeout, durable=durable)
        if not self.read(lambda connection: _there(connection, tables)):
            self.write("", lambda connection: _make(connection, tables))

    def write(self, lock: str, act: Callable[[sa.Connection], T]) -> T:
        """Do `act` in a transaction of its own under the file's write lock, and give what it gives."""
        with unavailable(self._what, self._path), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                done = act(connection)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(OperationalError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            return done

    def read(self, act: Callable[[sa.Connection], T]) -> T:
        """Do `act` without a lock, and give what it gives."""
        with unavailable(self._what, self._path), self._engine.connect() as connection:
            return act(connection)

    def now(self, connection: sa.Connection) -> datetime:
        """Give the time of this machine."""
        return self._clock.now()


class SqliteStore(ChainStore):
    """`golive.ports.Store` on one SQLite file on a local disk.

    Args:
        path: The file; made when absent.
        code: Version of the code that appends, written into each entry.
        plan: Fingerprint of the plan, written into each entry.
        clock: Gives the entries' times.
        timeout: Seconds to wait for another writer.

    Raises:
        StoreUnavailable: If the file can't be opened or lies on a network file system.
    """

    def __init__(self, path: Path, *, code: str, plan: str, clock: Clock, timeout: float = 5.0) -> None:
        refuse_network(path.parent)
        database = SqliteDatabase(path, [ENTRIES], what="record", clock=clock, timeout=timeout)
        super().__init__(database, run="", code=code, plan=plan)


def _there(connection: sa.Connection, tables: list[sa.Table]) -> bool:
    """Say whether all of them are there already, so that who only opens the file needs no lock."""
    names = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    return {table.name for table in tables} <= names and (ENTRIES not in tables or "no_delete" in names)


def _make(connection: sa.Connection, tables: list[sa.Table]) -> None:
    for table in tables:
        table.create(connection, checkfirst=True)
        if table is ENTRIES:
            for trigger in TRIGGERS:
                connection.exec_driver_sql(trigger)


@contextlib.contextmanager
def unavailable(what: str, path: Path) -> Iterator[None]:
    """Turn trouble with a file of ours (locked, full, gone, no database) into StoreUnavailable."""
    try:
        yield
    except IntegrityError:
        raise
    except (DatabaseError, sqlite3.DatabaseError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise StoreUnavailable(
            f"the {what} {path} can't be used: {cause}\n"
            "NEXT     look at the disk and at who holds the file; nothing moves forward until it answers"
        ) from error


def engine(path: Path, timeout: float, *, durable: bool) -> sa.Engine:
    """Give an engine whose transactions are begun by hand and that shares no connection."""
    made = sa.create_engine(
        f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": timeout, "check_same_thread": False}
    )

    @sa.event.listens_for(made, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA synchronous={'EXTRA' if durable else 'OFF'}")

    @sa.event.listens_for(made, "begin")
    def _begin(connection: sa.Connection) -> None:
        """Begin nothing: a deferred BEGIN would lose against other writers at once."""

    return made
