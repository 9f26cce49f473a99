"""Whoever sees that no guard lives: when it acts, when it does not, and what it leaves alone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from golive import watchman as module
from golive.core.folding import fold
from golive.core.record import Kind
from golive.ports import Member
from golive.watchman import Mend, Watched, Watchman, decide
from tests.builders import Story, sandbox
from tests.parts.memory_book import MemoryBook

GUARD = Member("guard-1", "host", "boot-1", 1, 1.0)


def story(*phases, rolled=False, closed=False):
    told = Story().open()
    for phase in phases:
        told.tell(Kind.PHASE_ASSUMED, {"why": "a test"}, phase)
    if rolled:
        told.tell(Kind.INTENT, {"act": "rollback", "because": "x"}, "canary-5", id="back")
        told.tell(Kind.OUTCOME, {"act": "rollback", "intent": "back", "result": "done"}, "canary-5")
    if closed:
        told.tell(Kind.RUN_CLOSED, {"result": "held", "why": "x"})
    return fold(told.entries)


OUT = ("preflight", "canary-1", "canary-5")
CUT = (*OUT, "canary-25", "canary-50", "cutover")


@pytest.mark.parametrize(
    ("state", "age", "looks", "move"),
    [
        (story(*OUT), 8.5, 1, Mend(back=True)),
        (story(*OUT), 7.5, 9, None),
        (story(*OUT), 2400.0, 0, None),
        (story(), 9.0, 1, Mend(back=False)),
        (story(*CUT), 9.0, 1, Mend(back=False)),
        (story(*OUT, rolled=True), 9.0, 1, Mend(back=False)),
        (story(*OUT, closed=True), 9.0, 9, None),
    ],
    ids=["lost", "a takeover comes first", "after a suspend", "nobody out", "after cutover", "back already", "closed"],
)
def test_everybody_is_sent_back_only_before_the_cutover_and_once_nobody_can_take_over(state, age, looks, move):
    assert decide(Watched(age, looks), 8.0, state) == move


@pytest.fixture
def watched(monkeypatch):
    """A watchman of a run at 5 %, with what it did in `did`."""
    from golive.adapters.clocks import FakeClock

    clock, did = FakeClock(), []
    book = MemoryBook(clock)
    book.take(GUARD, 0, 5.0)
    run = SimpleNamespace(
        plan=sandbox(),
        clock=clock,
        book=book,
        folder=None,
        state=lambda: story(*OUT),
        append=lambda kind, body: did.append(("note", body["text"])),
    )

    async def back(folder, run, because, by, *, phase, tries):
        did.append(("back", because))
        return SimpleNamespace(rolled=SimpleNamespace(done=True))

    monkeypatch.setattr(module, "send_back_alone", back)
    monkeypatch.setattr(module.wiring, "launch_guard", lambda run: did.append(("launched", "")))
    return Watchman(run), clock, book, did


def after(watchman, clock, seconds):
    for _ in range(seconds):
        clock.advance(1.0)
        watchman.look()


def test_it_acts_once_and_starts_a_guard_again_and_again_until_one_lives(watched):
    watchman, clock, book, did = watched
    after(watchman, clock, 8)
    assert did == []
    after(watchman, clock, 2)
    assert [what for what, _ in did] == ["back", "launched", "note"]
    after(watchman, clock, 12)
    assert [what for what, _ in did] == ["back", "launched", "note", "launched", "note"]
    book.beat(GUARD, 1)
    after(watchman, clock, 3)
    assert len(did) == 5


def test_a_book_that_can_not_be_reached_says_nothing_about_any_guard(watched):
    watchman, clock, book, did = watched
    book.silent = True
    after(watchman, clock, 60)
    assert did == []


def test_beats_that_are_old_after_a_suspend_are_waited_for(watched):
    watchman, clock, book, did = watched
    after(watchman, clock, 2)
    clock.advance(2400.0)
    watchman.look()
    book.beat(GUARD, 1)
    after(watchman, clock, 3)
    assert did == []


def test_it_goes_on_where_an_event_loop_runs_already(watched):
    """A notebook's thread is not the loop's: the rollback has a loop of its own."""
    watchman, clock, _, did = watched

    async def beside():
        await asyncio.to_thread(after, watchman, clock, 12)

    asyncio.run(beside())
    assert did[0][0] == "back"
