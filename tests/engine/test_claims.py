"""One go-live on one router: the second is refused, and a guard that wakes up late leaves today's run alone."""

import asyncio

import pytest

from golive.adapters.clocks import FakeClock
from golive.core.folding import fold
from golive.core.record import Kind
from golive.core.verdict import Hold, Verdict, Word
from golive.engine.mine import Mine
from golive.engine.rollback import roll_back
from golive.ports import Done, RouterCan, Split, Superseded, Unknown
from tests.engine.test_guard import FakeRouter, looks, on_the_canary, outcomes, reads, scene


class Claimed(FakeRouter):
    """A router that shows whose go-live it is."""

    can = RouterCan(claims=True)

    def __init__(self, share=0.0, claim="", canary="canary"):
        super().__init__(share)
        self.claimed, self.canary = claim, canary

    async def read(self):
        return Split(self.share, self.canary, "token", claim=self.claimed)

    async def claim(self, whose, expect):
        self.calls.append(("claim", whose))
        if expect != self.claimed:
            return Superseded(f"claimed by {self.claimed}", await self.read())
        self.claimed = whose
        return Done(await self.read())


def asks_for_a_shift(story, share=0.05):
    body = {"act": "shift", "share": share, "attended": False}
    story.tell(Kind.REQUEST, body, "canary-5", id=f"ask-{len(story.entries)}")


async def read_by(guard, number=1):
    """Let the guard read its router and look, so many times."""
    for _ in range(number):
        guard.sight.inbox.split, guard.sight.inbox.split_at = (
            await guard.post.sources.router.read(),
            guard.post.clock.monotonic(),
        )
        guard.post.clock.advance(1.0)
        await looks(guard)


def notices(story):
    return [entry.body["title"] for entry in story.entries if entry.kind is Kind.NOTICE]


async def test_the_first_shift_claims_the_router_and_the_intent_says_so():
    router = Claimed()
    guard, story, _ = scene(router)
    asks_for_a_shift(story)
    await looks(guard, 2)

    assert (router.share, router.claimed) == (0.05, "run@host")
    intent = next(entry.body for entry in story.entries if entry.kind is Kind.INTENT)
    assert intent["claim"] == "run@host"
    assert router.calls.index((Kind.INTENT, "shift")) < router.calls.index(("claim", "run@host"))
    assert fold(story.entries).canary == "canary"


async def test_a_second_run_on_the_same_router_is_refused_and_told_whose_it_is():
    router = Claimed()
    first, first_story, _ = scene(router, run="first")
    second, story, _ = scene(router, run="second")
    asks_for_a_shift(first_story)
    await looks(first, 2)
    asks_for_a_shift(story, 0.25)
    await looks(second, 2)

    (refused,) = outcomes(story, "shift")
    assert refused["result"] == "superseded" and refused["not_ours"]
    assert "first@host" in refused["seen"] and "second@host" in refused["seen"]
    assert (router.share, router.claimed) == (0.05, "first@host")
    assert fold(story.entries).split == 0.0


async def test_a_claim_that_another_run_wins_between_read_and_claim_moves_nobody():
    class Slow(Claimed):
        async def claim(self, whose, expect):
            self.claimed = "first@there"
            return await super().claim(whose, expect)

    router = Slow()
    guard, story, _ = scene(router)
    asks_for_a_shift(story)
    await looks(guard, 2)

    assert router.share == 0.0
    assert "first@there" in outcomes(story, "shift")[0]["seen"]


async def test_a_router_that_can_not_be_claimed_now_moves_nobody():
    class Deaf(Claimed):
        async def claim(self, whose, expect):
            return Unknown("deaf")

    router = Deaf()
    guard, story, _ = scene(router)
    asks_for_a_shift(story)
    await looks(guard, 2)

    assert router.share == 0.0
    assert (outcomes(story, "shift")[0]["result"], outcomes(story, "shift")[0]["not_ours"]) == ("unknown", False)


async def test_yesterdays_guard_that_wakes_up_leaves_todays_run_alone_and_says_so():
    router = Claimed(0.05)
    guard, story, _ = scene(router, run="yesterday")
    on_the_canary(story)
    router.claimed = "yesterday@host"
    await read_by(guard, 2)
    router.claimed, router.share = "today@there", 0.25
    guard.sight.look = lambda *_: []
    guard.sight.verdict = Verdict(Word.ROLLBACK, None, "failed", "it fails", (), 0.0, 0, 0.0, Word.ROLLBACK, "")
    await read_by(guard, 5)

    assert (router.share, router.claimed) == (0.25, "today@there")
    assert not [call for call in router.calls if call[0] in ("set", "rollback")]
    (said,) = [entry.body["why"] for entry in story.entries if entry.kind is Kind.NOT_OURS]
    assert "claimed by today@there" in said
    assert "THIS ROUTER IS ANOTHER RUN'S" in notices(story)


async def test_a_rollback_asked_for_on_a_router_of_another_run_moves_nobody_and_is_answered():
    router = Claimed(0.25, "today@there")
    guard, story, _ = scene(router, run="yesterday")
    on_the_canary(story)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="back")
    await read_by(guard, 5)

    (ended,) = outcomes(story, "rollback")
    assert ended["result"] == "superseded" and "today@there" in ended["seen"]
    assert router.share == 0.25
    assert notices(story).count("NOT ROLLED BACK: NOT OURS") == 1


async def test_a_router_with_another_canary_is_left_alone_too():
    router = Claimed(0.05)
    guard, story, _ = scene(router)
    asks_for_a_shift(story)
    await looks(guard, 2)
    router.canary, router.claimed, router.share = "the next one", "", 0.5
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="back")
    await read_by(guard, 3)

    assert router.share == 0.5
    assert "the next one" in outcomes(story, "rollback")[0]["seen"]


async def test_on_a_router_of_another_run_the_soak_can_not_be_measured():
    router = Claimed(0.05, "today@there")
    guard, story, _ = scene(router)
    on_the_canary(story)
    await read_by(guard, 2)

    assert (guard.sight.verdict.word, guard.sight.verdict.hold) == (Word.HOLD, Hold.UNMEASURED)
    assert "today@there" in guard.sight.verdict.reason


async def test_a_router_that_is_ours_again_is_said_to_be_so():
    router = Claimed(0.05, "today@there")
    guard, story, _ = scene(router)
    on_the_canary(story)
    await read_by(guard, 2)
    assert fold(story.entries).not_ours
    router.claimed = "run@host"
    await read_by(guard, 2)

    assert fold(story.entries).not_ours == ""


async def test_a_claim_that_a_reload_has_wiped_is_nobodys_and_a_shift_claims_again():
    router = Claimed(0.05)
    guard, story, _ = scene(router)
    on_the_canary(story)
    await read_by(guard, 2)
    asks_for_a_shift(story, 0.25)
    await looks(guard, 2)

    assert (router.share, router.claimed) == (0.25, "run@host")


@pytest.mark.parametrize(("share", "stands"), [(0.0, ""), (1.0, ""), (0.25, "run@host")])
async def test_the_claim_is_given_back_when_the_run_closes_unless_some_visitors_are_on_the_canary(share, stands):
    router = Claimed(share, "run@host")
    guard, story, _ = scene(router)
    on_the_canary(story, share)
    story.tell(Kind.RUN_CLOSED, {"result": "completed", "why": "over"})
    await asyncio.wait_for(guard.run(), 5)

    assert router.claimed == stands
    (ended,) = outcomes(story, "release")
    assert ended["result"] == ("refused" if stands else "done")


async def test_a_run_that_never_shifted_gives_nothing_back():
    router = Claimed(0.0, "first@host")
    guard, story, _ = scene(router)
    story.tell(Kind.RUN_CLOSED, {"result": "abandoned", "why": "over"})
    await asyncio.wait_for(guard.run(), 5)

    assert router.claimed == "first@host" and outcomes(story, "release") == []


async def test_a_rollback_that_names_nobody_sends_back_whatever_there_is():
    router = Claimed(0.25, "today@there")
    rolled = await roll_back(router, FakeClock(), "smoke")

    assert (rolled.done, router.share, rolled.canary) == (True, 0.0, "canary")


async def test_a_router_that_does_not_say_whose_it_is_is_sent_back():
    class Blind(Claimed):
        async def read(self):
            return Unknown("silent") if self.share else await super().read()

    router = Blind(0.25, "today@there")
    rolled = await roll_back(router, FakeClock(), "smoke", mine=Mine("run@host"))

    assert rolled.done and router.share == 0.0


async def test_a_driver_that_fails_ends_no_rollback():
    class Broken(Claimed):
        async def rollback(self, reason):
            if len(self.calls) < 2:
                self.calls.append(("rollback", reason))
                raise OSError(24, "Too many open files")
            return await super().rollback(reason)

    router = Broken(0.25)
    rolled = await roll_back(router, FakeClock(), "smoke")

    assert rolled.done and rolled.tries == 3


async def test_reads_of_another_runs_share_are_no_stray():
    router = Claimed(0.05)
    guard, story, _ = scene(router)
    on_the_canary(story)
    router.claimed = "today@there"
    router.share = 0.5
    await read_by(guard, 4)
    router.claimed = ""
    await reads(guard, 0.5, 1)

    assert outcomes(story, "set back") == []
