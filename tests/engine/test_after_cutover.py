"""After the cutover the safe direction has turned round: blindness and doubt hold, and stable has to be proven."""

from dataclasses import replace

import pytest

from golive.core.folding import fold
from golive.core.plan import Plan
from golive.core.record import Kind
from golive.core.samples import Version
from golive.core.verdict import Hold, Word
from golive.engine.sources import HealthReader
from golive.ports import Alive, Sick, Split
from tests.builders import sample, sandbox
from tests.engine.test_guard import FakeRouter, looks, scene

VISITORS = 300


def wanting(rollback="roll back", **more):
    data = sandbox().model_dump()
    return Plan.model_validate({**data, "after_cutover": {**data["after_cutover"], "rollback": rollback, **more}})


def cut_over(plan, **more):
    """Give a guard whose visitors are all on the canary, and whose stable carried them in the baseline."""
    guard, story, _ = scene(FakeRouter(share=1.0), **more)
    guard.post.__dict__["plan"] = guard.sight._plan = guard.sight.evidence.plan = plan
    guard.sight.inbox.split = Split(1.0)
    story.tell(Kind.BASELINE, {"rate": float(VISITORS), "requests": 3000, "failed": 0}, "canary-5")
    body = {"act": "shift", "request": "ask", "share": 1.0}
    story.tell(Kind.INTENT, body, "canary-5", id="did")
    story.tell(Kind.OUTCOME, {**body, "intent": "did", "result": "done"}, "canary-5")
    return guard, story


async def seconds(guard, number, failed=0, stable="well"):
    """Let so many seconds pass, each with visitors on the canary, health probes and a look; `stable` is how it is."""

    class Prober:
        async def probe(self, version):
            sick = version is Version.STABLE and stable == "sick"
            return Sick("no answer") if sick else Alive("1", "d")

    reader = HealthReader(Prober(), guard.post.clock, guard.sight.inbox)
    for _ in range(number):
        guard.post.clock.advance(1.0)
        now = guard.post.clock.monotonic()
        if stable != "not asked":
            await reader.step()
        pair = [sample(now, Version.CANARY, VISITORS, failed), sample(now, Version.STABLE, 0)]
        guard.sight.inbox.samples.append(pair)
        guard.sight.inbox.measured_at, guard.sight.inbox.unmeasured = now, ""
        await looks(guard)


async def test_a_bad_canary_is_sent_back_when_the_plan_wants_it_and_stable_is_proven():
    guard, story = cut_over(wanting())
    await seconds(guard, 5)
    assert guard.sight.stable.unproven == ""
    await seconds(guard, 20, failed=200)

    assert guard.post.sources.router.share == 0.0
    assert fold(story.entries).rollback.done


@pytest.mark.parametrize(
    ("plan", "stable", "why"),
    [
        (wanting("hold"), "well", "After cutover a person decides"),
        (wanting(), "not asked", "not proven to carry everybody: it answered 0 health probes in a row"),
        (wanting(), "sick", "stable is measured bad now"),
        (wanting(stable_carries=100.0), "well", "300 requests a second come now, and it is known to carry 100"),
    ],
)
async def test_a_bad_canary_is_held_and_people_told_when_the_plan_or_stable_speaks_against_going_back(
    plan, stable, why
):
    guard, story = cut_over(plan)
    await seconds(guard, 5, stable=stable)
    await seconds(guard, 20, failed=200, stable=stable)

    assert guard.post.sources.router.share == 1.0
    assert (guard.sight.verdict.word, guard.sight.verdict.hold) == (Word.HOLD, Hold.AFTER_CUTOVER)
    assert why in guard.sight.verdict.reason
    assert any(entry.kind is Kind.NOTICE and why in entry.body["text"] for entry in story.entries)


async def test_a_stated_capacity_counts_where_nobody_measured_a_baseline():
    guard, _ = cut_over(wanting(stable_carries=400.0))
    guard.state = replace(guard.state)
    await seconds(guard, 5)

    assert guard.sight.stable.unproven == ""


async def test_after_the_plans_time_a_bad_canary_waits_for_a_person():
    guard, _ = cut_over(wanting(rollback_safe_until="10s"))
    guard.post.clock.advance(3600.0)
    await seconds(guard, 25, failed=200)

    assert guard.post.sources.router.share == 1.0
    assert "going back was safe for 10s" in guard.sight.verdict.reason


async def test_blindness_sends_nobody_back_even_where_the_plan_wants_rollbacks():
    guard, story = cut_over(wanting())
    await seconds(guard, 5)
    for _ in range(60):
        guard.post.clock.advance(1.0)
        await looks(guard)

    assert guard.post.sources.router.share == 1.0
    assert (guard.sight.verdict.word, guard.sight.verdict.hold) == (Word.HOLD, Hold.UNMEASURED)
    assert "After cutover not knowing sends nobody back" in guard.sight.verdict.reason
    assert fold(story.entries).rollback is None


async def test_what_was_measured_of_stable_long_ago_says_nothing_of_it_now():
    guard, _ = cut_over(wanting())
    await seconds(guard, 5, stable="sick")
    assert guard.sight.stable.sick
    guard.post.clock.advance(60.0)
    await looks(guard)

    assert guard.sight.stable.sick == ""
    assert "0 health probes" in guard.sight.stable.unproven
