"""What a standby does meanwhile: it reads what the acting guard has written, so that a takeover forgets nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import groupby

from golive.core.digest import undigested
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.core.samples import Sample
from golive.core.state import State
from golive.engine.sight import Sight
from golive.ports import Book, Store

AT_ONCE = 2000


class Following:
    """Reads record and book in the order in which the acting guard took them in, and judges nothing.

    `state` is where the run stood when the newest of the samples was taken in; `began_with` the version of the code
    that opened the run, "" before that was read; `closed` whether the run is over.
    """

    def __init__(self, store: Store, book: Book, sight: Sight) -> None:
        self._store, self._book, self._sight = store, book, sight
        self.state = State()
        self._entries: deque[Entry] = deque()
        self._read = self._folded = self._taken = 0
        self._undigested: list[Sample] = []
        self.closed, self.began_with = False, ""

    def newest(self) -> tuple[State, int]:
        """Give where the run stands after everything that was read, and how many entries that are."""
        return fold(self._entries, self.state), self._read

    def undigested(self) -> Sequence[Sample]:
        """Give the samples of the minutes that no entry digests yet."""
        return self._undigested

    def step(self) -> bool:
        """Read on, so many samples at once that it takes no time; say whether everything was read.

        Raises:
            StoreUnavailable: If record or book can't be read just now; the next step goes on from here.
        """
        samples = self._book.samples(self._taken, AT_ONCE)
        fresh = self._store.read(self._read)  # after the samples, so that it holds every entry that they know
        self._read += len(fresh)
        self._entries.extend(fresh)
        if fresh and not self.began_with:
            self.began_with = str(fresh[0].body["versions"]["golive"])
        self.closed = self.closed or any(entry.kind is Kind.RUN_CLOSED for entry in fresh)
        digests = [entry for entry in fresh if entry.kind is Kind.DIGEST]
        self._undigested = undigested([*self._undigested, *samples], digests)
        for known, together in groupby(samples, key=_known):
            self._fold(known)
            self._sight.follow(self.state, list(together))
        self._taken += len(samples)
        return len(samples) < AT_ONCE

    def _fold(self, known: int) -> None:
        while self._entries and self._folded < known:
            self.state = fold((self._entries.popleft(),), self.state)
            self._folded += 1


def _known(sample: Sample) -> int:
    return sample.known
