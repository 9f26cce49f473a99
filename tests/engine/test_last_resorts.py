"""A router that does not take a rollback: people are told, the last resorts are used in their order, once."""

import pytest

from golive import alone
from golive.adapters.clocks import FakeClock
from golive.core.folding import fold
from golive.core.kit import Kit
from golive.core.record import Kind
from golive.core.samples import Version
from golive.engine.mine import Mine
from golive.ports import Refused, Used
from tests.builders import sample
from tests.engine.test_guard import FakeRouter, looks, on_the_canary, outcomes, scene


class Deaf(FakeRouter):
    async def rollback(self, reason):
        self.calls.append(("rollback", reason))
        return Refused("403")


class Resort:
    def __init__(self, name, clock, does=True, cures=None):
        self.name, self._clock, self._does, self._cures, self.used = name, clock, does, cures, []

    async def use(self, reason):
        self.used.append(self._clock.monotonic())
        if self._cures is not None:
            self._cures.share = 0.0
        return Used(self._does, "stopped it" if self._does else "could not")

    def by_hand(self):
        return "stop it"


def in_trouble(router, *resorts, **more):
    guard, story, _ = scene(router, **more)
    made = [(after, Resort(f"resort-{after:g}", guard.post.clock, *rest)) for after, *rest in resorts]
    guard.post.__dict__["resorts"] = made
    on_the_canary(story)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="back")
    return guard, story, [resort for _, resort in made]


def notices(story):
    return [entry.body["title"] for entry in story.entries if entry.kind is Kind.NOTICE]


async def test_people_are_told_first_and_then_each_last_resort_is_used_at_its_time_and_written_down():
    router = Deaf()
    guard, story, (first, second) = in_trouble(router, (10.0,), (30.0,))
    begun = guard.post.clock.monotonic()
    await looks(guard, 4)

    assert (first.used[0] - begun, second.used[0] - begun) == (pytest.approx(10.0), pytest.approx(30.0))
    entries = [entry.body for entry in story.entries if entry.kind is Kind.LAST_RESORT]
    assert [(e["number"], e["driver"], e["done"], e["did"]) for e in entries[:2]] == [
        (1, "resort-10", True, "stopped it"),
        (2, "resort-30", True, "stopped it"),
    ]
    assert "403" in entries[0]["because"]
    told = notices(story)
    assert told.index("THE ROUTER DOES NOT TAKE THE ROLLBACK") < told.index("LAST RESORT USED")
    (ended,) = outcomes(story, "rollback")[:1]
    assert ended["result"] == "failed" and "last resort: resort-10: stopped it" in ended["seen"]


async def test_a_router_that_gives_in_gets_no_last_resort():
    guard, story, (resort,) = in_trouble(FakeRouter(deaf=4), (10.0,))
    await looks(guard, 3)

    assert resort.used == [] and fold(story.entries).rollback.done


async def test_a_last_resort_that_cures_the_router_ends_the_rollback():
    router = Deaf()
    guard, story, (first, second) = in_trouble(router, (5.0, True, router), (9.0,))
    await looks(guard, 3)

    assert len(first.used) == 1 and second.used == []
    assert fold(story.entries).rollback.done


async def test_what_worked_is_used_once_whoever_insists_and_what_failed_is_tried_again():
    guard, story, (works, fails) = in_trouble(Deaf(), (5.0,), (9.0, False))
    await looks(guard, 12)

    assert len(outcomes(story, "rollback")) > 1
    assert len(works.used) == 1 and len(fails.used) > 1
    assert fold(story.entries).resorts == {1}
    after_it, story_after, (again, _) = in_trouble(Deaf(), (5.0,), (9.0, False))
    story_after.tell(Kind.LAST_RESORT, {"number": 1, "done": True, "driver": "x", "did": "y"}, "canary-5")
    await looks(after_it, 3)
    assert again.used == []


async def test_after_a_last_resort_it_is_said_whether_visitors_still_come_to_the_canary():
    guard, story, _ = in_trouble(Deaf(), (5.0,))
    counts = {Version.STABLE: 100, Version.CANARY: 0}
    guard.sight.requests = lambda since: counts
    await looks(guard, 4)

    (ended,) = outcomes(story, "rollback")[:1]
    assert "no visitor was counted on the canary after it" in ended["seen"]
    assert ended["verified"]["counted_after"] == 0


async def test_without_a_count_nobody_says_that_no_visitor_came():
    guard, story, _ = in_trouble(Deaf(), (5.0,))
    await looks(guard, 4)

    (ended,) = outcomes(story, "rollback")[:1]
    assert ended["verified"]["counted_after"] is None and "no visitor" not in ended["seen"]


async def test_what_a_rollback_does_not_undo_is_looked_at_and_written_down():
    rows = [{"name": "job", "sentence": "switch it off", "result": "fail", "seen": "it is on"}]

    async def look():
        return rows

    guard, story, _ = in_trouble(FakeRouter(), also_undo=look)
    await looks(guard, 3)

    (ended,) = outcomes(story, "rollback")
    assert ended["verified"]["also_undo"] == rows


async def test_without_a_guard_it_is_insisted_on_too_and_said_as_it_happens(tmp_path):
    said = []
    resort = {"driver": "command", "settings": {"command": ["sh", "-c", f"touch {tmp_path}/stopped"]}, "after": "5s"}
    kit = Kit(driver="sandbox", last_resort=[resort])
    sent = await alone.send_back(Deaf(), kit, Mine(), "smoke", FakeClock(), say=said.append)

    assert not sent.rolled.done and (tmp_path / "stopped").exists()
    assert said[0].startswith("the router does not take it: 403") and "ended with status 0" in said[1]
    assert [(one["number"], one["done"]) for one in sent.last_resort] == [(1, True)]


async def test_a_last_resort_that_can_not_be_made_keeps_nobody_from_rolling_back():
    said = []
    kit = Kit(driver="sandbox", last_resort=[{"driver": "comand", "settings": {}, "after": "5s"}])
    sent = await alone.send_back(FakeRouter(deaf=3), kit, Mine(), "smoke", FakeClock(), say=said.append)

    assert sent.rolled.done
    assert "did you mean 'command'" in said[0]


async def test_samples_of_before_the_rollback_are_not_counted():
    guard, story, _ = in_trouble(FakeRouter())
    guard.sight._recent.append(sample(guard.post.clock.monotonic(), Version.CANARY, 50))
    await looks(guard, 3)

    assert outcomes(story, "rollback")[0]["verified"]["counted_after"] is None
