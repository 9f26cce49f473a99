"""The process of one guard: it opens its run, whoever is frozen with the record in hand, and ends tidily."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

from golive import stored, wiring
from golive.adapters.clocks import SystemClock
from golive.adapters.processes import end, this_process
from golive.core.errors import StoreUnavailable
from golive.folders import find_run
from golive.ports import Book, Member
from golive.run import Run

OPENS_WITHIN = 60.0
AGAIN_AFTER = 1.0


def be_guard(folder: Path) -> None:
    """Be a guard of the run in a folder until the run is closed: act when nobody does, else stand by.

    SIGTERM hands over; SIGINT, which a terminal sends to everybody, does nothing.

    Raises:
        GoLiveError: If the run can't be opened.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = opened(folder)

    async def until_the_end() -> None:
        member = wiring.guard(run)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, member.hand_over)
        await member.run()

    asyncio.run(until_the_end())


def opened(folder: Path) -> Run:
    """Give the run, after ending those of its guards on this host that are frozen while they hold its record.

    Raises:
        GoLiveError: If it can't be opened; StoreUnavailable when somebody else keeps holding its record.
    """
    until = time.monotonic() + OPENS_WITHIN
    while True:
        try:
            return wiring.open_run(str(folder), "guard", patience=wiring.GUARDS_PATIENCE)
        except StoreUnavailable:
            if time.monotonic() > until:
                raise
        found = find_run(str(folder))
        book = stored.keeping(found, SystemClock(), wiring.GUARDS_PATIENCE).book()
        end_frozen(book, stored.frozen_plan(found).guarding.guard_silent.total_seconds())


def end_frozen(book: Book, silent: float) -> list[Member]:
    """End the guards beside this process that have been silent for `silent` s and stay so a second later."""
    here, before = this_process(""), {beat.member: beat.utc for beat in book.beats()}
    time.sleep(AGAIN_AFTER)
    frozen = [
        beat.member
        for beat in book.beats()
        if beat.age > silent and before.get(beat.member) == beat.utc and beat.member.beside(here)
    ]
    for member in frozen:
        end(member)
    return frozen
