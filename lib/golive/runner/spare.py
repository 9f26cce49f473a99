"""The next page's kernel: started and warmed while the page before it still runs."""

from __future__ import annotations

from pathlib import Path

from golive.runner.kernels import WarmKernel

PRELOAD = ("golive.runner.preload",)


class Spare:
    """At most one kernel that waits for its page. None is used twice; `close` leaves none behind."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._next: WarmKernel | None = None

    def make(self) -> None:
        """Start a kernel for the next page, unless one waits already; OSError when it can't be started."""
        if self._next is not None:
            return
        kernel = WarmKernel(extensions=PRELOAD, log=self._log)
        try:
            kernel.start()
        except BaseException:
            kernel.shut()
            raise
        self._next = kernel

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
