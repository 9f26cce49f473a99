"""A forward call that lands after the rollback, on the real thing: the guard undoes it and says how long it stood."""

from __future__ import annotations

import asyncio

import pytest

from golive.core.folding import fold
from golive.core.record import Kind
from golive.engine.sources import SplitReader
from golive.ports import Claiming, Done, Split, Superseded
from tests.contract.bench import RouterBench
from tests.contract.test_routers import moved, settled, shares
from tests.engine.test_guard import outcomes, scene

LATE = 5.0
LOOKS = 2


async def looks(guard, bench, number):
    """Let the guard read its router and look, once a second of its own clock."""
    reader = SplitReader(guard.post.sources.router, guard.post.clock, guard.sight.inbox)
    for _ in range(number):
        await reader.step()
        guard.post.clock.advance(1.0)
        guard.look()
        for task in (guard._moving, guard._rolling):
            if task is not None:
                await asyncio.wait_for(task, 20)


def shifted(story, share):
    story.tell(Kind.INTENT, {"act": "shift", "request": "ask", "share": share}, "canary-5", id="did")
    outcome = {"act": "shift", "request": "ask", "intent": "did", "result": "done", "share": share}
    story.tell(Kind.OUTCOME, outcome, "canary-5")


async def test_a_forward_call_that_lands_five_seconds_after_the_rollback_is_undone_within_two_looks(
    bench: RouterBench,
):
    router = bench.router()
    router.calls = []
    if router.can.read_lag:
        pytest.skip("the driver declares that its reads lag: its own tests say how long that takes")
    guard, story, _ = scene(router)
    smallest, largest = shares(router)[0], shares(router)[-1]
    if isinstance(router, Claiming):
        await router.claim("run@host", expect="")
    await moved(router, smallest)
    shifted(story, smallest)
    late = bench.router()
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="back")
    await looks(guard, bench, 3)
    assert (await settled(router, 0.0)).share == 0.0
    guard.post.clock.advance(LATE)
    await looks(guard, bench, 1)

    if router.can.compares:
        assert isinstance(await late.set(largest, expect=smallest), Superseded)
    answer = await late.set(largest, expect=None)  # what was compared in time, and lands now
    assert isinstance(answer, Done)
    await looks(guard, bench, LOOKS)

    split = await router.read()
    assert isinstance(split, Split) and split.share == 0.0
    state = fold(story.entries)
    assert state.rollback.done
    again = outcomes(story, "rollback")[-1]["because"]
    assert f"read back {largest:.2%}, above the 0.00% of the record, for" in again and "after the rollback" in again
