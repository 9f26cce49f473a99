"""File descriptors kept back, so that a process that has used up all others can still roll back."""

from __future__ import annotations

import contextlib
import os

KEPT_BACK = 24  # the router, the record with its journal, a late entry, and a command of a last resort


class Reserve:
    """Holds descriptors until they are needed."""

    def __init__(self, number: int = KEPT_BACK) -> None:
        self._held: list[int] = []
        with contextlib.suppress(OSError):
            for _ in range(number):
                self._held.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))

    def release(self) -> None:
        """Let them go, for whoever comes next in this process."""
        while self._held:
            os.close(self._held.pop())
