"""Exit statuses, and the words by which the record says the same."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses."""

    COMPLETED = 0
    ERROR = 1
    USAGE = 2
    ROLLED_BACK = 3
    HELD = 4
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def result(self) -> str:
        """How the record closes a run that ends like this."""
        return _RESULTS.get(self, "interrupted")

    @classmethod
    def of(cls, result: str) -> Exit:
        """Give the status of a run that the record closed as `result`."""
        return next((status for status, word in _RESULTS.items() if word == result), cls.ERROR)


_RESULTS = {
    Exit.COMPLETED: "completed",
    Exit.ROLLED_BACK: "rolled-back",
    Exit.HELD: "held",
    Exit.ERROR: "error",
}
