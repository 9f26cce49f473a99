"""The guard in trouble: what it must still do, and what it must not."""

import asyncio
import itertools

import pytest

from golive.adapters.clocks import FakeClock
from golive.core.digest import minute_digests, row, unfit
from golive.core.errors import StoreUnavailable
from golive.core.folding import fold
from golive.core.judging.evidence import Soak
from golive.core.order import Already, Step, Yes, may
from golive.core.record import Kind, Who, chain
from golive.core.samples import CouldNotMeasure, Unmeasured, Version
from golive.core.verdict import Hold, Verdict, Word
from golive.engine.following import Following
from golive.engine.guard import Guard
from golive.engine.post import Post
from golive.engine.sources import Sources
from golive.ports import Alive, Done, Member, RouterCan, SourceCan, Split, Unknown
from tests.builders import Story, sample, sandbox


class FakeRouter:
    can = RouterCan()

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

    def add(self, samples, look, fence):
        self.looks += 1
        if self.broken:
            raise StoreUnavailable("disk full")
        return True

    def beat(self, member, fence):
        return True

    def take(self, member, over, silent):
        return over + 1

    def lease(self):
        return None

    def samples(self, after=0, most=None):
        return ()


class Late(list):
    """What the record would not take; given to it once it takes it."""

    def write(self, draft):
        self.append(draft)

    def take_in(self, store):
        for draft in tuple(self):
            store.append(draft)
            self.remove(draft)
        return 0


class Quiet:
    can = SourceCan()

    async def read(self):
        return CouldNotMeasure(Unmeasured.EMPTY)

    async def probe(self, version):
        return Alive("1", "d")

    async def critical(self):
        return {}


def scene(router, gone=(False,), run="run", **more):
    story = Story().open({"run": run}).decided("canary-1")
    story.tell(Kind.PHASE_OPENED, {"notebook": "02"}, "canary-5")
    store = FakeStore(story.entries, router.calls)
    late = Late()
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
        late,
        lambda: gone[0],
        "t",
        **more,
    )
    return Guard(post, Member("guard-1", "host", "boot", 1, 1.0)), story, late


async def looks(guard, number=1):
    for _ in range(number):
        guard.look()
        for _ in range(60):
            await asyncio.sleep(0)


async def test_a_shift_whose_intent_can_not_be_stored_moves_nobody():
    router = FakeRouter()
    guard, story, late = scene(router)
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": False}, "canary-5", id="ask")
    guard.catch_up()
    guard.post.store.locked = True
    await guard.acts.shift(guard.state.request, guard.state)

    assert ("set", 0.05) not in router.calls
    assert late == []


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
    guard.catch_up()
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


async def test_the_seconds_to_safe_are_those_since_the_first_call():
    router = FakeRouter(deaf=3)
    guard, story, _ = scene(router)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="ask")
    await looks(guard, 3)

    verified = fold(story.entries).rollback.detail["verified"]
    assert verified["tries"] == router.calls.count(("rollback", "smoke")) == 3
    assert verified["seconds_to_safe"] == 0.4  # two pauses; the first try counts, too


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
    guard.sight.inbox.split = Split(0.05)
    guard.look()
    before, gone[0] = len(story.entries), True
    await asyncio.wait_for(guard.run(), 5)

    assert router.share == 0.0
    assert len(story.entries) <= before + 1
    assert late == []


def on_the_canary(story, share=0.05):
    """Let the record say that so many visitors were put on the canary."""
    story.tell(Kind.INTENT, {"act": "shift", "request": "ask", "share": share}, "canary-5", id="did")
    outcome = {"act": "shift", "request": "ask", "intent": "did", "result": "done", "share": share}
    story.tell(Kind.OUTCOME, outcome, "canary-5")


async def reads(guard, share, number, seconds=1.0):
    """Let the router read back a share so many times, each seen by one look a moment later."""
    for _ in range(number):
        guard.sight.inbox.split, guard.sight.inbox.split_at = Split(share), guard.post.clock.monotonic()
        guard.post.clock.advance(seconds)
        await looks(guard)


def outcomes(story, act):
    return [entry.body for entry in story.entries if entry.kind is Kind.OUTCOME and entry.body["act"] == act]


async def test_what_stands_above_the_record_for_two_reads_is_set_back_and_it_is_said_for_how_long():
    router = FakeRouter()
    guard, story, _ = scene(router)
    on_the_canary(story)
    await reads(guard, 0.05, 3)
    router.share = 0.25
    await reads(guard, 0.25, 1)
    assert router.share == 0.25
    await reads(guard, 0.25, 1)

    assert router.share == 0.05
    (ended,) = outcomes(story, "set back")
    assert (ended["result"], ended["share"], ended["found"]) == ("done", 0.05, 0.25)
    assert 2.0 <= ended["stood"] <= 3.0
    begun = [entry.body["act"] for entry in story.entries if entry.kind is Kind.INTENT]
    assert begun == ["shift", "set back"]
    assert "SPLIT SET BACK" in [entry.body.get("title") for entry in story.entries if entry.kind is Kind.NOTICE]
    assert fold(story.entries).split == 0.05 and fold(story.entries).rollback is None


async def test_the_same_read_seen_by_two_looks_is_one_read():
    router = FakeRouter(share=0.25)
    guard, story, _ = scene(router)
    on_the_canary(story)
    guard.sight.inbox.split, guard.sight.inbox.split_at = Split(0.25), guard.post.clock.monotonic()
    await looks(guard, 5)

    assert router.share == 0.25


async def test_a_router_that_can_not_lower_is_rolled_back_instead():
    router = FakeRouter(share=0.25)
    router.can = RouterCan(lowers=False)
    guard, story, _ = scene(router)
    on_the_canary(story)
    await reads(guard, 0.25, 2)

    assert router.share == 0.0
    assert "above the 5.00% of the record" in fold(story.entries).rollback.detail["because"]


async def test_what_can_not_be_set_back_is_rolled_back_in_the_end():
    class Stuck(FakeRouter):
        async def set(self, share, expect):
            return Unknown("stuck")

    router = Stuck(share=0.25)
    guard, story, _ = scene(router)
    on_the_canary(story)
    for _ in range(12):
        await reads(guard, router.share, 1, seconds=0.5)

    assert router.share == 0.0
    assert "setting it back has not helped" in fold(story.entries).rollback.detail["because"]
    assert len(outcomes(story, "set back")) > 1


async def test_after_a_rollback_any_share_is_sent_back_at_once_and_it_is_said_for_how_long():
    router = FakeRouter()
    guard, story, _ = scene(router)
    on_the_canary(story)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="ask")
    await looks(guard, 3)
    await reads(guard, 0.0, 2)
    router.share = 0.25
    await reads(guard, 0.25, 1)

    assert router.share == 0.0
    assert fold(story.entries).rollback.detail["because"].startswith("the router read back 25.00%, above the 0.00%")


async def test_a_split_that_this_run_has_not_begun_is_left_alone():
    router = FakeRouter(share=0.25)
    guard, story, _ = scene(router)
    await reads(guard, 0.25, 5)

    assert router.share == 0.25 and outcomes(story, "set back") == []


async def test_a_split_below_the_record_is_never_raised_but_held_and_asking_again_restores_it():
    router = FakeRouter(share=0.0)
    guard, story, _ = scene(router)
    on_the_canary(story)
    await reads(guard, 0.0, 4)

    assert router.share == 0.0 and router.calls.count(("set", 0.05)) == 0
    assert (guard.sight.verdict.word, guard.sight.verdict.hold) == (Word.HOLD, Hold.UNMEASURED)
    assert "by hand" in guard.sight.verdict.reason
    state = fold(story.entries)
    assert (state.strayed, state.split, state.rollback) == (0.0, 0.05, None)
    assert sum(entry.kind is Kind.STRAYED for entry in story.entries) == 1
    story.tell(
        Kind.CHECKED, {"stage": "start", "passed": True, "counts": {}, "good_until": "2100-01-01T00:00:00Z"}, "canary-5"
    )
    story.tell(Kind.GUARD_STARTED, {"guard": "guard-1"}, "")
    assert isinstance(may(fold(story.entries), Step.SHIFT, "canary-5", guard.post.clock.moment()), Yes)
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": False}, "canary-5", id="again")
    await reads(guard, 0.0, 1)

    assert router.share == 0.05
    state = fold(story.entries)
    assert (state.strayed, state.split, state.named("canary-5").proof) == (None, 0.05, None)
    assert isinstance(may(state, Step.SHIFT, "canary-5", guard.post.clock.moment()), Already)


async def test_a_split_that_is_there_again_by_itself_is_said_and_held_no_longer():
    router = FakeRouter(share=0.05)
    guard, story, _ = scene(router)
    on_the_canary(story)
    await reads(guard, 0.01, 3)
    assert fold(story.entries).strayed == 0.01
    await reads(guard, 0.05, 2)

    assert fold(story.entries).strayed is None
    assert "by hand" not in guard.sight.verdict.reason


async def test_a_router_that_does_not_answer_is_neither_above_nor_below():
    router = FakeRouter(share=0.05)
    guard, story, _ = scene(router)
    on_the_canary(story)
    guard.sight.inbox.split = Unknown("silent")
    await looks(guard, 5)

    assert fold(story.entries).strayed is None and outcomes(story, "set back") == []


@pytest.mark.parametrize(
    ("canary", "stable", "back", "result", "said"),
    [
        (50, 950, 0.05, "done", "50 of 1000 visitors met the canary"),
        (0, 1000, 0.05, "failed", "0 of 1000 visitors met the canary"),
        (100, 900, 0.05, "failed", "100 of 1000 visitors met the canary"),
        (5, 95, 0.05, "unknown", "not enough yet, about 300 more visitors"),
        (50, 950, 0.01, "failed", "the router reads back 1.00%"),
    ],
)
async def test_a_proof_is_counted_from_visitors_and_not_enough_yet_is_no_failure(canary, stable, back, result, said):
    guard, story, _ = scene(FakeRouter())
    on_the_canary(story)
    story.tell(Kind.REQUEST, {"act": "prove", "attended": False}, "canary-5", id="ask2")
    guard.catch_up()
    clock = guard.post.clock
    clock.advance(10.0)
    guard.sight.soak_of = lambda state, phase: Soak(0.0, 0.0, 8.0, 0.05, 0.25, False)
    guard.sight.inbox.split = Split(back)
    guard.sight._recent.extend([sample(5.0, Version.STABLE, stable), sample(5.0, Version.CANARY, canary)])
    await guard.acts.prove(guard.state.request, guard.state)

    (ended,) = outcomes(story, "prove")
    assert ended["result"] == result
    assert said in ended["seen"]


class Waits(FakeRouter):
    """A router that never ends one of its calls once `waits` names it."""

    waits = ""

    async def set(self, share, expect):
        await self.heard("set")

    async def read(self):
        if self.waits == "read":
            self.waits = ""
            await asyncio.Event().wait()
        return await super().read()

    async def heard(self, call):
        self.calls.append((call, None))
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("act", "waits", "result"), [("shift", "", "unknown"), ("shift", "read", "superseded"), ("prove", "", "superseded")]
)
async def test_an_act_that_a_rollback_cuts_off_has_an_outcome_and_says_what_nobody_knows(act, waits, result):
    router = Waits()
    guard, story, _ = scene(router)
    if act == "prove":
        on_the_canary(story)
    story.tell(Kind.REQUEST, {"act": act, "share": 0.05, "attended": True}, "canary-5", id="ask")
    guard.catch_up()
    moving = asyncio.ensure_future(guard.acts.begin(guard.state.request, guard.state))
    router.waits = waits
    for _ in range(20):
        await asyncio.sleep(0)
    guard.acts.rolling = True
    moving.cancel()
    await asyncio.wait({moving})

    (ended,) = [one for one in outcomes(story, act) if one["request"] == "ask"]
    assert (ended["result"], ended["cut_off"]) == (result, True)
    assert ended["seen"].startswith("cut off by the rollback")
    assert (("set", None) in router.calls) == (result == "unknown")


async def test_an_act_that_a_rollback_cuts_off_is_over_before_the_rollback_is():
    guard, story, _ = scene(Waits())
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": True}, "canary-5", id="ask")
    await looks(guard)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "no"}, "canary-5", id="back")
    await looks(guard, 2)

    kinds = [(entry.kind, entry.body["act"]) for entry in story.entries if entry.kind in (Kind.INTENT, Kind.OUTCOME)]
    assert kinds.index((Kind.OUTCOME, "shift")) < kinds.index((Kind.OUTCOME, "rollback"))


def test_a_guard_digests_what_the_one_before_it_measured_and_did_not_live_to_digest():
    guard, story, _ = scene(FakeRouter())
    before = [sample(at, Version.CANARY, 10) for at in range(1, 99)]
    rows = [row(one) for one in before]
    first, *others = minute_digests(rows).items()
    story.tell(Kind.DIGEST, {"minute": first[0], "rows": first[1][0], "sha256": first[1][1]})
    following = Following(guard.post.store, guard.post.book, guard.sight)
    guard.post.book.samples = lambda after=0, most=None: before[after:]
    following.step()
    guard.ledger.digest(following.undigested())
    after = sample(99, Version.CANARY, 10)
    guard.ledger.digest([after], end=True)

    assert unfit([*rows, row(after)], story.entries) == {}
    assert len([entry for entry in story.entries if entry.kind is Kind.DIGEST]) == 1 + len(others)


@pytest.mark.parametrize("spoilt", ["undecided", "held", "newer", "worse", "one person"])
async def test_nobody_is_moved_upon_a_decision_that_does_not_stand_whoever_asks_for_it(spoilt):
    router = FakeRouter(0.01)
    guard, story, _ = scene(router)
    match spoilt:
        case "undecided":
            del story.entries[1:3]
        case "held":
            story.decided("canary-1", "hold", "ZZZZ")
        case "newer":
            story.tell(Kind.JUDGED, {"code": "ZZZZ", "verdict": {"word": "PROCEED", "reason": "r"}}, "canary-1")
        case "worse":
            bad = {"word": "HOLD", "hold": Hold.BETWEEN, "reason": "0.7 % failed"}
            story.tell(Kind.VERDICT, bad, "canary-5")
        case "one person":
            story.decided("canary-1", word="HOLD")
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": True}, "canary-5", id="ask")
    await looks(guard)

    (said,) = outcomes(story, "shift")
    assert said["result"] == "refused" and said["seen"]
    assert ("set", 0.05) not in router.calls


async def test_the_guard_moves_nobody_upon_a_decision_when_it_sees_worse_itself():
    router = FakeRouter(0.01)
    guard, story, _ = scene(router)
    guard.catch_up()
    guard.sight.verdict = Verdict(Word.HOLD, Hold.BETWEEN, "", "0.7 % failed", (), 0, 0, 0, Word.HOLD, "")
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": True}, "canary-5", id="ask")
    guard.catch_up()
    await guard.acts.shift(guard.state.request, guard.state)

    (said,) = outcomes(story, "shift")
    assert said["result"] == "refused" and "HOLD: 0.7 % failed" in said["seen"]
    assert ("set", 0.05) not in router.calls
