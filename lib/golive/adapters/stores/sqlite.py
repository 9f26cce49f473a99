"""The record in SQLite: one short transaction an append, the write lock first."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from golive.adapters.clocks import utc
from golive.core.errors import StoreUnavailable
from golive.core.record import Draft, Entry, chain, from_json
from golive.ports import Clock

NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse.", "9p")
SCHEMA = sa.MetaData()
ENTRIES = sa.Table(
    "entries",
    SCHEMA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, unique=True, nullable=False),
    sa.Column("prev", sa.Text, unique=True, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
TRIGGERS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS no_{verb.lower()} BEFORE {verb} ON entries "
    f"BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)


class SqliteStore:
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
        self._path, self._code, self._plan, self._clock = path, code, plan, clock
        self._lock = threading.Lock()
        self._known: list[Entry] = []
        self._engine = engine(path, timeout, durable=True)
        with self._unavailable(), self._engine.begin() as connection:
            if sa.inspect(connection).has_table(ENTRIES.name):
                return  # nobody who holds the record keeps others from opening it
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            SCHEMA.create_all(connection)
            for trigger in TRIGGERS:
                connection.exec_driver_sql(trigger)
            connection.exec_driver_sql("COMMIT")

    def append(self, draft: Draft, may: Callable[[Sequence[Entry]], None] | None = None) -> Entry:
        """Chain one entry and give it back; durable when this returns.

        `may` sees every entry so far, under the write lock, and raises to refuse.

        Raises:
            StoreUnavailable: If the file is locked, gone or its disk is full.
        """
        with self._lock, self._unavailable(), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                self._catch_up(connection)
                standing = next((entry for entry in reversed(self._known) if entry.id == draft.id), None)
                if standing is not None:
                    connection.exec_driver_sql("ROLLBACK")
                    return standing
                if may is not None:
                    may(self._known)
                entry = self._insert(connection, draft)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(OperationalError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            self._known.append(entry)
            return entry

    def read(self, after: int = 0) -> Sequence[Entry]:
        """Give the entries after number `after`, in order."""
        with self._lock, self._unavailable(), self._engine.connect() as connection:
            self._catch_up(connection)
            return tuple(self._known[after:])

    def _catch_up(self, connection: sa.Connection) -> None:
        query = sa.select(ENTRIES.c.text).where(ENTRIES.c.seq > len(self._known)).order_by(ENTRIES.c.seq)
        self._known.extend(from_json(json.loads(text)) for (text,) in connection.execute(query).all())

    def _insert(self, connection: sa.Connection, draft: Draft) -> Entry:
        head = self._known[-1] if self._known else None
        at = utc(self._clock.now())
        at = max(at, head.at) if head else at
        entry = chain(draft, after=head, at=at, code=self._code, plan=self._plan)
        connection.execute(
            ENTRIES.insert().values(
                seq=entry.seq, id=entry.id, prev=entry.prev, hash=entry.hash, text=entry.line().decode()
            )
        )
        return entry

    def _unavailable(self) -> contextlib.AbstractContextManager[None]:
        return unavailable("record", self._path)


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


def refuse_network(folder: Path) -> None:
    """Raise StoreUnavailable when `folder` lies on a network file system, whose locks lie."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return
    where = folder.resolve()
    best = ("", "")
    for line in mounts.read_text().splitlines():
        _, mount, kind, *_ = line.split(" ")
        if (where == Path(mount) or Path(mount) in where.parents) and len(mount) >= len(best[0]):
            best = (mount, kind)
    if best[1].startswith(NETWORK_FILE_SYSTEMS):
        raise StoreUnavailable(
            f"{folder} lies on {best[1]}, where file locks can't be trusted\nNEXT     --runs a folder on a local disk"
        )
