"""An operator in a process of its own: steps a run through its acts with what the pages call, and without a notebook.

Every step is what a cell is: it may be stopped or interrupted, and is then run again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

PATIENCE = 12.0  # seconds for which a step that was stopped is tried again
PAUSE = 0.3
TRIES = 20
LINGER = 10.0
OPERATOR = "benchmark"
MEANT = "it is meant"
ENDED_WITHIN = 25.0


class NotPossible(Exception):
    """A step stayed stopped; says by what."""


class Operator:
    """Goes on with one run from where its record stands, to its end."""

    def __init__(self, run: Any, ending: str, failing: Callable[[], None]) -> None:
        self._run, self._ending, self._failing = run, ending, failing

    def operate(self) -> None:
        """Bring the run to its end, and close it."""
        from golive.notebook import open_phase
        from golive.start import Start

        name = str(self._run.folder.root)
        try:
            start = Start(self._run)
            self._step(start.await_world)
            self._step(start.await_guard)
            for phase in self._run.plan.phases:
                if not self._run.state().named(phase.name).over:
                    self._phase(self._step(lambda: open_phase(run=name, phase=phase.name, operator=OPERATOR)))  # noqa: B023  over by then
        except NotPossible as error:
            print("operator:", error, flush=True)
        self._end()

    def _phase(self, page: Any) -> None:
        self._checked(page)
        if page.here.kind == "preflight":
            self._step(page.baseline)
        if page.here.shifts:
            self._step(page.shift)
            if self._ending == "sick" and page.here.share < 1:
                self._failing()
            self._step(page.prove)
        if self._run.plan.phase(page.phase).soak:
            self._step(page.soak)
        if self._ending in ("back", "lingering") and page.here.shifts:
            self._step(lambda: page.rollback(because="the window is over"))
            if self._run.state().rollback is None:  # asked once more, as where stable does not answer
                self._step(lambda: page.rollback(because="the window is over", even_though=MEANT))
            time.sleep(LINGER if self._ending == "lingering" else 0.0)
            raise NotPossible("rolled back by its operator")
        self._step(lambda: self._handed_over(page))

    def _checked(self, page: Any) -> None:
        """Check until all is well, or patience is over."""
        until = time.monotonic() + PATIENCE
        while True:
            self._step(page.checks)
            if page.here.checks["start"].passed or time.monotonic() > until:
                return
            time.sleep(PAUSE)

    def _handed_over(self, page: Any) -> Any:
        """Decide and close; what the guard said worse meanwhile is judged anew."""
        self._decided(page)
        return page.close()

    def _decided(self, page: Any) -> None:
        """Judge and decide; a HOLD is judged again until patience is over."""
        until = time.monotonic() + PATIENCE
        while True:
            self._step(page.judge)
            self._step(lambda: page.decide(""))
            decision = page.here.decision
            if decision is None or decision.choice == "proceed" or time.monotonic() > until:
                return
            time.sleep(PAUSE)

    def _end(self) -> None:
        """Send everybody back unless all phases are closed, and close the run."""
        from golive.core.errors import GoLiveError
        from golive.notebook import Desk

        desk = self._step(lambda: Desk(self._run), ends=False)
        until = time.monotonic() + ENDED_WITHIN
        while not desk.state.closed and time.monotonic() < until:
            state = desk.state
            try:
                if all(phase.over for phase in state.phases):
                    desk.close_run("completed", "every phase is closed")
                elif not state.canary_out or (state.rollback is not None and state.rollback.done):
                    desk.close_run("rolled-back" if state.rollback else "held", "it went no further")
                elif state.rollback is None or not state.rollback.open:
                    phase = state.phase.name if state.phase else ""
                    asyncio.run(desk.roll_back("the run can't go on", phase, MEANT))
                time.sleep(PAUSE)
            except (GoLiveError, KeyboardInterrupt) as error:
                print("operator:", repr(error)[:300], flush=True)
                time.sleep(PAUSE)
        desk.presence.release()

    def _step(self, step: Callable[[], Any], ends: bool = True) -> Any:
        """Take one step, again while it is stopped or interrupted.

        Raises:
            NotPossible: when it stays so, or the run was rolled back or closed.
        """
        from golive.core.errors import GoLiveError

        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = step()
                return asyncio.run(_awaited(answer)) if isinstance(answer, Awaitable) else answer
            except (GoLiveError, KeyboardInterrupt) as error:
                print("operator:", repr(error)[:300], flush=True)
                self._refuse(ends, time.monotonic() > until, error)
            time.sleep(PAUSE)

    def _refuse(self, ends: bool, over: bool, why: BaseException) -> None:
        from golive.core.errors import GoLiveError

        try:
            state = self._run.state()
        except GoLiveError:
            state = None
        if over or (ends and state is not None and (state.rollback is not None or state.closed)):
            raise NotPossible(str(why)[:200])


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer


def without_pictures() -> None:
    """Let pages of this process draw none: each costs a second, and nobody looks at them."""
    from golive.notebook import page, soak

    for module in (page, soak):
        vars(module)["picture_of"] = lambda *_: b""
    vars(page)["evidence_of"] = lambda *_: None


def begin(folder: Path, ending: str, log: Path, environment: Mapping[str, str]) -> None:
    """Operate the run in `folder` until it is closed; what a process of its own does."""
    import sys

    with log.open("a") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ.update(environment)
    import httpx
    from benchmarks.survival_points import install
    from benchmarks.survival_site import Site

    from golive import wiring
    from golive.core.errors import GoLiveError

    install()
    without_pictures()
    run = wiring.open_run(str(folder), OPERATOR)
    operator = Operator(run, ending, lambda: Site(wiring.world_of(run)).fail(True))
    for _ in range(TRIES):
        try:
            operator.operate()
            return
        except (GoLiveError, httpx.HTTPError, KeyboardInterrupt) as error:
            print("operator:", repr(error)[:300], flush=True)
        time.sleep(PAUSE)
