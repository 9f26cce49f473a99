"""The record in PostgreSQL, for guards and operators on several hosts."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from golive.adapters.stores import lease_table, looks, schema
from golive.adapters.stores.chain import ChainStore
from golive.adapters.stores.punctual import LOCK_WITHIN, SCHEMA, Punctual, conninfo
from golive.core.errors import GoLiveError, StoreUnavailable

T = TypeVar("T")
QUICK = 0.5  # seconds; trouble that came sooner cost nobody anything
_NAMED = sa.text("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = :schema")
_THERE = sa.text("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = :schema AND tablename = 'minutes'")
APPEND_ONLY = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the record is append-only'; END $$",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)


class PostgresDatabase:
    """`golive.adapters.stores.database.Database` by URL; its locks are advisory, one for each name.

    After a wait for a server that said nothing it refuses at once for as long as the wait has taken: a guard
    that must look each second may not spend them all waiting.

    Args:
        variable: Name of the environment variable that holds the URL.
        patience: Seconds to wait for who holds a lock.

    Raises:
        GoLiveError: If the variable is missing or holds no URL; never says what it holds.
    """

    def __init__(self, variable: str, patience: float = LOCK_WITHIN) -> None:
        url = os.environ.get(variable, "")
        if not url:
            raise GoLiveError(
                f"the store's URL is expected in the environment variable {variable}, which is not set\n"
                f"NEXT     export {variable}=postgresql://USER@HOST/DATABASE here, and on every host that guards"
            )
        self._where = f"the store (PostgreSQL by {variable})"
        how, self._password = conninfo(url, variable, patience)
        self._engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=lambda: Punctual.connect(how),
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            pool_size=2,
            max_overflow=8,
            pool_timeout=2,
        )
        self._pid = os.getpid()
        self._resting, self._why = 0.0, ""
        self._once = threading.Lock()
        self._made = False

    def write(self, lock: str, act: Callable[[sa.Connection], T]) -> T:
        """Do `act` in a transaction that holds the advisory lock of that name, or none; give what it gives."""

        def locked(connection: sa.Connection) -> T:
            with connection.begin():
                if lock:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_key(lock))))
                return act(connection)

        self.make()
        return self._done(locked)

    def read(self, act: Callable[[sa.Connection], T]) -> T:
        """Do `act`, which only reads, and give what it gives."""
        self.make()
        return self._done(lambda connection: act(connection.execution_options(isolation_level="AUTOCOMMIT")))

    def now(self, connection: sa.Connection) -> datetime:
        """Give the server's time."""
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment

    def make(self) -> None:
        """See once that the tables are there, and make them when they are not.

        Raises:
            StoreUnavailable: If the database can't be reached, holds no UTF-8, or gives no right to make them.
        """
        with self._once:
            if not self._made:
                self._done(self._make)
                self._made = True

    def _make(self, connection: sa.Connection) -> None:
        encoding = connection.execute(sa.text("SHOW server_encoding")).scalar_one()
        if encoding != "UTF8":
            raise StoreUnavailable(
                f"{self._where} holds {encoding}, where not every text can be kept\n"
                "NEXT     createdb --encoding=UTF8 --template=template0 NAME"
            )
        if _there(connection):
            return
        connection.rollback()
        with connection.begin():
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_key("schema"))))
            if not _there(connection):
                if not connection.execute(_NAMED, {"schema": SCHEMA}).first():
                    connection.execute(sa.schema.CreateSchema(SCHEMA))
                for tables in (schema.SCHEMA, looks.SCHEMA, lease_table.SCHEMA):
                    tables.create_all(connection)
                for statement in APPEND_ONLY:
                    connection.exec_driver_sql(statement)

    def _done(self, act: Callable[[sa.Connection], T]) -> T:
        """Do `act` on a connection; once more when the connection turns out to be one of yesterday."""
        if time.monotonic() < self._resting:
            raise self._unavailable(self._why)
        if os.getpid() != self._pid:  # a connection carried over a fork loses what both say on it
            self._engine.dispose(close=False)
            self._pid = os.getpid()
        begun = time.monotonic()
        try:
            try:
                return self._tried(act)
            except DBAPIError as error:
                if not error.connection_invalidated or time.monotonic() - begun > QUICK:
                    raise
                return self._tried(act)
        except SQLAlchemyError as error:
            waited = time.monotonic() - begun
            lines = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
            self._why = lines[0].replace(self._password or "\0", "…")
            answered = getattr(getattr(error, "orig", None), "sqlstate", None)  # who holds a lock is no cut network
            self._resting = time.monotonic() + waited if waited > QUICK and not answered else 0.0
            raise self._unavailable(self._why) from None

    def _tried(self, act: Callable[[sa.Connection], T]) -> T:
        with self._engine.connect() as connection:
            return act(connection)

    def _unavailable(self, why: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"{self._where} can't be used: {why}\n"
            "NEXT     look at the database and the network; nothing moves forward until it answers"
        )


class PostgresStore(ChainStore):
    """`golive.ports.Store` of one run among several in a PostgreSQL database; entries are dated by the server."""


def _there(connection: sa.Connection) -> bool:
    """Say whether the tables are there; asked of the catalogue itself, since names are looked up in an old one."""
    return connection.execute(_THERE, {"schema": SCHEMA}).first() is not None


def _key(lock: str) -> int:
    """Give the number of an advisory lock by its name."""
    return int.from_bytes(hashlib.sha256(f"golive {lock}".encode()).digest()[:8], signed=True)
