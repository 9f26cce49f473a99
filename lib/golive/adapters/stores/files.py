"""What another host needs of a run's folder: its small text files, kept beside the record."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from golive.adapters.stores.database import Database
from golive.adapters.stores.schema import FILES


class FileTable:
    """`golive.ports.Files` of one run in any database."""

    def __init__(self, database: Database, run: str) -> None:
        self._database, self._run = database, run

    def keep(self, files: Mapping[str, str]) -> None:
        """Keep files by their names; one that is kept already is replaced."""

        def act(connection: sa.Connection) -> None:
            mine = FILES.c.run == self._run
            connection.execute(FILES.delete().where(mine, FILES.c.name.in_(list(files))))
            rows = [{"run": self._run, "name": name, "text": text} for name, text in files.items()]
            if rows:
                connection.execute(FILES.insert(), rows)

        self._database.write(f"files {self._run}", act)

    def read(self) -> Mapping[str, str]:
        """Give every file that is kept, by its name; empty for a run that the store does not know."""
        query = sa.select(FILES.c.name, FILES.c.text).where(FILES.c.run == self._run)
        return self._database.read(lambda connection: {name: text for name, text in connection.execute(query).all()})
