"""The sandbox as a world: started for a run, and gone with it."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import psutil

from golive.core.errors import NameUnknown, WorldFailed
from golive.core.scalars import Number, Part, YesNo
from golive.drivers import Around
from golive.folders import RunFolder
from golive.sandbox.address import WorldAddress
from golive.sandbox.faults import Fault

START_DEADLINE = 30.0
STOP_DEADLINE = 2.0


class SandboxWorld:
    """`golive.ports.World` of one run: stable, canary, router and visitors on loopback."""

    class Settings(Part):
        """`rate` is visitors' requests a second; a `calm` world fails and dawdles less; `sticky` sets a cookie."""

        rate: Number = 340.0
        calm: YesNo = False
        sticky: YesNo = False

    @classmethod
    def made(cls, settings: Settings, around: Around) -> SandboxWorld:
        """Give the world of the run in `around.folder`."""
        assert around.folder is not None  # a world is made for a run
        return cls(around.folder, calm=settings.calm, rate=settings.rate, sticky=settings.sticky)

    def __init__(self, folder: RunFolder, *, calm: bool = False, rate: float = 340.0, sticky: bool = False) -> None:
        self._folder = folder
        self._options = ["--rate", str(rate), *(["--calm"] if calm else []), *(["--sticky"] if sticky else [])]

    @property
    def address(self) -> WorldAddress:
        """Where it answers; FileNotFoundError before it was started."""
        return WorldAddress.load(self._folder.world)

    def launch(self, share: float) -> None:
        """Begin to start it, in a session of its own, with the canary at `share` (0 to 1)."""
        if self._supervisor() is not None:
            raise WorldFailed(
                f"a sandbox runs in {self._folder.name} already\nNEXT     golive stop {self._folder.name}"
            )
        self._folder.logs.mkdir(parents=True, exist_ok=True)
        self._folder.world.unlink(missing_ok=True)
        command = [sys.executable, "-m", "golive.sandbox.supervisor", "--folder", str(self._folder.work)]
        command += ["--share", str(share), "--alive", str(self._folder.alive), *self._options]
        with (self._folder.logs / "supervisor.log").open("a") as log:
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def wait(self) -> None:
        """Return once it answers; WorldFailed, naming the log, when it does not."""
        until = time.monotonic() + START_DEADLINE
        while time.monotonic() < until:
            if self._folder.world.exists():
                return
            time.sleep(0.02)
        raise WorldFailed(
            f"the sandbox did not start in {START_DEADLINE:.0f} s\nNEXT     read {self._folder.logs}/supervisor.log"
        )

    def start(self, share: float) -> None:
        """Start it and return once it answers."""
        self.launch(share)
        self.wait()

    def stop(self) -> None:
        """Return once all its processes are gone."""
        supervisor = self._supervisor()
        if supervisor is None:
            return
        family = [supervisor, *supervisor.children(recursive=True)]
        supervisor.terminate()
        _, left = psutil.wait_procs(family, timeout=STOP_DEADLINE)
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=STOP_DEADLINE)

    async def fault(self, name: str, on: bool = True) -> None:
        """Switch a fault on or off.

        Raises:
            NameUnknown: If there is no such fault.
            WorldFailed: If the process that should have it does not answer.
        """
        fault = known_fault(name)
        gone = f"the sandbox of {self._folder.name} does not answer\nNEXT     golive status {self._folder.name}"
        if not self._folder.world.exists():
            raise WorldFailed(gone)
        async with httpx.AsyncClient(timeout=3.0) as client:
            for place in fault.place:
                url = f"{getattr(self.address, place)}/-/fault"
                try:
                    await client.post(url, json={"name": fault.value, "on": on})
                except (httpx.RemoteProtocolError, httpx.ReadError):
                    if fault is not Fault.CRASH:
                        raise WorldFailed(gone) from None
                except httpx.TransportError:
                    raise WorldFailed(gone) from None

    def _supervisor(self) -> psutil.Process | None:
        if not self._folder.world.exists():
            return None
        address = self.address
        try:
            process = psutil.Process(address.pid)
            return process if abs(process.create_time() - address.started) < 0.01 else None
        except psutil.NoSuchProcess:
            return None


def known_fault(name: str) -> Fault:
    """Give the fault of that name; NameUnknown with the nearest when there is none."""
    try:
        return Fault(name)
    except ValueError:
        raise NameUnknown("fault", name, [fault.value for fault in Fault]) from None
