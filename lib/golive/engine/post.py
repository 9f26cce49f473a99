"""Everything that one guard is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from golive.core.plan import Plan
from golive.core.record import Draft, Who
from golive.engine.sources import Sources
from golive.ports import Book, Clock, DeadManSwitch, LastResort, Lines, Notifier, Store


async def _nothing() -> Sequence[Mapping[str, Any]]:
    return ()


def _nothing_kept() -> None:
    """Free nothing."""


class Late(Protocol):
    """Keeps entries that the record would not take."""

    def write(self, draft: Draft) -> None:
        """Keep a draft durably; OSError when there is no room."""

    def take_in(self, store: Store) -> int:
        """Append what is kept, oldest first, and give how many; StoreUnavailable when the record still refuses."""


@dataclass(frozen=True)
class Post:
    """The plan, what the guard reads, where it writes, who it tells.

    `token` is what the run's own world put into the router, "" when the run has no world;
    `operators` says who is at the wheel; `new_id` makes ids for entries; `late` keeps what the
    record would not take; `gone` says whether the run's own folder has been taken away; `stands`
    says where the guard stands, and `switch` is called as long as it acts.
    `resorts` are the plan's last resorts with the seconds after which each is used; `also_undo` looks at what a
    rollback does not undo; `reserve` frees what was kept back for a rollback; `lines` looks at the lines that the plan
    wants watched, None where it wants none.
    """

    plan: Plan
    who: Who
    sources: Sources
    store: Store
    book: Book
    notifiers: Sequence[Notifier]
    clock: Clock
    token: str
    operators: Callable[[], Sequence[Any]]
    new_id: Callable[[], str]
    late: Late
    gone: Callable[[], bool]
    code: str
    stands: Mapping[str, Any] = field(default_factory=dict)
    switch: DeadManSwitch | None = None
    resorts: Sequence[tuple[float, LastResort]] = ()
    also_undo: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]] = _nothing
    reserve: Callable[[], None] = _nothing_kept
    lines: Lines | None = None
