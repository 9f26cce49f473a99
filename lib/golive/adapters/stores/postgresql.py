"""The store `postgresql`: what several hosts share, in a database by URL."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from pydantic import AfterValidator

from golive.adapters.clocks import boot_id
from golive.adapters.stores.claims import ClaimTable
from golive.adapters.stores.files import FileTable
from golive.adapters.stores.postgres import PostgresDatabase, PostgresStore
from golive.adapters.stores.postgres_book import PostgresBook
from golive.adapters.stores.schema import ENTRIES
from golive.core.claim import Claim
from golive.core.phases import UNFILLED
from golive.core.record import Kind
from golive.core.scalars import Part
from golive.drivers import Around
from golive.ports import Book, Store


def _variable(value: str) -> str:
    if value in UNFILLED:
        raise ValueError("the name of an environment variable that holds the database's URL was expected")
    return value


class PostgresqlStore:
    """`golive.ports.Sharing`: each run under its name, beside others, in one database."""

    class Settings(Part):
        """`url_variable` is the name of an environment variable that holds `postgresql://USER@HOST/DATABASE`."""

        url_variable: Annotated[str, AfterValidator(_variable)]

    @classmethod
    def made(cls, settings: Settings, around: Around) -> PostgresqlStore:
        """Give the store of the run whose folder is `around.folder`.

        Raises:
            GoLiveError: If the variable is missing or holds no URL of a database.
        """
        return cls(PostgresDatabase(settings.url_variable, around.patience), around)

    def __init__(self, database: PostgresDatabase, around: Around) -> None:
        self._database, self._around = database, around

    @property
    def _run(self) -> str:
        return self._around.folder.name if self._around.folder else ""

    def ready(self) -> None:
        """Raise StoreUnavailable unless the database answers and has, or gets, its tables."""
        self._database.make()

    def record(self, code: str, plan: str) -> Store:
        """Give the run's record."""
        return PostgresStore(self._database, run=self._run, code=code, plan=plan)

    def book(self) -> Book:
        """Give the guards' book; its clock is the server's, and so are its time limits."""
        folder = self._around.folder
        alive = folder.alive if folder else None
        return PostgresBook(self._database, self._run, alive, self._around.clock, boot_id())

    def files(self) -> FileTable:
        """Give what the store keeps of the run's folder."""
        return FileTable(self._database, self._run)

    def claims(self) -> ClaimTable:
        """Give who has which router, of all runs in this database."""
        return ClaimTable(self._database, self._over)

    def runs(self, closed: bool = True) -> tuple[str, ...]:
        """Give the names of the runs that are kept here, oldest first, those that are closed too or without them."""
        query = sa.select(ENTRIES.c.run).where(ENTRIES.c.seq == 1).order_by(ENTRIES.c.run)
        query = query if closed else query.where(ENTRIES.c.run.not_in(_closed()))
        return self._database.read(lambda connection: tuple(connection.execute(query).scalars()))

    def _over(self, claim: Claim) -> bool:
        """Say whether the run of a claim is closed, or never began."""
        return claim.run not in self.runs(closed=False)


def _closed() -> sa.Select[tuple[str]]:
    return sa.select(ENTRIES.c.run).where(ENTRIES.c.kind == Kind.RUN_CLOSED.value)
