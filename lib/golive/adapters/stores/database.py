"""What a store asks of its database: one short transaction at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class Database(Protocol):
    """A database whose trouble, whatever it is, comes as StoreUnavailable, and never as a hang."""

    def write(self, lock: str, act: Callable[[sa.Connection], T]) -> T:
        """Do `act` in a transaction of its own that holds the lock of that name, if any; durable when this returns.

        It may be done once more where the answer to a commit was lost, so `act` does nothing twice. What it
        raises takes the transaction back.
        """

    def read(self, act: Callable[[sa.Connection], T]) -> T:
        """Do `act`, which only reads, without a lock."""

    def now(self, connection: sa.Connection) -> datetime:
        """Give the time by which entries are dated."""
