"""SIGINT and SIGTERM: noted, however often they come, so that an end is always a tidy one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from golive.runner.exits import Exit

ENDS = {
    signal.SIGINT: (Exit.INTERRUPTED, "ended by SIGINT"),
    signal.SIGTERM: (Exit.TERMINATED, "ended by SIGTERM"),
}


class Signals:
    """While it is open, a signal raises nothing: `came` says it, and what `then` was given is called.

    The first signal decides how the rehearsal ends; later ones only repeat the call.
    """

    def __init__(self) -> None:
        self.came: tuple[Exit, str] | None = None
        self._then: Callable[[], None] = _nothing
        self._before: dict[signal.Signals, Any] = {}

    def then(self, act: Callable[[], None]) -> None:
        """Name what a signal does besides being noted; done at once when one has come already."""
        self._then = act
        if self.came is not None:
            act()

    def over(self) -> None:
        """Take back what `then` was given."""
        self._then = _nothing

    def __enter__(self) -> Signals:
        self._before = {number: signal.signal(number, self._handle) for number in ENDS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.came = self.came or ENDS[signal.Signals(number)]
        self._then()


def _nothing() -> None:
    return None
