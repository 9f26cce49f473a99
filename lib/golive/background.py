"""What goes on beside the main thread, and ends with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType


class Background:
    """A daemon thread that does `work` once it is begun, until that returns.

    `work` is given the event that is set when it should end; it may wait on that between two looks. What it raises
    is kept in `failed`, for whoever ends it to ask.
    """

    def __init__(self, work: Callable[[threading.Event], None]) -> None:
        self._work, self._over = work, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failed: Exception | None = None

    def begin(self) -> Background:
        """Begin it."""
        self._thread.start()
        return self

    def end(self) -> None:
        """Let it end, without waiting for that."""
        self._over.set()

    def __enter__(self) -> Background:
        return self.begin()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work(self._over)
        except Exception as error:  # handed over to the thread that ends this one
            self.failed = error


def repeatedly(seconds: float, step: Callable[[], bool], over: threading.Event) -> None:
    """Take a step every so often until it says that it is the last, or `over` is set."""
    while not step():
        if over.wait(seconds):
            return
