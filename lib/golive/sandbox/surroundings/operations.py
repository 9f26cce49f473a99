"""What the operations of the sandbox's site answer: migrations, and more of what a go-live asks for."""

from __future__ import annotations

from typing import Any

from golive.sandbox.faults import Fault

MIGRATIONS = tuple(f"{number:04}_{name}" for number, name in enumerate(("users", "orders", "chat", "replies"), 1))


def migrations(faults: frozenset[Fault]) -> dict[str, Any]:
    """Give which migrations the staging's database has, and which it has not."""
    pending = MIGRATIONS[-1:] if Fault.MIGRATION_PENDING in faults else ()
    return {"database": "staging", "applied": [m for m in MIGRATIONS if m not in pending], "pending": list(pending)}


ANSWERS = {"migrations": migrations}
