"""The last one who sees it: an operator's process that looks whether any guard of its run lives.

It knows nothing of the guard's evidence. When no guard lives, acting or standing by, it sends everybody back before
the cutover, notes it, and starts a guard again so that the run can be closed.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from dataclasses import dataclass

from golive import wiring
from golive.alone import send_back_alone
from golive.background import Background, repeatedly
from golive.core.errors import GoLiveError, StoreUnavailable
from golive.core.record import Kind
from golive.core.state import State
from golive.run import Run

EVERY = 1.0
SURE = 1  # looks after the first that see no newer beat
TURN = 1.6  # times guard_silent: whoever stands by comes first
STARTS_WITHIN = 10.0
TRIES = 3
BY = "operator's process, no guard lived"


@dataclass(frozen=True)
class Watched:
    """What was seen of a run's guards in several looks of one process.

    Attributes:
        age: Seconds since the newest beat of any guard, by the store's clock; since the first look when there is none.
        looks: Looks in a row that saw no newer beat. One look is not enough: after a suspend every beat is old.
    """

    age: float
    looks: int


@dataclass(frozen=True)
class Mend:
    """No guard lives: send everybody back, if `back`, and start a guard again."""

    back: bool


def decide(watched: Watched, patience: float, state: State) -> Mend | None:
    """Give what has to be done by whoever sees this; None when nothing has."""
    if state.closed or watched.age <= patience or watched.looks < SURE:
        return None
    rolled = state.rollback is not None and state.rollback.done
    return Mend(back=state.canary_out and not state.cutover_at and not rolled)


class Watchman:
    """Watches over the guards of one run, from one operator's process."""

    def __init__(self, run: Run) -> None:
        self._run, self._state = run, State()
        self._patience = TURN * run.plan.guarding.guard_silent.total_seconds()
        self._begun = run.clock.monotonic()
        self._newest: tuple[tuple[str, str], ...] = ()
        self._looks = 0
        self._sent_back = False
        self._started: float | None = None

    def look(self) -> bool:
        """Look once, and do what nobody else does; True when there is nothing to watch over any more."""
        try:
            beats = self._run.book.beats()
        except StoreUnavailable:
            self._looks = 0  # it knows nothing about any guard, and moves nobody on that account
            return False
        now = self._run.clock.monotonic()
        newest = tuple(sorted((beat.member.guard, beat.utc) for beat in beats))
        self._looks = self._looks + 1 if newest == self._newest else 0
        self._newest = newest
        age = min((beat.age for beat in beats), default=math.inf)
        if age <= self._patience:
            self._sent_back, self._started = False, None
        move = decide(Watched(min(age, now - self._begun), self._looks), self._patience, self._catch_up())
        if move is not None:
            self._mend(move, now)
        return self._state.closed != ""

    def _catch_up(self) -> State:
        try:
            self._state = self._run.state()
        except StoreUnavailable:
            return self._state  # as it stood last: a locked record is no reason to leave visitors unguarded
        return self._state

    def _mend(self, move: Mend, now: float) -> None:
        if move.back and not self._sent_back:
            phase = self._state.phase.name if self._state.phase else ""
            silent = f"no guard of this run has lived for {self._patience:.0f} s"
            sent = asyncio.run(send_back_alone(self._run.folder, self._run, silent, BY, phase=phase, tries=TRIES))
            self._sent_back = sent.rolled.done
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

    def work(over: threading.Event) -> None:
        watchman: list[Watchman] = []

        def look() -> bool:
            try:
                if not watchman:
                    watchman.append(Watchman(_in_a_hurry(run)))
                return watchman[0].look()
            except (GoLiveError, OSError):
                return False  # the next look tries again: a record or a router that is silent, a full process table

        repeatedly(EVERY, look, over)

    background = Background(work).begin()
    weakref.finalize(owner, background.end)
    return background


def _in_a_hurry(run: Run) -> Run:
    """Give the run opened once more, by one who waits for no lock."""
    return wiring.open_run(str(run.folder.root), run.who.name, patience=wiring.GUARDS_PATIENCE)
