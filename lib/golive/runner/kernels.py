"""Fresh kernels that warm up while something else goes on."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from jupyter_client.manager import AsyncKernelManager

KERNEL = "python3"


class WarmKernel:
    """One process for one page: start it, hand its `manager` to papermill, shut it.

    The process loads `extensions` (IPython extensions, by module) before it answers, so warming needs no
    client and no thread that waits for one. The manager is the class that nbclient makes for itself: its
    client is asynchronous, so nothing blocks nbclient's loop while a cell runs, and once a second nbclient
    asks the manager whether the process lives. That answer is `waitpid`, not a heartbeat: it holds from the
    first second and in whichever thread or event loop the kernel was started.
    """

    def __init__(self, *, extensions: Sequence[str] = (), log: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="golive-")  # short, because a socket's path is bounded
        self.manager = AsyncKernelManager(
            kernel_name=KERNEL, transport="ipc", connection_file=str(Path(self._folder.name) / "kernel.json")
        )
        self.manager.ip = str(Path(self._folder.name) / "k")
        self._arguments = [f"--IPKernelApp.extra_extensions={name}" for name in extensions]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and return at once; OSError when it can't be started.

        It must not be called where an event loop runs.
        """
        output: IO[bytes] | int = self._log.open("ab") if self._log else subprocess.DEVNULL
        try:
            asyncio.run(self._start(output))
        finally:
            if not isinstance(output, int):
                output.close()

    async def _start(self, output: IO[bytes] | int) -> None:
        await self.manager.start_kernel(extra_arguments=self._arguments, stdout=output, stderr=output)
        self._process = self.manager.provisioner.process

    @property
    def lives(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process's number; None before it was started."""
        return self._process.pid if self._process else None

    def kill(self) -> None:
        """End the process at once; whoever waits for a cell learns within a second that it died."""
        if self._process is not None:
            self._process.kill()

    def shut(self) -> None:
        """End the process and leave nothing behind, however often it is called."""
        try:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                asyncio.run(self.manager.shutdown_kernel(now=True))
        finally:
            self._process = None
            self._folder.cleanup()
