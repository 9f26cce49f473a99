"""What keeps visitors off the canary when the router does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Used:
    """What came of a last resort: `what` says what it did, or why it could not, in one line."""

    done: bool
    what: str


class LastResort(Protocol):
    """Keeps visitors off the canary when the router does not: ends its processes, makes its health fail.

    `use` never raises for the outside world's trouble, and doing it again changes nothing; `by_hand` gives a shell
    line that does the same, or a sentence behind a `#`.
    """

    name: str

    async def use(self, reason: str) -> Used: ...

    def by_hand(self) -> str: ...
