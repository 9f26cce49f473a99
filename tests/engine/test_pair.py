"""A pair of guards on one store: who acts, what a takeover keeps, and what a guard that has lost its lease leaves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from dataclasses import dataclass, field

import pytest

from golive.core.errors import StoreUnavailable
from golive.core.folding import fold
from golive.core.judging.judge import Alarms, judge
from golive.core.record import Kind, Who, chain, verify
from golive.core.samples import Counters, Tally, Version
from golive.engine.pair import Hands, Pair
from golive.engine.post import Post
from golive.engine.sources import Sources
from golive.ports import Alive, Done, Member, RouterCan, SourceCan, Split, Unknown
from tests.builders import Story, sandbox
from tests.parts.memory_book import MemoryBook
from tests.parts.ticking import TickingClock

EDGES = (50, 100, 200, 300, 400, 500, 750, 1000, 2000)


class Router:
    """It moves visitors at once, unless it hangs; `silent` lets it answer nobody who reads."""

    can = RouterCan()

    def __init__(self):
        self.share, self.calls, self.hangs, self.silent = 0.05, [], False, False

    async def read(self):
        return Unknown("silent") if self.silent else Split(self.share, "canary", "token")

    async def set(self, share, expect):
        self.calls.append(("set", share))
        if self.hangs:
            await asyncio.Event().wait()
        self.share = share
        return Done(Split(share))

    async def rollback(self, reason):
        self.calls.append(("rollback", reason))
        self.share = 0.0
        return Done(Split(0.0))


class Store:
    """A record that may be locked: what is in it can be read all the same."""

    def __init__(self, story, clock):
        self.entries, self.clock, self.locked = story.entries, clock, False

    def read(self, after=0):
        return tuple(self.entries[after:])

    def append(self, draft, may=None):
        if self.locked:
            raise StoreUnavailable("database is locked")
        for entry in self.entries:
            if entry.id == draft.id:
                return entry
        if may:
            may(self.entries)
        at = self.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = chain(draft, after=self.entries[-1], at=at, code="test", plan=self.entries[0].plan)
        self.entries.append(entry)
        return entry


class Late(list):
    def write(self, draft):
        self.append(draft)

    def take_in(self, store):
        for draft in tuple(self):
            store.append(draft)
            self.remove(draft)
        return 0


class Healthy:
    async def probe(self, version):
        return Alive("1", str(version))

    async def critical(self):
        return {}


class Metrics:
    """340 visitors a second, a share of them on the canary, `failing` of those failing."""

    can = SourceCan()

    def __init__(self, clock, router):
        self._clock, self._router, self.failing = clock, router, 0.0
        self._counts = dict.fromkeys(Version, Tally(over=dict.fromkeys(EDGES, 0)))
        self._at = clock.monotonic()

    async def read(self):
        seconds, self._at = self._clock.monotonic() - self._at, self._clock.monotonic()
        canary = round(340 * seconds * self._router.share)
        more = {Version.CANARY: (canary, round(canary * self.failing)), Version.STABLE: (round(340 * seconds), 0)}
        for version, (requests, failed) in more.items():
            self._counts[version] = self._counts[version] + Tally(requests, failed, over=dict.fromkeys(EDGES, failed))
        return Counters(self._at, dict(self._counts))


@dataclass
class Scene:
    """One run at 5 % on the canary, and the members that a test lets watch it."""

    clock: TickingClock = field(default_factory=TickingClock)
    router: Router = field(default_factory=Router)
    story: Story = field(default_factory=lambda: Story().open())
    late: Late = field(default_factory=Late)
    processes: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)
    launched: int = 0
    tasks: dict[str, asyncio.Task] = field(default_factory=dict)
    books: dict[str, MemoryBook] = field(default_factory=dict)
    members: dict[str, Pair] = field(default_factory=dict)

    def __post_init__(self):
        self.clock.boot = "boot"
        self.book = MemoryBook(self.clock)
        self.store = Store(self.story, self.clock)
        self.metrics = Metrics(self.clock, self.router)
        self._ids = (f"id-{number}" for number in itertools.count())
        for phase in ("preflight", "canary-1"):
            self.story.tell(Kind.PHASE_ASSUMED, {"why": "a test"}, phase)
        self.story.tell(Kind.PHASE_ASSUMED, {"why": "a test"}, "canary-5")
        self.story.tell(Kind.PHASE_OPENED, {"notebook": "03"}, "canary-25")

    def start(self, name, host="web-1", book=None):
        member = Member(name, host, "boot", len(self.members) + 100, float(len(self.members)))
        sources = Sources(self.metrics, Healthy(), Healthy(), self.router)
        post = Post(
            sandbox(),
            Who("guard", host=host),
            sources,
            self.store,
            book or self.book,
            [],
            self.clock,
            "token",
            lambda: [1],
            self._ids.__next__,
            self.late,
            lambda: False,
            "test",
        )
        hands = Hands(lambda one: one.guard not in self.processes, self._end, self._launch)
        self.members[name] = Pair(post, member, hands)
        self.tasks[name] = asyncio.ensure_future(self.members[name].run())
        self.processes.add(name)
        return self.members[name]

    def _launch(self):
        self.launched += 1

    def _end(self, member):
        self.ended.append(member.guard)
        self.kill(member.guard)
        return True

    def kill(self, name, *, seen=True):
        """End a member as SIGKILL does: it does nothing more; unless `seen`, nobody can see that from outside."""
        self.members[name]._forget = lambda member: None
        self.members[name].guard.ledger._try = lambda draft, may: False
        self.tasks[name].cancel()
        if seen:
            self.processes.discard(name)

    @property
    def state(self):
        return fold(self.story.entries)

    def bodies(self, kind):
        return [entry.body for entry in self.story.entries if entry.kind is kind]

    def acting(self):
        lease = self.book.newest
        return lease.holder.guard if lease and not lease.released else ""


@pytest.fixture
async def scene():
    made = Scene()
    yield made
    for task in made.tasks.values():
        task.cancel()
    for task in made.tasks.values():
        with contextlib.suppress(asyncio.CancelledError, StoreUnavailable):
            await task
    verify(made.story.entries)


async def test_the_first_acts_and_says_so_and_the_second_stands_by(scene):
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(3)

    assert scene.bodies(Kind.LEASE_TAKEN) == [{"guard": "ada", "fence": 1, "because": "first"}]
    assert [(one["guard"], one["as"]) for one in scene.bodies(Kind.GUARD_STARTED)] == [
        ("ada", "acting"),
        ("bob", "standby"),
    ]
    assert (scene.state.guard.id, scene.state.standby.id) == ("ada", "bob")
    assert scene.launched == 0


async def test_the_acting_guard_starts_a_standby_when_none_has_come(scene):
    scene.start("ada")
    await scene.clock.run(4)
    assert scene.launched == 0
    await scene.clock.run(3)

    assert scene.launched == 1


async def test_a_guard_out_of_sight_that_falls_silent_is_succeeded_after_guard_silent(scene):
    scene.start("ada", host="web-2")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(3)
    scene.kill("ada")
    await scene.clock.run(4.5)
    assert scene.acting() == "ada"
    await scene.clock.run(1.5)

    assert scene.acting() == "bob"
    taken = scene.bodies(Kind.LEASE_TAKEN)[-1]
    assert taken["fence"] == 2 and taken["because"].startswith("ada was silent for 5.")
    assert scene.ended == []


async def test_a_guard_beside_it_that_has_ended_is_succeeded_at_once(scene):
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(3)
    scene.kill("ada")
    await scene.clock.run(0.5)

    assert scene.acting() == "bob"
    assert scene.bodies(Kind.LEASE_TAKEN)[-1]["because"] == "the process of ada has ended"
    await scene.clock.run(1)
    assert scene.launched == 1


async def test_a_frozen_guard_beside_it_is_ended_first(scene):
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(3)
    scene.kill("ada", seen=False)
    await scene.clock.run(6)

    assert scene.ended == ["ada"]
    assert scene.acting() == "bob"


async def test_a_takeover_forgets_no_evidence(scene):
    scene.start("ada")
    await scene.clock.run(5)
    scene.metrics.failing = 0.004
    scene.start("bob")
    await scene.clock.run(10)
    first = scene.members["ada"].guard.sight
    before = judge(first.evidence, Alarms()).to_json(), first.trace(), first.evidence.learned
    first.inbox.sick_in_a_row[Version.CANARY] = 2
    await scene.clock.run(1.2)
    before = judge(first.evidence, Alarms()).to_json()
    correlations, counts = first.evidence.correlations, dict(first.evidence.counts)
    learned = first.evidence.learned
    scene.kill("ada")
    await scene.clock.run(0.4)

    second = scene.members["bob"].guard.sight
    assert scene.acting() == "bob"
    assert judge(second.evidence, Alarms()).to_json() == before
    assert (second.evidence.learned, second.evidence.correlations, second.evidence.counts) == (
        learned,
        correlations,
        counts,
    )
    assert learned and counts["failed"][0] > 100
    assert len(scene.bodies(Kind.BASELINE)) == 1


async def test_a_sick_canary_found_half_by_one_guard_is_rolled_back_by_the_other(scene):
    scene.start("ada")
    await scene.clock.run(8)
    scene.start("bob")
    await scene.clock.run(2)
    scene.metrics.failing = 1.0
    await scene.clock.run(1.5)
    scene.kill("ada")
    await scene.clock.run(70)

    assert scene.router.share == 0.0
    assert scene.state.rollback.done


async def shift_asked(scene):
    scene.story.tell(Kind.REQUEST, {"act": "shift", "share": 0.25, "attended": True}, "canary-25", id="ask")


@pytest.mark.parametrize(
    ("shows", "silent", "result", "split"),
    [(0.25, False, "done", 0.25), (0.05, False, "refused", 0.05), (0.05, True, "unknown", 0.05)],
)
async def test_a_shift_whose_guard_died_in_it_is_resolved_by_reading_and_never_repeated(
    scene, shows, silent, result, split
):
    scene.router.hangs = True
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(2)
    await shift_asked(scene)
    await scene.clock.run(0.5)
    assert scene.router.calls == [("set", 0.25)]
    scene.kill("ada")
    scene.router.share, scene.router.silent = shows, silent
    await scene.clock.run(14 if silent else 4)

    (outcome,) = [one for one in scene.bodies(Kind.OUTCOME) if one["act"] == "shift"]
    assert (outcome["result"], outcome["resolved"]) == (result, "resolved by reading the router")
    assert scene.router.calls.count(("set", 0.25)) == 1
    assert (scene.state.split, scene.state.request) == (split, None)


async def test_a_shift_that_lands_after_it_was_resolved_is_undone(scene):
    scene.router.hangs = True
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(2)
    await shift_asked(scene)
    await scene.clock.run(0.5)
    scene.kill("ada")
    await scene.clock.run(4)
    scene.router.hangs, scene.router.share = False, 0.25
    await scene.clock.run(4)

    assert scene.router.share == 0.05
    assert [one["act"] for one in scene.bodies(Kind.OUTCOME)] == ["shift", "set back"]


async def test_a_rollback_whose_guard_died_in_it_is_done_by_the_other(scene):
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(2)
    body = {"act": "rollback", "request": "", "because": "a test", "by": "guard"}
    scene.story.tell(Kind.INTENT, body, "canary-25", id="begun")
    scene.kill("ada")
    await scene.clock.run(10)

    assert scene.router.share == 0.0 and scene.state.rollback.done
    begun = {entry.id for entry in scene.story.entries if entry.kind is Kind.INTENT}
    assert begun == {one["intent"] for one in scene.bodies(Kind.OUTCOME)}


async def test_a_guard_whose_lease_is_another_s_does_nothing_more_and_writes_nothing(scene):
    scene.router.hangs = True
    ada = scene.start("ada", host="web-2")
    await scene.clock.run(2)
    await shift_asked(scene)
    await scene.clock.run(0.3)
    scene.book.newest = None
    scene.book.take(Member("cy", "web-3", "boot", 7, 7.0), 0, 5.0)
    scene.book.newest = type(scene.book.lease())(2, scene.book.lease().holder)
    entries, calls = len(scene.story.entries), len(scene.router.calls)
    await scene.clock.run(5)

    assert scene.tasks["ada"].done() and scene.tasks["ada"].exception() is None
    assert (len(scene.story.entries), len(scene.router.calls)) == (entries, calls)
    assert ada.guard.ledger.kept == [] and scene.late == []


async def test_just_before_a_shift_the_lease_is_asked_for_once_more(scene):
    ada = scene.start("ada", host="web-2")
    await scene.clock.run(2)
    taken = ada.guard.holds

    def lost():
        scene.book.newest = type(scene.book.lease())(9, Member("cy", "web-3", "boot", 7, 7.0))
        return taken()

    ada.guard.acts._holds = lost
    await shift_asked(scene)
    await scene.clock.run(0.4)

    assert scene.router.calls == []
    assert [entry.kind for entry in scene.story.entries][-1] is Kind.INTENT


async def test_a_guard_that_can_not_reach_the_store_moves_nobody_forward_or_back(scene):
    scene.start("ada", host="web-2")
    await scene.clock.run(4)
    scene.book.silent = scene.store.locked = True
    await shift_asked(scene)
    await scene.clock.run(60)

    assert scene.router.calls == []
    told = [draft.body.get("title") for draft in scene.members["ada"].guard.ledger.kept]
    assert "THE STORE DOES NOT ANSWER" in told
    scene.book.silent = scene.store.locked = False
    await scene.clock.run(3)
    assert scene.router.calls == [("set", 0.25)]


async def test_a_record_that_stays_locked_is_given_up_and_what_was_done_is_taken_in_afterwards(scene):
    scene.start("ada")
    await scene.clock.run(4)
    scene.store.locked = True
    await scene.clock.run(14)
    assert scene.router.calls == []
    await scene.clock.run(6)
    assert scene.router.share == 0.0 and [call[0] for call in scene.router.calls] == ["rollback"]
    scene.store.locked = False
    await scene.clock.run(10)

    assert scene.state.rollback.done
    assert scene.late == [] and scene.members["ada"].guard.ledger.kept == []
    assert [call[0] for call in scene.router.calls] == ["rollback"]


async def test_asked_to_end_a_guard_waits_for_a_standby_and_then_hands_over(scene):
    ada = scene.start("ada")
    await scene.clock.run(2)
    ada.hand_over()
    await scene.clock.run(1)
    assert scene.acting() == "ada" and scene.launched == 1
    scene.start("bob")
    await scene.clock.run(3)

    assert scene.acting() == "bob"
    assert scene.tasks["ada"].done()
    assert scene.bodies(Kind.GUARD_STOPPED)[0]["why"] == "it was asked to end, and handed over"
    assert scene.bodies(Kind.LEASE_TAKEN)[1]["because"] == "ada has let go"


async def test_after_a_suspend_nobody_is_ended_and_nothing_is_taken(scene):
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(4)
    scene.clock.advance(2400)
    await scene.clock.run(10)

    assert scene.acting() == "ada" and scene.ended == []
    assert len(scene.bodies(Kind.LEASE_TAKEN)) == 1


async def test_both_end_when_the_run_is_closed(scene):
    scene.start("ada")
    await scene.clock.run(2)
    scene.start("bob")
    await scene.clock.run(3)
    scene.story.tell(Kind.RUN_CLOSED, {"result": "completed", "why": "done"})
    await scene.clock.run(3)

    assert all(task.done() for task in scene.tasks.values())
    assert list(scene.book.beats()) == []
    assert {one["why"] for one in scene.bodies(Kind.GUARD_STOPPED)} == {"the run was closed"}
