"""Claims: one open go-live for each router, whoever begins it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from golive.adapters.stores.database import Database
from golive.adapters.stores.schema import CLAIMS
from golive.core.claim import Claim

LOCK = "claims"


class ClaimTable:
    """`golive.ports.Claims` in any database.

    Args:
        database: Where the claims stand.
        over: Says whether the run of a claim is closed, so that its claim is void.
    """

    def __init__(self, database: Database, over: Callable[[Claim], bool]) -> None:
        self._database, self._over = database, over

    def claim(self, claim: Claim) -> Claim | None:
        """Make the claim and give None; or give the one that stands, of another run that is open.

        Raises:
            StoreUnavailable: If the claims can't be read, or nothing says whether the other run is closed.
        """
        standing = self.standing(claim.router)
        if standing is not None and standing.run != claim.run and not self._over(standing):
            return standing

        def act(connection: sa.Connection) -> Claim | None:
            found = _found(connection, claim.router)
            if found is not None and found.run not in (claim.run, standing.run if standing else ""):
                return found
            connection.execute(CLAIMS.delete().where(CLAIMS.c.router == claim.router))
            connection.execute(CLAIMS.insert().values(**claim.__dict__))
            return None

        return self._database.write(LOCK, act)

    def release(self, router: str, run: str) -> None:
        """Take back the claim of a run; nothing when another run's stands."""
        query = CLAIMS.delete().where(CLAIMS.c.router == router, CLAIMS.c.run == run)
        self._database.write(LOCK, lambda connection: connection.execute(query))

    def standing(self, router: str) -> Claim | None:
        """Give the claim that stands on a router, be its run open or closed."""
        return self._database.read(lambda connection: _found(connection, router))


def _found(connection: sa.Connection, router: str) -> Claim | None:
    row = connection.execute(sa.select(CLAIMS).where(CLAIMS.c.router == router)).first()
    return Claim(**row._mapping) if row else None
