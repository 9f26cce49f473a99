"""Intents without an outcome: what was begun, and nobody wrote down what came of it."""

from __future__ import annotations

from collections.abc import Iterable

from golive.core.record import Entry, Kind


def unresolved(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give the intents that have no outcome, oldest first."""
    begun: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind is Kind.INTENT:
            begun[entry.id] = entry
        elif entry.kind is Kind.OUTCOME:
            begun.pop(str(entry.body.get("intent")), None)
    return tuple(begun.values())
