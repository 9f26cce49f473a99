"""One run, open: its folder, its frozen plan, its record and its book."""

from __future__ import annotations

import hashlib
import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from golive.core.folding import fold
from golive.core.pair import acting_silent, unguarded
from golive.core.phases import UNFILLED
from golive.core.plan import Plan
from golive.core.record import Draft, Entry, Kind, Who
from golive.core.state import State
from golive.folders import RunFolder
from golive.ports import Book, Clock, Store


@dataclass(frozen=True)
class Run:
    """An open run, in the hands of `who`."""

    folder: RunFolder
    plan: Plan
    store: Store
    book: Book
    clock: Clock
    who: Who

    def append(
        self, kind: Kind, body: dict[str, Any], phase: str = "", may: Callable[[Sequence[Entry]], None] | None = None
    ) -> Entry:
        """Append one entry in this process's name; `may` sees the record under the write lock and raises to refuse."""
        return self.store.append(Draft(new_id(), kind, self.who, body, phase), may)

    def state(self) -> State:
        """Give where the run stands."""
        return fold(self.store.read())

    def guard_silent(self) -> bool:
        """Say whether no guard acts: none has beaten for `guard_silent`.

        Raises:
            StoreUnavailable: If the book can't be reached, so that nobody here knows.
        """
        return acting_silent(self.book.beats(), self.plan.guarding.guard_silent.total_seconds())

    def unguarded(self) -> bool:
        """Say whether no guard lives that would act or take over: none, acting or standby, beat in `guard_silent`.

        Raises:
            StoreUnavailable: If the book can't be reached, so that nobody here knows.
        """
        return unguarded(self.book.beats(), self.plan.guarding.guard_silent.total_seconds())


def new_id() -> str:
    """Give an id for an entry."""
    return uuid.uuid4().hex


def opening(folder: RunFolder, plan: Plan, code: str, *, alone: bool, unattended: bool, page: str) -> dict[str, Any]:
    """Give the body of a run's first entry. `page` names the notebook that opened it, "" for none that is known."""
    known = {role: person.name for role, person in plan.roles.items() if person.name not in UNFILLED}
    phases = [
        {
            **p.model_dump(include={"name", "title", "notebook", "share"}),
            "kind": p.kind.value,
            "approvals": [[role, known.get(role, "")] for role in p.approvals],
            "responsible": [[role, known.get(role, "")] for role in p.responsible],
        }
        for p in plan.phases
    ]
    return {
        "run": folder.name,
        "plan": plan.name,
        "title": plan.title,
        "site": plan.site.name,
        "world": plan.world.driver,
        "store": plan.store.model_dump(),
        "alone": alone,
        "unattended": unattended,
        "page": page,
        "note": plan.note,
        "safe_for": plan.after_cutover.rollback_safe_until.total_seconds(),
        "phases": phases,
        "people": sorted(set(known.values())),
        "plan_sha256": hashlib.sha256(folder.plan.read_bytes()).hexdigest(),
        "versions": {"golive": code, "python": sys.version.split()[0]},
    }
