"""Kernels that are started and warmed while something else goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

PRELOAD = ("golive.notebook", "golive.pages.charts", "golive.adapters.metrics.sandbox", "golive.adapters.checks.site")
READY = 60.0


class WarmKernel:
    """One fresh kernel for one page: `take` it, use it, `shut` it."""

    def __init__(self, preload: Sequence[str] = PRELOAD) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="golive-")
        connection = str(Path(self._folder.name) / "kernel.json")
        self._manager = KernelManager(kernel_name="python3", transport="ipc", connection_file=connection)
        self._manager.ip = str(Path(self._folder.name) / "k")
        self._failed: Exception | None = None
        self._pid = 0
        self._thread = threading.Thread(target=self._warm, args=(tuple(preload),), daemon=True)
        self._thread.start()

    def _warm(self, preload: Sequence[str]) -> None:
        try:
            self._manager.start_kernel()
            self._pid = int(getattr(self._manager.provisioner, "pid", 0) or 0)
            client = BlockingKernelClient(connection_file=self._manager.connection_file)
            client.load_connection_file()
            client.start_channels()
            client.wait_for_ready(timeout=READY)
            client.execute_interactive(
                "\n".join(f"import {name}" for name in preload),
                silent=True,
                store_history=False,
                output_hook=lambda message: None,
                timeout=READY,
            )
            client.stop_channels()
            # What executes the page must not block on a channel, or it never learns that the kernel died.
            self._manager.client_class = "jupyter_client.asynchronous.AsyncKernelClient"
        except Exception as error:  # handed over by take(), in the caller's own thread
            self._failed = error

    def take(self) -> KernelManager:
        """Give the kernel's manager once it is warm; raises what kept it from starting."""
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        return self._manager

    def usable(self) -> bool:
        """Say whether it is warm and lives."""
        self._thread.join()
        try:
            return self._failed is None and psutil.Process(self._pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def kill(self) -> None:
        """End the kernel's process at once; whoever waits for a cell learns that it died."""
        with contextlib.suppress(ProcessLookupError):
            if self._pid:
                os.kill(self._pid, signal.SIGKILL)

    def shut(self) -> None:
        """End the kernel and leave nothing behind."""
        self._thread.join(READY)
        with contextlib.suppress(RuntimeError):
            self._manager.shutdown_kernel(now=True)
        self._folder.cleanup()
