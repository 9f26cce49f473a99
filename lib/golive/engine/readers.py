"""The readers of one guard: tasks without an end, and one that fails is begun again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence


class Readers:
    """Tasks of their own; `begin` makes all of them anew, always in the same order.

    A driver that raises is a mistake in the driver. Its guard goes on without what it would have read, which is not
    measured then, and is no reason for the pair to fall one after the other.
    """

    def __init__(self, begin: Callable[[], Sequence[Awaitable[None]]]) -> None:
        self._begin = begin
        self._tasks = [asyncio.ensure_future(reader) for reader in begin()]

    def mend(self) -> list[str]:
        """Begin those again that have failed, and say with what."""
        failed = [number for number, task in enumerate(self._tasks) if task.done() and not task.cancelled()]
        if not failed:
            return []
        said = []
        for number, reader in enumerate(self._begin()):
            if number in failed:
                error = self._tasks[number].exception()
                said.append(f"{type(error).__name__}: {error}")
                self._tasks[number] = asyncio.ensure_future(reader)
            elif isinstance(reader, Coroutine):
                reader.close()
        return said

    def end(self) -> None:
        """End them all."""
        for task in self._tasks:
            task.cancel()
