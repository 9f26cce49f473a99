"""The record as a table: take the lock, read the head, ask `may`, insert, commit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from golive.adapters.stores.database import Database
from golive.adapters.stores.schema import ENTRIES
from golive.core.errors import StoreUnavailable
from golive.core.moments import utc
from golive.core.record import Draft, Entry, chain, from_json


class ChainStore:
    """`golive.ports.Store` on any database.

    Args:
        database: Where the entries stand.
        run: The run whose record this is.
        code: Version of the code that appends, written into each entry.
        plan: Fingerprint of the plan, written into each entry.
    """

    def __init__(self, database: Database, *, run: str, code: str, plan: str) -> None:
        self._database, self._run, self._code, self._plan = database, run, code, plan
        self._lock = threading.Lock()
        self._known: list[Entry] = []

    def append(self, draft: Draft, may: Callable[[Sequence[Entry]], None] | None = None) -> Entry:
        """Chain one entry and give it back; durable when this returns.

        `may` sees every entry so far, under the write lock, and raises to refuse.

        Raises:
            StoreUnavailable: If the database is locked, gone or full.
        """
        if not self._known:
            self.read()  # a long record is read before the lock is taken

        def act(connection: sa.Connection) -> Entry:
            self._catch_up(connection)
            standing = next((entry for entry in reversed(self._known) if entry.id == draft.id), None)
            if standing is not None:
                return standing
            if may is not None:
                may(self._known)
            return self._insert(connection, draft)

        with self._lock:
            entry = self._database.write(f"record {self._run}", act)
            if entry.seq == len(self._known) + 1:
                self._known.append(entry)
            return entry

    def read(self, after: int = 0) -> Sequence[Entry]:
        """Give the entries after number `after`, in order.

        Raises:
            StoreUnavailable: If the database is gone, or shows fewer entries than it has shown before.
        """
        with self._lock:
            self._database.read(self._catch_up)
            return tuple(self._known[after:])

    def _catch_up(self, connection: sa.Connection) -> None:
        """Read what is new, and see that what was read before is still there."""
        last = self._known[-1] if self._known else None
        query = sa.select(ENTRIES.c.hash, ENTRIES.c.text).where(ENTRIES.c.run == self._run)
        query = query.where(ENTRIES.c.seq >= (last.seq if last else 1)).order_by(ENTRIES.c.seq)
        rows = connection.execute(query).all()
        if last is not None:
            if not rows or rows[0].hash != last.hash:
                raise StoreUnavailable(
                    f"the record no longer holds entry {last.seq}, which it has held: its database was put back\n"
                    "NEXT     look at the database; nothing moves forward on a record that forgets"
                )
            rows = rows[1:]
        self._known.extend(from_json(json.loads(row.text)) for row in rows)

    def _insert(self, connection: sa.Connection, draft: Draft) -> Entry:
        head = self._known[-1] if self._known else None
        at = utc(self._database.now(connection))
        at = max(at, head.at) if head else at
        entry = chain(draft, after=head, at=at, code=self._code, plan=self._plan)
        row = {"run": self._run, "seq": entry.seq, "id": entry.id, "kind": entry.kind.value, "prev": entry.prev}
        connection.execute(ENTRIES.insert().values(**row, hash=entry.hash, text=entry.line().decode()))
        return entry
