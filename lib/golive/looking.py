"""The process that looks at watched lines for a guard: asked by lines of JSON, it ends when nobody can ask any more."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from golive import wiring
from golive.adapters.checks.run import could_not, run_checks
from golive.core.errors import GoLiveError
from golive.run import Run


class Looking:
    """Looks at the lines of one run, side by side; what it reads with is made once."""

    def __init__(self, run: Run, answers: IO[bytes]) -> None:
        self._run, self._answers = run, answers
        self._uses = {(phase.name, use.called): use for phase in run.plan.phases for use in phase.watched}
        self._known, self._reads = wiring.known_checks(), wiring.sources(run)
        self._looks = set[asyncio.Task[None]]()

    def take(self, request: Mapping[str, Any]) -> None:
        """Begin one look; its finding is told when it is there."""
        look = asyncio.ensure_future(self._look(request["number"], request["phase"], request["line"]))
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)

    async def _look(self, number: int, phase: str, line: str) -> None:
        use = self._uses[phase, line]
        try:
            scene = wiring.scene(self._run, self._reads)
            (finding,) = await run_checks([use], self._known, scene)
        except GoLiveError as error:  # the run's world or record can't be reached: the next look may find it again
            why = str(error).splitlines()[0]
            finding = could_not(use, self._known[use.check], why, f"golive status {self._run.folder.name}")
        self._answers.write(json.dumps({"number": number, "finding": asdict(finding)}).encode() + b"\n")
        self._answers.flush()


def be_looking(folder: Path) -> None:
    """Look at what is asked for on standard input until that ends.

    Raises:
        GoLiveError: If the run can't be opened.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a check prints is no answer
    asyncio.run(_look(wiring.open_run(str(folder), "guard"), answers))


async def _look(run: Run, answers: IO[bytes]) -> None:
    loop, looking = asyncio.get_running_loop(), Looking(run, answers)

    def listen() -> None:
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(looking.take, json.loads(line))
        os._exit(0)  # at once, even while a check keeps the loop

    threading.Thread(target=listen, daemon=True).start()
    await loop.create_future()
