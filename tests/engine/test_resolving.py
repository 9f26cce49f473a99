"""What came of an act whose guard has died in it, as far as a router's split shows it."""

import asyncio

import pytest

from golive.adapters.clocks import FakeClock
from golive.engine.mine import Mine
from golive.engine.readers import Readers
from golive.engine.resolving import resolve
from golive.ports import Split, Unknown

SHIFT = {"act": "shift", "share": 0.25, "expect": 0.05}
BACK = {"act": "rollback", "because": "x"}
MINE = Mine("run@host", "canary-2")


@pytest.mark.parametrize(
    ("act", "split", "result"),
    [
        (SHIFT, Split(0.25), "done"),
        (SHIFT, Split(0.05), "refused"),
        (SHIFT, Split(0.0), "refused"),
        (SHIFT, Unknown("silent"), "unknown"),
        (SHIFT, Split(0.25, claim="other@host"), "superseded"),
        (SHIFT, Split(0.25, canary="canary-3"), "superseded"),
        ({"act": "set back", "share": 0.05}, Split(0.05), "done"),
        (BACK, Split(0.0), "done"),
        (BACK, Split(0.25), "failed"),
        (BACK, Unknown("silent"), "unknown"),
        ({"act": "prove", "share": 0.25}, Split(0.25), "unknown"),
        ({"act": "promote", "name": "x"}, Split(1.0), "unknown"),
        ({"act": "release", "claim": "run@host"}, Split(0.0, claim="run@host"), "refused"),
        ({"act": "release", "claim": "run@host"}, Split(0.0), "done"),
    ],
)
def test_an_act_is_resolved_by_what_the_router_reads_back(act, split, result):
    assert resolve(act, split, MINE).result == result


async def test_a_reader_that_fails_is_begun_again_and_the_others_go_on():
    clock, begun = FakeClock(), []

    async def steady():
        begun.append("steady")
        await asyncio.Event().wait()

    async def broken():
        begun.append("broken")
        raise ZeroDivisionError("a driver's mistake")

    readers = Readers(lambda: [steady(), broken()])
    await clock.sleep(1)
    assert readers.mend() == ["ZeroDivisionError: a driver's mistake"]
    await clock.sleep(1)
    readers.end()

    assert begun == ["steady", "broken", "broken"]
