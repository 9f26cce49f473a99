"""Lease and beats of guards on several hosts, as tables whose clock is the database's own."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from golive.adapters.stores.database import Database
from golive.core.moments import utc
from golive.core.pair import Beat, Lease, Member

LONG_GONE = 600.0  # seconds after which a member that does not act is no news any more
SCHEMA = sa.MetaData()
LEASES = sa.Table(
    "leases",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("fence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("released", sa.Boolean, nullable=False),
)
BEATS = sa.Table(
    "beats",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("guard", sa.Text, primary_key=True),
    sa.Column("member", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)


class LeaseTable:
    """The lease of one run and its members' beats. Each method works in the caller's transaction.

    A beat locks nothing but its own row, so that no frozen member keeps another from beating; only `take` is
    called under the lock of the run's book.
    """

    def __init__(self, database: Database, run: str) -> None:
        self._database, self._run = database, run

    def take(self, connection: sa.Connection, member: Member, over: int, silent: float) -> int | None:
        """Take the lease after fence `over`, if its holder has been silent or let go; give the new fence."""
        standing, fence = self.lease(connection), over + 1
        if (standing.fence if standing else 0) != over:
            return None
        if standing is not None and not standing.released and self._age(connection, standing) < silent:
            return None
        row = {"run": self._run, "fence": fence, "holder": json.dumps(asdict(member)), "released": False}
        connection.execute(LEASES.insert().values(**row))
        self._beat(connection, member, fence)
        return fence

    def beat(self, connection: sa.Connection, member: Member, fence: int) -> bool:
        """Say that a member lives; False when it acts under a fence that is not the newest any more."""
        self._beat(connection, member, fence)
        return fence == 0 or self.holds(connection, fence)

    def holds(self, connection: sa.Connection, fence: int) -> bool:
        """Say whether the lease of that fence is the newest, and not released."""
        standing = self.lease(connection)
        return standing is not None and standing.fence == fence and not standing.released

    def release(self, connection: sa.Connection, fence: int) -> None:
        """Give the lease of that fence back."""
        if self.holds(connection, fence):
            query = sa.update(LEASES).where(LEASES.c.run == self._run, LEASES.c.fence == fence)
            connection.execute(query.values(released=True))

    def leave(self, connection: sa.Connection, member: Member) -> None:
        """Forget a member that has ended, and release what it holds."""
        standing = self.lease(connection)
        if standing is not None and standing.holder.guard == member.guard:
            self.release(connection, standing.fence)
        connection.execute(BEATS.delete().where(BEATS.c.run == self._run, BEATS.c.guard == member.guard))

    def lease(self, connection: sa.Connection) -> Lease | None:
        """Give the newest lease."""
        query = sa.select(LEASES).where(LEASES.c.run == self._run).order_by(LEASES.c.fence.desc()).limit(1)
        row = connection.execute(query).first()
        return Lease(row.fence, Member(**json.loads(row.holder)), row.released) if row else None

    def beats(self, connection: sa.Connection) -> Sequence[Beat]:
        """Give the members' newest beats, the acting one's first."""
        standing = self.lease(connection)
        now, found = self._database.now(connection), []
        for row in connection.execute(sa.select(BEATS).where(BEATS.c.run == self._run)).all():
            acting, age = _acts(row, standing), (now - row.at).total_seconds()
            if acting or age < LONG_GONE:
                found.append(Beat(Member(**json.loads(row.member)), acting, utc(row.at), age, row.fence))
        return sorted(found, key=lambda beat: (not beat.acting, beat.age))

    def _age(self, connection: sa.Connection, standing: Lease) -> float:
        """Give the seconds since the holder last beat under its lease; endless when it says that it does not act."""
        mine = (BEATS.c.run == self._run, BEATS.c.guard == standing.holder.guard)
        row = connection.execute(sa.select(BEATS).where(*mine)).first()
        if row is None or not _acts(row, standing):
            return math.inf
        age: float = (self._database.now(connection) - row.at).total_seconds()
        return age

    def _beat(self, connection: sa.Connection, member: Member, fence: int) -> None:
        said = {"member": json.dumps(asdict(member)), "fence": fence, "at": self._database.now(connection)}
        mine = (BEATS.c.run == self._run, BEATS.c.guard == member.guard)
        if not connection.execute(sa.update(BEATS).where(*mine).values(**said)).rowcount:
            connection.execute(BEATS.insert().values(run=self._run, guard=member.guard, **said))


def _acts(row: sa.Row[Any], standing: Lease | None) -> bool:
    """Say whether a beat was made under the lease that stands: who took it and never learned so beats as a standby."""
    if standing is None or standing.released:
        return False
    return bool(row.guard == standing.holder.guard and row.fence == standing.fence)
