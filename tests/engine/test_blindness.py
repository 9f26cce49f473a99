"""What can't be seen has a name, holds at once, and never counts as watched."""

import asyncio
import contextlib
import dataclasses

import pytest

from golive.adapters.clocks import FakeClock
from golive.core.errors import NotifyFailed
from golive.core.folding import fold
from golive.core.record import Kind
from golive.core.samples import CouldNotMeasure, Counters, Gauges, Tally, Unmeasured, Version
from golive.core.verdict import Hold, Word
from golive.engine import sources
from golive.engine.dead_man import DeadMan
from golive.engine.sight import Sight
from golive.engine.sources import MetricReader
from golive.ports import SourceCan, Split, Unknown
from tests.builders import Story, sandbox
from tests.engine.test_guard import FakeRouter, looks, on_the_canary, outcomes, reads, scene


class Source:
    """Counts 100 requests a second, of which the canary gets a twentieth, and whatever a test makes of them."""

    can = SourceCan()

    def __init__(self, clock):
        self.clock, self.says, self.total, self.behind, self.frozen = clock, None, 0, 0.0, False
        self.counted_at = clock.monotonic()

    async def read(self):
        if self.says is not None:
            return self.says
        now = self.clock.monotonic()
        if not self.frozen:
            self.total += round(100 * (now - self.counted_at))
            self.counted_at = now
        over = {500: 0, 1000: 0}
        canary = self.total // 20
        return Counters(
            now - self.behind,
            {Version.STABLE: Tally(self.total - canary, over=over), Version.CANARY: Tally(canary, over=over)},
            dict.fromkeys(Version, Gauges(0.1, 0.1)),
        )


class Watched:
    """A guard's eyes on a canary that has been at 5 % since second 0."""

    def __init__(self):
        self.clock = FakeClock()
        self.source = Source(self.clock)
        self.sight = Sight(sandbox(), self.clock, self.source.can)
        self.sight.inbox.split = Split(0.05)
        self.reader = MetricReader(self.source, self.clock, self.sight.inbox)
        story = Story().open()
        story.tell(Kind.PHASE_OPENED, {"notebook": "02"}, "canary-5")
        on_the_canary(story)
        self.state = fold(story.entries)

    async def looks(self, number, seconds=1.0):
        for _ in range(number):
            self.clock.advance(seconds)
            await self.reader.step()
            self.sight.look(self.state, self.clock.monotonic())
        return self.sight.verdict

    @property
    def blind(self):
        return self.sight.blind(self.clock.monotonic())


NAMES = [name for name in Unmeasured if name not in (Unmeasured.GAP, Unmeasured.UNKNOWN)]


@pytest.mark.parametrize("name", NAMES)
async def test_whatever_a_source_is_called_it_holds_at_once_and_says_its_name(name):
    watched = Watched()
    await watched.looks(5)
    watched.source.says = CouldNotMeasure(name, "because of it")
    verdict = await watched.looks(1)

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.UNMEASURED)
    assert verdict.reason == f"metrics could not be measured: {name.value} (because of it)"
    assert watched.blind.to_json(watched.clock.monotonic()) == {
        "of": "metrics",
        "why": name.value,
        "detail": "because of it",
        "seconds": 0.0,
    }


async def test_a_source_that_changes_its_name_has_been_blind_since_the_first():
    watched = Watched()
    await watched.looks(5)
    for name in (Unmeasured.SLOW, Unmeasured.REFUSED, Unmeasured.GARBAGE):
        watched.source.says = CouldNotMeasure(name)
        await watched.looks(2)

    assert watched.blind.to_json(watched.clock.monotonic())["seconds"] == 5.0


async def test_a_source_that_never_answers_is_slow(monkeypatch):
    monkeypatch.setattr(sources, "DEADLINE", 0.01)
    watched = Watched()

    async def never():
        await asyncio.Event().wait()

    watched.source.read = never
    await watched.reader.step()

    assert watched.blind.why is Unmeasured.SLOW


async def test_counts_that_stand_still_are_frozen_and_were_never_soak_time():
    watched = Watched()
    await watched.looks(6)
    before = watched.sight.evidence.watched
    watched.source.frozen = True
    verdict = await watched.looks(4)

    assert watched.blind.why is Unmeasured.FROZEN and "the same counts for 4 s" in verdict.reason
    assert watched.sight.evidence.watched == before
    watched.source.frozen = False
    await watched.looks(1)
    assert watched.blind is None
    assert watched.sight.evidence.counts["failed"][0] == pytest.approx(50, abs=2)  # nobody is lost, nobody twice


async def test_frozen_counts_are_blind_since_they_last_grew():
    watched = Watched()
    await watched.looks(6)
    watched.source.frozen = True
    verdict = await watched.looks(9)

    assert verdict.word is Word.ROLLBACK and verdict.reason.startswith("blind for 9 s: metrics could not be measured")


async def test_a_few_seconds_without_visitors_are_watched_like_any_other():
    watched = Watched()
    await watched.looks(6)
    before = watched.sight.evidence.watched
    watched.source.frozen = True
    await watched.looks(3)
    assert watched.blind is None
    watched.source.frozen, watched.source.counted_at = False, watched.clock.monotonic()
    await watched.looks(1)

    assert watched.sight.evidence.watched == before + 4


async def test_a_source_that_is_further_behind_than_it_declared_is_late():
    watched = Watched()
    watched.source.behind = 2.5
    await watched.looks(6)
    assert watched.blind is None
    watched = Watched()
    watched.source.behind = 3.5
    await watched.looks(6)

    assert watched.blind.why is Unmeasured.LATE
    assert "the newest counts are 4 s old, 3 s at most expected" in watched.blind.detail


async def test_counts_that_begin_anew_are_said_once_and_go_on():
    watched = Watched()
    await watched.looks(6)
    watched.source.total = 0
    watched.source.counted_at = watched.clock.monotonic()
    verdict = await watched.looks(1)
    assert "reset (canary: the counts went backwards)" in verdict.reason or "stable: the counts" in verdict.reason
    await watched.looks(1)

    assert watched.blind is None


@pytest.mark.parametrize("minutes", [0.1, 40])
async def test_a_gap_between_looks_is_no_soak_time_and_no_reason_to_go_back_before_anybody_could_look(minutes):
    watched = Watched()
    await watched.looks(4)
    before = watched.sight.evidence.watched
    watched.clock.advance(60 * minutes)
    watched.sight.look(watched.state, watched.clock.monotonic())  # the look comes before any source has answered
    verdict = watched.sight.verdict

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.UNMEASURED)
    assert f"gap (nobody looked for {60 * minutes:.0f} s)" in verdict.reason
    verdict = await watched.looks(1)
    assert verdict.hold is not Hold.UNMEASURED
    assert watched.sight.evidence.watched == before
    assert watched.sight.evidence.counts["failed"][0] >= 60 * minutes * 5  # what visitors met meanwhile counts


async def test_after_a_gap_the_blind_seconds_begin_when_the_guard_looks_again():
    watched = Watched()
    await watched.looks(4)
    watched.source.says = CouldNotMeasure(Unmeasured.REFUSED)
    watched.clock.advance(2400)
    assert (await watched.looks(8)).word is Word.HOLD
    verdict = await watched.looks(2)

    assert verdict.word is Word.ROLLBACK and verdict.reason.startswith("blind for 9 s: metrics could not")


async def test_nothing_proceeds_while_the_router_can_not_be_read():
    watched = Watched()
    await watched.looks(70)
    assert (await watched.looks(1)).word is Word.PROCEED
    watched.sight.inbox.split = Unknown("no answer in 3 s")
    verdict = await watched.looks(1)

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.UNMEASURED)
    assert verdict.reason == "router could not be read: unknown (no answer in 3 s)"


class Silent(FakeRouter):
    async def read(self):
        return Unknown("no answer in 3 s")


async def test_a_shift_through_a_router_that_can_not_be_read_moves_nobody_and_is_unknown():
    router = Silent(share=0.0)
    guard, story, _ = scene(router)
    story.tell(Kind.REQUEST, {"act": "shift", "share": 0.05, "attended": True}, "canary-5", id="ask")
    await looks(guard, 2)

    assert ("set", 0.05) not in router.calls
    (ended,) = outcomes(story, "shift")
    assert (ended["result"], ended["seen"]) == ("unknown", "no answer in 3 s")
    assert fold(story.entries).split == 0.0


async def test_a_proof_without_a_read_back_is_unknown_and_not_done():
    guard, story, _ = scene(FakeRouter())
    on_the_canary(story)
    await reads(guard, 0.05, 2)
    story.tell(Kind.REQUEST, {"act": "prove"}, "canary-5", id="prove")
    guard.catch_up()
    guard.sight.requests = lambda since: {Version.STABLE: 9500, Version.CANARY: 500}
    guard.sight.inbox.split = Unknown("no answer in 3 s")
    await guard.acts.prove(guard.state.request, guard.state)

    (ended,) = outcomes(story, "prove")
    assert ended["result"] == "unknown" and "the router reads back nothing" in ended["seen"]


@pytest.mark.parametrize("step", [3600.0, -3600.0])
async def test_a_clock_that_is_set_makes_no_soak_longer_or_shorter_and_is_said_once(step):
    guard, story, _ = scene(FakeRouter())
    on_the_canary(story)
    await reads(guard, 0.05, 2)
    since = guard.sight.soak_of(guard.state, guard.state.phase).since
    guard.post.clock.step(step)
    await reads(guard, 0.05, 3)

    assert guard.sight.soak_of(guard.state, guard.state.phase).since == since
    (said,) = [entry.body for entry in story.entries if entry.kind is Kind.FINDING]
    assert said["seen"].startswith(f"this machine's clock was set {'forward' if step > 0 else 'back'} by 3600.0 s")
    assert "CLOCKS DISAGREE" in [entry.body.get("title") for entry in story.entries if entry.kind is Kind.NOTICE]


async def test_a_source_whose_clock_is_off_is_said_once_until_it_agrees_again():
    guard, story, _ = scene(FakeRouter())
    for skew in (0.0, 4.2, 4.4, -1.0, -3.0):
        guard.sight.inbox.skew = skew
        await looks(guard, 2)

    seen = [entry.body["seen"] for entry in story.entries if entry.kind is Kind.FINDING]
    assert [text.split(" s ")[0] + text.split(" s ")[1][:6] for text in seen] == [
        "the clock of the source of the counts is 4.2ahead ",
        "the clock of the source of the counts is 3.0behind",
    ]


async def test_what_the_guard_can_not_see_is_written_for_every_view():
    guard, _, _ = scene(FakeRouter())
    guard.sight.inbox.split = Unknown("no answer in 3 s")
    guard.look()
    body = guard._body(guard.post.clock.monotonic())

    assert body["blind"]["of"] == "router" and body["blind"]["why"] == "unknown"
    with contextlib.suppress(RuntimeError):
        await looks(guard)


async def test_a_site_that_was_cut_over_is_watched_on_when_nobody_is_at_the_wheel_and_people_are_told_once():
    guard, story, _ = scene(FakeRouter(share=1.0))
    on_the_canary(story, share=1.0)
    world = guard.post.plan.world.model_copy(update={"driver": "none"})
    plan = guard.post.plan.model_copy(update={"world": world})
    guard.post = dataclasses.replace(guard.post, plan=plan, operators=list)
    await reads(guard, 1.0, 50)

    state = fold(story.entries)
    assert (state.closed, state.split, state.rollback) == ("", 1.0, None)
    told = [entry.body["title"] for entry in story.entries if entry.kind is Kind.NOTICE]
    assert told.count("NOBODY IS AT THE WHEEL") == 1


async def test_before_cutover_visitors_go_back_and_the_run_is_closed_as_abandoned():
    router = FakeRouter()
    guard, story, _ = scene(router)
    on_the_canary(story)
    guard.post = dataclasses.replace(guard.post, operators=list)
    for _ in range(60):
        guard.sight.inbox.measured_at = guard.post.clock.monotonic()
        await reads(guard, router.share, 1)

    state = fold(story.entries)
    assert (router.share, state.closed) == (0.0, "abandoned")
    assert state.rollback.detail["because"].startswith("nobody has been at the wheel for 4")
    kinds = [entry.kind for entry in story.entries]
    assert kinds.index(Kind.RUN_CLOSED) > kinds.index(Kind.INTENT)


async def test_a_world_that_takes_no_rollback_is_ended_when_nobody_is_there_and_no_intent_is_left_open():
    router = FakeRouter(share=0.25, deaf=10_000)
    guard, story, _ = scene(router)
    on_the_canary(story)
    guard.post = dataclasses.replace(guard.post, operators=list)
    for _ in range(120):
        guard.sight.inbox.measured_at = guard.post.clock.monotonic()
        await reads(guard, 0.25, 1)

    state = fold(story.entries)
    assert state.closed == "abandoned"
    outcomes = {entry.body["intent"] for entry in story.entries if entry.kind is Kind.OUTCOME}
    assert {entry.id for entry in story.entries if entry.kind is Kind.INTENT} <= outcomes


async def test_the_guard_calls_the_switch_and_goes_on_looking_while_it_fails():
    calls = []

    class Failing:
        async def call(self):
            calls.append(1)
            raise NotifyFailed("the URL of GOLIVE_SWITCH answered 500")

    guard, story, _ = scene(FakeRouter())
    findings = guard._findings
    findings._dead_man = DeadMan(Failing(), 60.0, guard.post.clock, findings._say_switch)
    await reads(guard, 0.05, 130)

    assert len(calls) == 3
    notes = [entry.body["text"] for entry in story.entries if entry.kind is Kind.NOTE]
    assert notes == ["the dead man's switch can't be called: the URL of GOLIVE_SWITCH answered 500"]
    assert guard._body(guard.post.clock.monotonic())["dead_man"]["why"].endswith("answered 500")


async def test_a_guard_of_other_code_is_named_once():
    guard, story, _ = scene(FakeRouter())
    story.tell(Kind.GUARD_STARTED, {"guard": "guard-1", "pid": "1", "code": "9.9"})
    await looks(guard, 3)

    (said,) = [entry.body for entry in story.entries if entry.kind is Kind.FINDING]
    assert (said["check"], said["expected"], said["seen"]) == ("same-code", "0", "guard-1 runs 9.9")
