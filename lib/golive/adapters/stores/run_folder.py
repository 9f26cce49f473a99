"""The store `run-folder`: record and book in SQLite files of the run's folder, for guards on this one host."""

from __future__ import annotations

from golive.adapters.clocks import boot_id
from golive.adapters.stores.book import SqliteBook
from golive.adapters.stores.sqlite import SqliteStore
from golive.core.errors import GoLiveError
from golive.core.scalars import Part
from golive.drivers import Around
from golive.folders import RunFolder
from golive.ports import Book, Clock, Store


class RunFolderStore:
    """`golive.ports.Keeping` on a local disk."""

    class Settings(Part):
        """How this store is used.

        Attributes:
            single_host_accepted_by: Name of who accepts, where the router is not the run's own, that nobody
                guards once this host has died.
        """

        single_host_accepted_by: str = ""

    @classmethod
    def made(cls, settings: Settings, around: Around) -> RunFolderStore:
        """Give the store of the run in `around.folder`."""
        return cls(around.folder, around.clock, around.patience)

    def __init__(self, folder: RunFolder | None, clock: Clock, patience: float) -> None:
        self._folder, self._clock, self._patience = folder, clock, patience

    def ready(self) -> None:
        """Raise for what would keep a run from being kept here: nothing, before its folder is made."""

    def record(self, code: str, plan: str) -> Store:
        """Give the run's record; StoreUnavailable if its file can't be opened or lies on a network disk."""
        return SqliteStore(self._needed.record, code=code, plan=plan, clock=self._clock, timeout=self._patience)

    def book(self) -> Book:
        """Give the guards' book; StoreUnavailable if its file can't be opened."""
        return SqliteBook(self._needed, self._clock, boot_id(), self._patience)

    @property
    def _needed(self) -> RunFolder:
        if self._folder is None:
            raise GoLiveError("a record in a run's folder needs one, and there is none")
        return self._folder
