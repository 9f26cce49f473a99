"""A guard that has no room left, on disk or among its file descriptors, still sends everybody back."""

import asyncio
import errno
import os
import resource

import pytest

from golive.adapters.presence import anybody, hold
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
    guard.catch_up()
    full = [True]

    def keep(draft):
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        late.append(draft)

    guard.post.late.__dict__["write"] = keep
    guard.post.store.locked = True
    await looks(guard, 3)
    assert guard.post.sources.router.share == 0.0 and late == []

    full[0] = guard.post.store.locked = False
    guard.post.clock.advance(2.0)
    await looks(guard, 2)
    acts = [entry.body["act"] for entry in story.entries if entry.kind in (Kind.INTENT, Kind.OUTCOME)]
    assert acts[-2:] == ["rollback", "rollback"]


@pytest.fixture
async def bench(tmp_path):
    one = Sandbox(tmp_path)
    try:
        await one.start()
        yield one
    finally:
        await one.stop()


async def test_with_every_file_descriptor_used_up_the_reserve_is_enough_for_a_real_router(bench, tmp_path):
    await bench.router().set(0.25, expect=None)
    router = bench.router()
    router.calls = []
    reserve, held, wheel = Reserve(), [], hold(tmp_path / "wheel", "ada")
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
        assert [who["name"] for who in anybody(tmp_path / "wheel")] == [""]
        await looks(guard, 1)
        for _ in range(200):
            if fold(story.entries).rollback.done:
                break
            await asyncio.sleep(0.02)
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
        wheel.release()

    assert (await bench.router().read()).share == 0.0
    assert fold(story.entries).rollback.done


async def test_operators_who_can_not_be_read_count_as_there_and_end_no_guard():
    def unreadable():
        raise OSError(24, "Too many open files")

    guard, _, _ = scene(FakeRouter())
    object.__setattr__(guard.post, "operators", unreadable)
    guard.post.clock.advance(100_000.0)
    await looks(guard)

    assert guard._known(None, guard.post.clock.monotonic()).unattended == 0
