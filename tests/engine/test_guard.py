"""The guard in trouble: what it must still do, and what it must not."""

import asyncio
import itertools

import pytest

from golive.adapters.clocks import FakeClock
from golive.core.errors import StoreUnavailable
from golive.core.folding import fold
from golive.core.record import Draft, Kind, Who, chain
from golive.core.samples import CouldNotMeasure, Unmeasured
from golive.engine.guard import Guard
from golive.engine.post import Post
from golive.engine.sources import Sources
from golive.ports import Alive, Done, SourceCan, Split, Unknown
from tests.builders import Story, sandbox


class FakeRouter:
    def __init__(self, share=0.05, deaf=0):
        self.share, self.deaf, self.calls = share, deaf, []

    async def read(self):
        return Split(self.share, "canary", "token")

    async def set(self, share, expect):
        self.calls.append(("set", share))
        self.share = share
        return Done(Split(share))

    async def rollback(self, reason):
        self.calls.append(("rollback", reason))
        if len(self.calls) <= self.deaf:
            return Unknown("deaf")
        self.share = 0.0
        return Done(Split(0.0))


class FakeStore:
    def __init__(self, entries, calls):
        self.entries, self.calls, self.locked = entries, calls, False

    def read(self, after=0):
        return tuple(self.entries[after:])

    def append(self, draft, may=None):
        if self.locked:
            raise StoreUnavailable("locked")
        if may:
            may(self.entries)
        self.calls.append((draft.kind, draft.body.get("act")))
        entry = chain(draft, after=self.entries[-1], at="2026-01-01T00:00:00.000Z", code="t", plan="p")
        self.entries.append(entry)
        return entry


class FakeBook:
    broken, looks = False, 0

    def add(self, samples, look):
        self.looks += 1
        if self.broken:
            raise StoreUnavailable("disk full")

    def beat(self, guard, utc, monotonic):
        pass


class Quiet:
    can = SourceCan()

    async def read(self):
        return CouldNotMeasure(Unmeasured.EMPTY)

    async def probe(self, version):
        return Alive("1", "d")

    async def critical(self):
        return {}


def scene(router, gone=(False,)):
    story = Story().open()
    story.tell(Kind.PHASE_OPENED, {"notebook": "02"}, "canary-5")
    store = FakeStore(story.entries, router.calls)
    late: list[Draft] = []
    ids = (f"id-{n}" for n in itertools.count())
    sources = Sources(Quiet(), Quiet(), Quiet(), router)
    post = Post(
        sandbox(),
        Who("guard"),
        sources,
        store,
        FakeBook(),
        [],
        FakeClock(),
        "token",
        lambda: [1],
        ids.__next__,
        late.append,
        lambda: gone[0],
        "t",
    )
    return Guard(post, "guard-1"), story, late


async def looks(guard, number=1):
    for _ in range(number):
        guard.look()
        for _ in range(60):
            await asyncio.sleep(0)


async def test_a_shift_whose_intent_can_not_be_stored_moves_nobody():
    router = FakeRouter()
    guard, story, late = scene(router)
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": False}, "canary-5", id="ask")
    guard._catch_up()
    guard.post.store.locked = True
    await guard.acts.shift(guard.state.request, guard.state)

    assert ("set", 0.05) not in router.calls
    assert [draft.kind for draft in late] == [Kind.INTENT]


async def test_a_rollback_acts_before_it_is_written_down():
    router = FakeRouter()
    guard, story, _ = scene(router)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="ask")
    await looks(guard, 3)

    assert router.calls[0] == ("rollback", "smoke")
    assert fold(story.entries).rollback.done


@pytest.mark.parametrize("trouble", ["locked", "book"])
async def test_a_rollback_works_without_record_or_book(trouble):
    router = FakeRouter()
    guard, story, late = scene(router)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="ask")
    guard._catch_up()
    guard.post.store.locked = trouble == "locked"
    guard.post.book.broken = trouble == "book"
    await looks(guard, 3)

    assert router.share == 0.0
    assert (trouble == "locked") == any(draft.kind is Kind.OUTCOME for draft in late)


async def test_a_rollback_that_was_not_confirmed_is_tried_again():
    router = FakeRouter(deaf=30)
    guard, story, _ = scene(router)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="ask")
    await looks(guard, 12)

    assert len(router.calls) > 30
    assert router.share == 0.0
    assert fold(story.entries).rollback.done


async def test_a_canary_that_comes_back_after_a_rollback_is_sent_away_again():
    router = FakeRouter()
    guard, story, _ = scene(router)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="ask")
    await looks(guard, 3)
    router.share = 0.25
    guard.sight.inbox.split = Split(0.25)
    await looks(guard, 3)

    assert router.share == 0.0


async def test_what_is_asked_for_between_two_looks_is_begun_at_once():
    router = FakeRouter(share=0.0)
    guard, story, _ = scene(router)
    guard.sight.inbox.split = Split(0.0)
    guard.look()
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": False}, "canary-5", id="ask")
    await guard.heed(guard.post.clock.monotonic() + 1.0)

    assert router.calls[-2:] == [("set", 0.05), (Kind.OUTCOME, "shift")]
    assert guard.post.book.looks == 1


async def test_a_guard_whose_folder_was_taken_away_sends_everybody_back_and_ends():
    router, gone = FakeRouter(share=0.05), [False]
    guard, story, late = scene(router, gone)
    story.tell(Kind.INTENT, {"act": "shift", "request": "ask", "share": 0.05}, "canary-5", id="did")
    outcome = {"act": "shift", "request": "ask", "intent": "did", "result": "done", "share": 0.05}
    story.tell(Kind.OUTCOME, outcome, "canary-5")
    guard.look()
    before, gone[0] = len(story.entries), True
    await asyncio.wait_for(guard.run(), 5)

    assert router.share == 0.0
    assert len(story.entries) <= before + 1
    assert late == []
