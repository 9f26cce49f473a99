"""Where runs are kept: what a store's driver gives, in a run's folder or for several hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from golive.core.claim import Claim
from golive.ports.store import Book, Store


class Keeping(Protocol):
    """What a store's driver gives for one run."""

    def ready(self) -> None:
        """Raise, before anything is made, for what would keep a run from being kept here."""

    def record(self, code: str, plan: str) -> Store:
        """Give the run's record; each entry that is appended carries the code's version and the plan's fingerprint."""

    def book(self) -> Book:
        """Give the guards' book."""


class Files(Protocol):
    """What another host needs of a run's folder."""

    def keep(self, files: Mapping[str, str]) -> None:
        """Keep texts by the names of their files; one that is kept already is replaced."""

    def read(self) -> Mapping[str, str]:
        """Give every text that is kept, by name; empty for a run that the store does not know."""


class Claims(Protocol):
    """Which run has which router."""

    def claim(self, claim: Claim) -> Claim | None:
        """Make a claim and give None; or give the one of another open run, which stands. A closed run's is void."""

    def release(self, router: str, run: str) -> None:
        """Take back a run's claim; nothing when another run's stands."""


@runtime_checkable
class Sharing(Keeping, Protocol):
    """A store that other hosts reach: it also keeps what they need of a run's folder, and the claims."""

    def files(self) -> Files:
        """Give what is kept of the run's folder."""

    def claims(self) -> Claims:
        """Give who has which router, of all runs in the store."""

    def runs(self, closed: bool = True) -> Sequence[str]:
        """Give the names of the runs in the store, those that are closed too or without them."""
