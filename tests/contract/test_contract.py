"""A contract that can't be broken is none: drivers that do otherwise than they say are found."""

from __future__ import annotations

import pytest
import pytest_asyncio

from golive.adapters.routers.sandbox import SandboxRouter
from golive.ports import Done, RouterCan, Split
from tests.contract import test_routers as contract
from tests.contract.benches.sandbox import Sandbox


class Doubling(SandboxRouter):
    """It moves twice what was asked for, and reads back what was asked for."""

    async def set(self, share, expect):
        answer = await super().set(min(1.0, share * 2), None)
        return Done(Split(share, token=answer.split.token)) if isinstance(answer, Done) else answer

    async def read(self):
        split = await super().read()
        return Split(split.share / 2, split.canary, split.token) if isinstance(split, Split) else split


class Idle(Doubling):
    """It moves nobody, and says that it did."""

    told = 0.0

    async def set(self, share, expect):
        type(self).told = share
        return Done(Split(share))

    async def read(self):
        return Split(self.told, "", Sandbox.token)


class Deaf(SandboxRouter):
    """It says that it rolled back."""

    async def rollback(self, reason):
        return Done(Split(0.0))


class Declared(SandboxRouter):
    """It declares that it can't lower, and does."""

    can = RouterCan(lowers=False)


class Throwing(SandboxRouter):
    """Trouble is an exception, and a late one."""

    async def read(self):
        raise ConnectionError("no")


@pytest_asyncio.fixture
async def bench(tmp_path):
    one = Sandbox(tmp_path)
    try:
        await one.start()
        yield one
    finally:
        await one.stop()


@pytest.mark.parametrize(
    ("driver", "broken"),
    [
        (Doubling, contract.test_the_split_that_visitors_meet_is_the_one_that_was_set),
        (Idle, contract.test_the_split_that_visitors_meet_is_the_one_that_was_set),
        (Deaf, contract.test_a_rollback_under_load_leaves_no_request_to_the_canary_that_begins_after_it),
        (Declared, contract.test_a_smaller_share_is_set_only_if_the_driver_lowers),
    ],
)
async def test_a_driver_that_does_otherwise_than_it_says_is_found(bench, monkeypatch, driver, broken):
    monkeypatch.setattr(contract, "SHARES", (0.05, 0.25))
    monkeypatch.setattr(contract, "MOST_VISITS", 2000)
    bench.router = lambda: driver(bench._control)
    with pytest.raises(AssertionError):
        await broken(bench)


async def test_a_driver_that_throws_is_found(bench):
    bench.router_at = lambda host, port: Throwing(f"http://{host}:{port}")
    with pytest.raises(ConnectionError):
        await contract.test_trouble_with_its_control_is_a_value_and_takes_no_longer_than_the_deadline(bench, "refused")
