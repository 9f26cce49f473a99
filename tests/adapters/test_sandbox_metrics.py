"""The sandbox's counts, from its own router with a fault switched on: each is called by its name."""

import pytest

from golive.adapters.clocks import SystemClock
from golive.core.samples import Counters, Unmeasured
from golive.engine.sources import Inbox, MetricReader
from golive.sandbox.faults import Fault
from tests.contract.bench import visitors
from tests.contract.benches.sandbox import Sandbox

NAMES = {
    Fault.METRICS_REFUSED: Unmeasured.REFUSED,
    Fault.METRICS_SLOW: Unmeasured.SLOW,
    Fault.METRICS_NAN: Unmeasured.NOT_A_NUMBER,
    Fault.METRICS_EMPTY: Unmeasured.EMPTY,
    Fault.METRICS_GARBAGE: Unmeasured.GARBAGE,
    Fault.METRICS_FROZEN: Unmeasured.FROZEN,
    Fault.METRICS_RESET: Unmeasured.RESET,
}


@pytest.fixture
async def bench(tmp_path):
    made = Sandbox(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def switch(bench, fault):
    assert bench._session is not None
    answer = await bench._session.post(f"{bench._control}/-/fault", json={"name": fault.value, "on": True})
    assert answer.status == 200


@pytest.mark.parametrize("fault", NAMES)
async def test_each_fault_of_the_counts_has_its_own_name(bench, fault):
    inbox = Inbox()
    reader = MetricReader(bench.source(), SystemClock(), inbox)
    async with visitors(bench.url) as people:
        await reader.step()
        await people.visit(20)
        await reader.step()
        assert inbox.blindness.of("metrics") is None and inbox.samples
        await switch(bench, fault)
        for _ in range(6 if fault is Fault.METRICS_FROZEN else 1):
            await people.visit(1)
            await reader.step()

    assert inbox.blindness.of("metrics").why is NAMES[fault]


async def test_counts_come_with_the_time_of_who_counts(bench):
    read = await bench.source().read()

    assert isinstance(read, Counters)
    assert abs(read.told - SystemClock().now().timestamp()) < 5
    assert read.skew == 0.0
