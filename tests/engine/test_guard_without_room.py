"""A guard that has no room left, on disk or among its file descriptors, still sends everybody back."""

import asyncio
import errno
import os
import resource

import pytest

from golive.adapters.reserve import Reserve
from golive.core.folding import fold
from golive.core.record import Kind
from golive.engine.rollback import called
from tests.contract.benches.sandbox import Sandbox
from tests.engine.test_guard import FakeRouter, looks, on_the_canary, scene


async def test_a_disk_that_takes_nothing_keeps_nobody_on_the_canary_and_the_entries_are_kept_for_later():
    guard, story, late = scene(FakeRouter())
    on_the_canary(story)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="back")
    guard._catch_up()
    full = [True]

    def keep(draft):
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        late.append(draft)

    guard.post.__dict__["late"] = keep
    guard.post.store.locked = True
    await looks(guard, 3)
    assert guard.post.sources.router.share == 0.0 and late == []

    full[0] = False
    await looks(guard, 2)
    guard.ledger.append(Kind.NOTE, {"text": "there is room again"})
    assert [draft.body["act"] for draft in late if draft.kind in (Kind.INTENT, Kind.OUTCOME)][:2] == ["rollback"] * 2


@pytest.fixture
async def bench(tmp_path):
    one = Sandbox(tmp_path)
    try:
        await one.start()
        yield one
    finally:
        await one.stop()


async def test_with_every_file_descriptor_used_up_the_reserve_is_enough_for_a_real_router(bench):
    await bench.router().set(0.25, expect=None)
    router = bench.router()
    router.calls = []
    reserve, held = Reserve(), []
    guard, story, _ = scene(router, reserve=reserve.release)
    on_the_canary(story, 0.25)
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "smoke"}, "canary-5", id="back")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        assert "Too many open files" in (await called(router.read())).why
        await looks(guard, 1)
        for _ in range(200):
            if fold(story.entries).rollback.done:
                break
            await asyncio.sleep(0.02)
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, most)

    assert (await bench.router().read()).share == 0.0
    assert fold(story.entries).rollback.done
