"""The next page's kernel: started and warmed while the page before it still runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from golive.core.errors import GoLiveError
from golive.execution.kernels import WarmKernel

PRELOAD = ("golive.runner.preload",)
POLL = 0.25


class Spare:
    """At most one kernel that waits for its page. None is used twice; `close` leaves none behind."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._next: WarmKernel | None = None

    def make(self) -> None:
        """Start a kernel for the next page, unless one waits already; OSError when it can't be started."""
        if self._next is None:
            kernel = WarmKernel(extensions=PRELOAD, log=self._log)
            try:
                kernel.start()
            except BaseException:
                kernel.shut()
                raise
            self._next = kernel

    @contextlib.contextmanager
    def once(self, ready: Callable[[], bool]) -> Iterator[None]:
        """Make one as soon as `ready` says so, while the body goes on."""
        over = threading.Event()

        def watch() -> None:
            while True:
                # A spare saves time and decides nothing: `take` starts one when there is none, and raises.
                with contextlib.suppress(OSError, GoLiveError):
                    if ready():
                        return self.make()
                if over.wait(POLL):
                    return

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def take(self) -> WarmKernel:
        """Give a kernel that lives: the one that waits, or a new one when it has died or there is none."""
        if self._next is not None and not self._next.lives:
            self.close()
        self.make()
        kernel, self._next = self._next, None
        assert kernel is not None
        return kernel

    def close(self) -> None:
        """End the kernel that waits."""
        kernel, self._next = self._next, None
        if kernel is not None:
            kernel.shut()
