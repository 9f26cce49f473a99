"""The last one who sees it: an operator's process that looks whether any guard of its run lives.

It knows nothing of the guard's evidence. When no guard lives, acting or standing by, it sends everybody back before
the cutover, notes it, and starts a guard again so that the run can be closed.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from dataclasses import dataclass

from golive import wiring
from golive.alone import send_back_alone
from golive.background import Background, repeatedly
from golive.core.errors import GoLiveError, StoreUnavailable
from golive.core.pair import unguarded
from golive.core.record import Kind
from golive.core.state import State
from golive.run import Run

EVERY = 1.0
ASLEEP = 3.0  # seconds between two looks after which this process counts as having slept
TURN = 1.6  # times guard_silent: whoever stands by comes first
STARTS_WITHIN = 10.0
TRIES = 3
BY = "operator's process, no guard lived"


@dataclass(frozen=True)
class Watch:
    """Nobody has to do anything now."""


@dataclass(frozen=True)
class Mend:
    """No guard lives: send everybody back, if `back`, and start a guard again."""

    back: bool


def decide(alone: float, patience: float, state: State) -> Watch | Mend:
    """Give what to do once no guard has been seen to live for `alone` seconds."""
    if state.closed or alone <= patience:
        return Watch()
    rolled = state.rollback is not None and state.rollback.done
    return Mend(back=state.canary_out and not state.cutover_at and not rolled)


class Watchman:
    """Watches over the guards of one run, from one operator's process."""

    def __init__(self, run: Run) -> None:
        self._run, self._state = run, State()
        self._patience = TURN * run.plan.guarding.guard_silent.total_seconds()
        self._looked = self._awake = run.clock.monotonic()
        self._started: float | None = None

    def look(self) -> bool:
        """Look once, and do what nobody else does; True when there is nothing to watch over any more."""
        now = self._run.clock.monotonic()
        if now - self._looked > ASLEEP:
            self._awake = now
        self._looked = now
        try:
            beats = self._run.book.beats()
        except StoreUnavailable:
            self._awake = now  # it knows nothing about any guard, and moves nobody on that account
            return False
        if not unguarded(beats, self._patience):
            self._awake, self._started = now, None
            return self._catch_up().closed != ""
        ages = [beat.age for beat in beats]
        move = decide(min([now - self._awake, *ages]), self._patience, self._catch_up())
        if isinstance(move, Mend):
            self._mend(move, now)
        return self._state.closed != ""

    def _catch_up(self) -> State:
        try:
            self._state = self._run.state()
        except StoreUnavailable:
            return self._state  # as it stood last: a locked record is no reason to leave visitors unguarded
        return self._state

    def _mend(self, move: Mend, now: float) -> None:
        if move.back:
            phase = self._state.phase.name if self._state.phase else ""
            silent = f"no guard of this run has lived for {self._patience:.0f} s"
            asyncio.run(send_back_alone(self._run.folder, self._run, silent, BY, phase=phase, tries=TRIES))
        if self._started is None or now - self._started > STARTS_WITHIN:
            self._started = now
            wiring.launch_guard(self._run)
            self._note("no guard lived; one was started again")

    def _note(self, text: str) -> None:
        try:
            self._run.append(Kind.NOTE, {"text": text})
        except StoreUnavailable:
            return  # the guard that was started says in the record that it acts, and why


def watch(run: Run, owner: object) -> Background:
    """Begin to watch over a run's guards, for as long as `owner` lives and the run is open."""
    watchman = Watchman(run)

    def work(over: threading.Event) -> None:
        repeatedly(EVERY, lambda: _looked(watchman), over)

    background = Background(work).begin()
    weakref.finalize(owner, background.end)
    return background


def _looked(watchman: Watchman) -> bool:
    try:
        return watchman.look()
    except (GoLiveError, OSError):
        return False  # the next look tries again: a router that is unknown, a process that can't be started
