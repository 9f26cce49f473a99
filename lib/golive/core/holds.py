"""When the guard held a run, why, and for how long. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from golive.core.record import Entry, Kind
from golive.core.verdict import Hold, Word


@dataclass(frozen=True)
class Held:
    """One stretch of the same hold; `lasted` is None while it goes on."""

    phase: str
    at: str
    hold: str
    reason: str
    lasted: timedelta | None = None


def holds(entries: Sequence[Entry]) -> tuple[Held, ...]:
    """Give each hold but a soak that is simply not over yet, until the next verdict, the phase's end, or a rollback."""
    return tuple(
        Held(entry.phase, entry.at, str(entry.body["hold"]), str(entry.body["reason"]), _lasted(entry, entries[n:]))
        for n, entry in enumerate(entries, 1)
        if entry.kind is Kind.VERDICT and entry.body["word"] == Word.HOLD and entry.body.get("hold") != Hold.SOAKING
    )


def _lasted(held: Entry, following: Sequence[Entry]) -> timedelta | None:
    end = next((entry for entry in following if _ends(held, entry)), None)
    return datetime.fromisoformat(end.at) - datetime.fromisoformat(held.at) if end is not None else None


def _ends(held: Entry, entry: Entry) -> bool:
    closed = entry.kind is Kind.PHASE_CLOSED and entry.phase == held.phase
    back = entry.kind is Kind.OUTCOME and entry.body["act"] == "rollback" and entry.body["result"] == "done"
    return closed or back or entry.kind in (Kind.VERDICT, Kind.RUN_CLOSED)
