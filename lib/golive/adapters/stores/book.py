"""The guards' book in a run's folder: lease, beats, samples and looks, which only guards write."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from golive.adapters.stores.lease import LeaseFiles
from golive.adapters.stores.looks import LOOKS, MINUTES, SAMPLES, TRACE, LookTables
from golive.adapters.stores.sqlite import SqliteDatabase, unavailable
from golive.core.samples import Sample
from golive.folders import RunFolder
from golive.ports import Beat, Clock, EvidenceNote, Lease, LookNote, Member


class SqliteBook:
    """`golive.ports.Book` in a run's folder: samples and looks in one SQLite file, lease and beats in files beside it.

    It is no record: a crash may cost its last second.

    Args:
        folder: The run's folder.
        clock: The store's clock and the reader's, which are the same on one host.
        boot: Id of this host's boot; what another boot wrote is older than everything.
        patience: Seconds to wait for whoever holds the samples' file.
    """

    def __init__(self, folder: RunFolder, clock: Clock, boot: str, patience: float = 5.0) -> None:
        self._path, self._alive = folder.book, folder.alive
        self._files = LeaseFiles(folder.guards, clock, boot)
        tables = [SAMPLES, MINUTES, TRACE, LOOKS]
        self._database = SqliteDatabase(self._path, tables, what="book", clock=clock, timeout=patience, durable=False)
        self._looks = LookTables(self._database, "", clock, boot)

    def take(self, member: Member, over: int, silent: float) -> int | None:
        """Take the acting lease after fence `over` and give its fence; None when somebody else has it."""
        with self._reached():
            return self._files.take(member, over, silent)

    def beat(self, member: Member, fence: int) -> bool:
        """Say that a member lives; also touches the file by which the world lives."""
        with self._reached():
            self._alive.touch()
            os.utime(self._alive)
            return self._files.beat(member, fence)

    def release(self, fence: int) -> None:
        """Give the lease of that fence back."""
        with self._reached():
            self._files.release(fence)

    def leave(self, member: Member) -> None:
        """Forget a member that has ended."""
        with self._reached():
            self._files.leave(member)

    def lease(self) -> Lease | None:
        """Give the newest lease, released or not."""
        with self._reached():
            return self._files.lease()

    def beats(self) -> Sequence[Beat]:
        """Give the members' newest beats, the acting one's first."""
        with self._reached():
            return self._files.beats()

    def add(self, samples: Sequence[Sample], look: LookNote, fence: int) -> bool:
        """Write one look with its samples; False when another holds the lease."""
        with self._reached():
            if not self._files.holds(fence):
                return False
        self._database.write("", lambda connection: self._looks.add(connection, samples, look))
        return True

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

    def _reached(self) -> contextlib.AbstractContextManager[None]:
        return unavailable("book", self._path)
