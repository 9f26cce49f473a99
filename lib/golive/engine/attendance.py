"""Whether anybody is at the wheel, as a guard sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from golive.core.record import Entry

GUARD = "guard"


class Attendance:
    """For how long nobody has been at the wheel: no operator's process on this host, and nothing of theirs recorded.

    Args:
        operators: Gives those whose processes live on this host.
        now: When it begins to look, in the guard's monotonic seconds.
    """

    def __init__(self, operators: Callable[[], Sequence[Any]], now: float) -> None:
        self._operators, self._seen_at = operators, now

    def take(self, entries: Iterable[Entry], now: float) -> None:
        """Take what the record has new: whatever a guard has not written, somebody did, on whichever host."""
        if any(entry.who["name"] != GUARD for entry in entries):
            self._seen_at = now

    def unattended(self, now: float) -> float:
        """Give the seconds since somebody was there; a folder that can't be read says nothing against anybody."""
        try:
            there = bool(self._operators())
        except OSError:  # as without free descriptors
            there = True
        if there:
            self._seen_at = now
        return now - self._seen_at
