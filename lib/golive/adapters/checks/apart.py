"""Lines looked at in a process of their own: whatever a check does there, who asks for it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import IO, Any

from golive.adapters.checks.run import Known, could_not
from golive.core.phases import WatchedUse
from golive.core.plan import Plan
from golive.ports import Finding, Result

BEGINS_WITHIN = 20.0  # seconds beside a line's own limit: the process may have to be started first
FIELDS = {field.name for field in fields(Finding)}


class Gone(Exception):
    """The process that looks has ended."""


class LinesApart:
    """Asks one process, by one line of JSON for each look; begins it when it is needed, and again when it is gone.

    The process ends by itself once nobody can ask it any more (its standard input ends); one that does not answer in
    time is ended, and what else was asked of it could not be measured then.
    """

    def __init__(
        self, plan: Plan, known: Mapping[str, Known], command: Sequence[str], begins_within: float = BEGINS_WITHIN
    ) -> None:
        self._uses = {(phase.name, use.called): use for phase in plan.phases for use in phase.watched}
        self._known, self._command, self._begins_within = known, command, begins_within
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0

    async def look(self, phase: str, called: str) -> Finding:
        """Look at one line of a phase now; KeyError for a line that the plan does not want watched."""
        use = self._uses[phase, called]
        limit = use.within.total_seconds() + self._begins_within
        try:
            async with asyncio.timeout(limit):
                said = await self._ask({"phase": phase, "line": called})
            return Finding(**{name: said[name] for name in FIELDS & said.keys()} | {"result": Result(said["result"])})
        except TimeoutError:
            self.end()
            return self._could_not(use, f"no answer in {limit:g} s: what looked was ended, and is begun again")
        except (Gone, OSError) as error:
            self.end()
            return self._could_not(use, f"what looks at it has ended: {error}")

    def _could_not(self, use: WatchedUse, why: str) -> Finding:
        return could_not(use, self._known[use.check], why, "see guard.log of the run")

    async def _ask(self, request: dict[str, str]) -> dict[str, Any]:
        process = self._running()
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps({"number": number, **request}).encode() + b"\n")
            process.stdin.flush()
            said: dict[str, Any] = await answer
        finally:
            self._asked.pop(number, None)
        return said

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, start_new_session=True)
            assert self._process.stdout is not None
            told = (asyncio.get_running_loop(), self._process.stdout, self._process)
            threading.Thread(target=self._read, args=told, daemon=True).start()
        return self._process

    def _read(self, loop: asyncio.AbstractEventLoop, answers: IO[bytes], process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            with contextlib.suppress(ValueError, OSError):  # no answer of ours, or a pipe that was closed: it is gone
                for line in answers:
                    loop.call_soon_threadsafe(self._take, json.loads(line))
            loop.call_soon_threadsafe(self._lost, process)

    def _take(self, said: dict[str, Any]) -> None:
        answer = self._asked.get(said["number"])
        if answer is not None and not answer.done():
            answer.set_result(said["finding"])

    def _lost(self, process: subprocess.Popen[bytes]) -> None:
        if process is not self._process:
            return
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(Gone("its process is gone"))

    def end(self) -> None:
        """End the process and what it has started in its session, if it runs; it is begun again when asked."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(Gone("its process was ended"))
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()
