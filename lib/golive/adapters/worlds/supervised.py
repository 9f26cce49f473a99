"""A world of child processes under a supervisor of its own: started for a run, and gone with it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil

from golive.core.errors import WorldFailed
from golive.folders import RunFolder
from golive.sandbox.faults import Fault
from golive.wanted import fault_among

EXAMPLE_URL = "http://127.0.0.1:65535"
EXAMPLE = {
    **dict.fromkeys(("router", "control", "stable", "canary", "visitors"), EXAMPLE_URL),
    "logs": {"stable": "/logs/stable.jsonl", "canary": "/logs/canary.jsonl"},
}
START_DEADLINE = 30.0
STOP_DEADLINE = 2.0


class SupervisedWorld:
    """What worlds share: a supervisor in a session of its own writes `world.json` once everything answers.

    Args:
        folder: The run's.
        called: What people call this world.
        module: The supervisor's module.
        options: What it takes beside folder, share and the file it lives by.
        faults: What can be made to go wrong here.
    """

    def __init__(
        self, folder: RunFolder, called: str, module: str, options: Sequence[str], faults: Sequence[Fault]
    ) -> None:
        self._folder, self._called, self._module = folder, called, module
        self._options, self._faults = list(options), tuple(faults)
        self._launched: subprocess.Popen[bytes] | None = None

    @property
    def told(self) -> Mapping[str, Any]:
        """What `world.json` says; FileNotFoundError before it was started."""
        said: Mapping[str, Any] = json.loads(self._folder.world.read_text())
        return said

    def launch(self, share: float) -> None:
        """Begin to start it, with the canary at `share` (0 to 1).

        Raises:
            WorldFailed: If it runs already.
        """
        if self._supervisor() is not None:
            raise WorldFailed(
                f"a {self._called} runs in {self._folder.name} already\nNEXT     golive stop {self._folder.name}"
            )
        self._folder.logs.mkdir(parents=True, exist_ok=True)
        self._folder.world.unlink(missing_ok=True)
        command = [sys.executable, "-m", self._module, "--folder", str(self._folder.work)]
        command += ["--share", str(share), "--alive", str(self._folder.alive), *self._options]
        with self._log.open("a") as log:
            self._launched = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self) -> None:
        """Return once it answers; WorldFailed, with what its log says last, when it does not."""
        until = time.monotonic() + START_DEADLINE
        while time.monotonic() < until:
            if self._folder.world.exists():
                return
            if self._launched is not None and self._launched.poll() is not None:
                raise WorldFailed(self._last_words())
            time.sleep(0.02)
        raise WorldFailed(f"the {self._called} did not start in {START_DEADLINE:.0f} s\nNEXT     read {self._log}")

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
            WorldFailed: If it can't be had in this world, or the process that should have it does not answer.
        """
        fault = fault_among(name, self._faults, self._called)
        gone = f"the {self._called} of {self._folder.name} does not answer\nNEXT     golive status {self._folder.name}"
        if not self._folder.world.exists():
            raise WorldFailed(gone)
        async with httpx.AsyncClient(timeout=3.0) as client:
            for place in fault.place:
                try:
                    answer = await client.post(f"{self.told[place]}/-/fault", json={"name": fault.value, "on": on})
                except (httpx.RemoteProtocolError, httpx.ReadError):
                    if fault is not Fault.CRASH:
                        raise WorldFailed(gone) from None
                    continue
                except httpx.TransportError:
                    raise WorldFailed(gone) from None
                if answer.status_code != 200:
                    raise WorldFailed(f"{fault} was not set in {place}: {answer.text[:200]}\nNEXT     read {self._log}")

    @property
    def _log(self) -> Path:
        return self._folder.logs / "supervisor.log"

    def _last_words(self) -> str:
        """Give what a supervisor that has ended said last: two lines when the second says what to do next."""
        lines = self._log.read_text(errors="replace").splitlines()[-2:]
        if lines and lines[-1].startswith("NEXT"):
            return "\n".join(lines)
        said = lines[-1][:300] if lines else "it said nothing"
        return f"the {self._called} did not start: {said}\nNEXT     read {self._log}"

    def _supervisor(self) -> psutil.Process | None:
        if not self._folder.world.exists():
            return None
        told = self.told
        try:
            process = psutil.Process(int(told["pid"]))
            return process if abs(process.create_time() - float(told["started"])) < 0.01 else None
        except psutil.NoSuchProcess:
            return None
