"""The guards' book in PostgreSQL: lease, beats, samples and looks, apart from the record and its lock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from golive.adapters.stores.database import Database
from golive.adapters.stores.lease_table import LeaseTable
from golive.adapters.stores.looks import LookTables
from golive.core.samples import Sample
from golive.ports import Beat, Clock, EvidenceNote, Lease, LookNote, Member

NO_LOCK = ""


class PostgresBook:
    """`golive.ports.Book` of one run, for guards on several hosts; the store's clock is the server's.

    Args:
        database: Where it stands.
        run: The run's name there.
        alive: The file on this host by which the run's own world lives, touched at each beat; None for none.
        clock: The reader's.
        boot: Id of this host's boot.
    """

    def __init__(self, database: Database, run: str, alive: Path | None, clock: Clock, boot: str) -> None:
        self._database, self._lock, self._alive = database, f"book {run}", alive
        self._lease, self._looks = LeaseTable(database, run), LookTables(database, run, clock, boot)

    def take(self, member: Member, over: int, silent: float) -> int | None:
        """Take the acting lease after fence `over` and give its fence; None when somebody else has it."""
        return self._database.write(self._lock, lambda at: self._lease.take(at, member, over, silent))

    def beat(self, member: Member, fence: int) -> bool:
        """Say that a member lives; also touches the file by which the world lives."""
        if self._alive is not None and self._alive.parent.is_dir():
            self._alive.touch()
        return self._database.write(NO_LOCK, lambda at: self._lease.beat(at, member, fence))

    def release(self, fence: int) -> None:
        """Give the lease of that fence back."""
        self._database.write(self._lock, lambda at: self._lease.release(at, fence))

    def leave(self, member: Member) -> None:
        """Forget a member that has ended."""
        self._database.write(self._lock, lambda at: self._lease.leave(at, member))

    def lease(self) -> Lease | None:
        """Give the newest lease, released or not."""
        return self._database.read(self._lease.lease)

    def beats(self) -> Sequence[Beat]:
        """Give the members' newest beats, the acting one's first."""
        return self._database.read(self._lease.beats)

    def add(self, samples: Sequence[Sample], look: LookNote, fence: int) -> bool:
        """Write one look with its samples; False when another holds the lease."""
        tried: list[LookNote] = []

        def act(at: sa.Connection) -> bool:
            if not self._lease.holds(at, fence):
                return False
            if not (tried and self._looks.written(at, look)):  # the answer to the first commit may have been lost
                tried.append(look)
                self._looks.add(at, samples, look)
            return True

        return self._database.write(self._lock, act)

    def samples(self, after: int = 0, most: int | None = None) -> Sequence[Sample]:
        """Give the samples but the first `after`, as they came; `most` at a time."""
        return self._looks.samples(after, most)

    def minutes(self, phase: str) -> Sequence[Sample]:
        """Give a phase's samples summed by the minute, in their order; their `at` means nothing."""
        return self._looks.minutes(phase)

    def trace(self, phase: str) -> Sequence[EvidenceNote]:
        """Give how far the evidence was at each look of a phase, in order."""
        return self._looks.trace(phase)

    def last_look(self) -> LookNote | None:
        """Give what the acting guard saw and thought last."""
        return self._looks.last_look()
