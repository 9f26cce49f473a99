"""What is written down: the record, and the book that only guards write. Both are synchronous."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from golive.core.pair import Beat, Lease, Member
from golive.core.record import Draft, Entry
from golive.core.samples import Sample


class Store(Protocol):
    """The record: append-only and hash-chained, shared by several processes."""

    def append(self, draft: Draft, may: Callable[[Sequence[Entry]], None] | None = None) -> Entry: ...

    def read(self, after: int = 0) -> Sequence[Entry]: ...


@dataclass(frozen=True)
class LookNote:
    """What the guard saw and thought in one look, as JSON-able values for the views."""

    at: float
    utc: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class EvidenceNote:
    """How far each measure's evidence was: to roll back, and to proceed, as shares of what it takes."""

    utc: str
    shares: Mapping[str, Sequence[float]]


class Book(Protocol):
    """What only guards write: the lease, beats, samples, looks. Readers never block the writer.

    Ages are reckoned on the store's own clock, the same for all its guards: what another boot of its host wrote is
    older than everything. A method raises StoreUnavailable when the book can't be reached: its caller then knows
    nothing about any guard.
    """

    def take(self, member: Member, over: int, silent: float) -> int | None:
        """Take the acting lease and give its fence, greater than every one before; None when somebody else has it.

        Args:
            over: The fence that the caller saw, 0 when there was no lease: it has to be the newest one still.
            silent: Seconds for which the holder must not have beaten, unless it has released or left it.
        """

    def beat(self, member: Member, fence: int) -> bool:
        """Say that a member lives: under its lease's fence when it acts, under 0 when it stands by.

        False when another holds the lease by now: the caller steps down at once.
        """

    def release(self, fence: int) -> None:
        """Give the lease of that fence back, if it is the newest still, so that the next member may take it at once."""

    def leave(self, member: Member) -> None:
        """Forget a member that has ended: it beats no more, and a lease that it holds may be taken at once."""

    def lease(self) -> Lease | None:
        """Give the newest lease, released or not; None when nobody has ever acted."""

    def beats(self) -> Sequence[Beat]:
        """Give the newest beat of each member that has not left and is not long gone; the acting one's first."""

    def add(self, samples: Sequence[Sample], look: LookNote, fence: int) -> bool:
        """Write one look with its samples; False, and nothing is written, when another holds the lease by now."""

    def samples(self, after: int = 0, most: int | None = None) -> Sequence[Sample]:
        """Give the samples but the first `after`, as they came; `most` at a time, or all.

        Their `at` is on the reader's own monotonic clock.
        """

    def minutes(self, phase: str) -> Sequence[Sample]:
        """Give a phase's samples summed by the minute, in their order; for pictures: their `at` means nothing."""

    def trace(self, phase: str) -> Sequence[EvidenceNote]:
        """Give how far the evidence was at each look of a phase, in order."""

    def last_look(self) -> LookNote | None:
        """Give what the acting guard saw and thought last; its `at` on the reader's own monotonic clock."""
