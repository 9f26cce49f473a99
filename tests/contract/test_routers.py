"""The contract of `golive.ports.Router`: what a driver declares is what it does, seen by real visitors."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import time
from collections import Counter

import pytest

from golive.core.by_hand import rollback_text
from golive.core.proof import Proving, Standing
from golive.core.samples import Version
from golive.core.way_back import AlsoUndo
from golive.ports import Claiming, Done, Proof, Refused, Split, Superseded, Unknown
from tests.contract.bench import RouterBench, by_version, visitors
from tests.contract.hostile import KINDS, hostile

DEADLINE = 3.0  # seconds that the guard gives a call
SHARES = (0.01, 0.05, 0.25, 0.5)
MOST_VISITS = 8000


def shares(router) -> list[float]:
    """Give the shares to try, smallest first: the runbook's, or those that the driver can."""
    if router.can.splits is None:
        return list(SHARES)
    return sorted(share for share in router.can.splits if 0 < share < 1)


def one_share(router) -> float:
    """Give a share that enough visitors meet: the one nearest to a half."""
    return min(shares(router), key=lambda share: abs(share - 0.5))


async def moved(router, share):
    """Set a share, whatever it was, and give what is read back once it may be seen."""
    answer = await router.set(share, expect=None)
    assert isinstance(answer, Done), answer
    return await settled(router, share)


async def settled(router, share):
    """Give the split once it shows `share`, or what it shows when the declared time is over."""
    until = time.monotonic() + router.can.read_lag
    while True:
        split = await router.read()
        if (isinstance(split, Split) and split.share == pytest.approx(share, abs=1e-9)) or time.monotonic() > until:
            return split
        await asyncio.sleep(0.1)


async def nobody_on_the_canary(bench, cookies=False, number=300):
    async with visitors(bench.url, cookies) as people:
        met = by_version(await people.visit(number))
    assert met[Version.CANARY] == 0, met
    assert met[Version.STABLE] > 0, met


async def test_it_begins_with_everybody_on_stable_and_says_whose_it_is(bench: RouterBench):
    split = await bench.router().read()

    assert isinstance(split, Split) and (split.share, split.token) == (0.0, bench.token)
    await nobody_on_the_canary(bench, number=50)


async def test_what_is_set_is_read_back_exactly_by_another_process_too(bench: RouterBench):
    for share in shares(bench.router()):
        assert (await moved(bench.router(), share)).share == pytest.approx(share, abs=1e-9)
        assert (await settled(bench.router(), share)).share == pytest.approx(share, abs=1e-9)


async def test_the_split_that_visitors_meet_is_the_one_that_was_set(bench: RouterBench):
    router = bench.router()
    if router.can.proof is not Proof.COUNTED:
        pytest.skip(f"the driver declares its proof to be {router.can.proof}")
    for share in shares(router):
        await moved(router, share)
        proving, met = Proving(share), Counter[Version | None]()
        async with visitors(bench.url) as people:
            while proving.standing is not Standing.PROVEN and met.total() < MOST_VISITS:
                met += by_version(await people.visit(250))
                proving.look(met[Version.CANARY], met.total())

        assert proving.standing is Standing.PROVEN, (share, proving.seen)


async def test_connections_that_are_open_already_follow(bench: RouterBench):
    router, share = bench.router(), one_share(bench.router())
    async with visitors(bench.url) as people:
        assert by_version(await people.visit(100))[Version.CANARY] == 0
        await moved(router, share)
        on = by_version(await people.visit(200))
        await router.rollback("a test")
        back = by_version(await people.visit(200))
        connections = people.connected

    assert on[Version.CANARY] > 0
    assert back[Version.CANARY] == 0
    assert connections <= 16  # eight, each perhaps closed and opened once


async def test_a_smaller_share_is_set_only_if_the_driver_lowers(bench: RouterBench):
    router = bench.router()
    smaller, larger = shares(router)[0], shares(router)[-1]
    await moved(router, larger)
    answer = await router.set(smaller, expect=larger)

    assert isinstance(answer, Done if router.can.lowers else Refused), answer
    assert (await settled(router, smaller if router.can.lowers else larger)).share == pytest.approx(
        smaller if router.can.lowers else larger, abs=1e-9
    )


async def test_everybody_may_be_on_the_canary_and_comes_back_unless_the_rollout_ends_there(bench: RouterBench):
    router = bench.router()
    if router.can.splits is not None and 1.0 not in router.can.splits:
        pytest.skip("the driver declares that it can't set 100 %")
    assert (await moved(router, 1.0)).share == 1.0
    async with visitors(bench.url) as people:
        met = by_version(await people.visit(200))
    answer = await router.rollback("a test")

    assert met[Version.STABLE] == 0 and met[Version.CANARY] > 0
    assert isinstance(answer, Refused if router.can.ends_at_100 else Done), answer
    if not router.can.ends_at_100:
        await nobody_on_the_canary(bench)


async def test_a_rollback_under_load_leaves_no_request_to_the_canary_that_begins_after_it(bench: RouterBench):
    router, over = bench.router(), asyncio.Event()
    await moved(router, one_share(router))
    async with visitors(bench.url) as people:
        hammering = asyncio.ensure_future(people.hammer(over))
        await asyncio.sleep(0.3)
        answer = await router.rollback("a test")
        back = time.monotonic()
        await asyncio.sleep(0.5)
        over.set()
        visits = await hammering

    assert isinstance(answer, Done) and answer.split.share == 0.0
    before = [visit for visit in visits if visit.begun < back]
    after = [visit for visit in visits if visit.begun > back]
    assert by_version(before)[Version.CANARY] > 0
    assert len(after) > 50 and by_version(after) == {Version.STABLE: len(after)}
    assert {visit.status for visit in visits} == {200}


async def test_a_rollback_reaches_those_who_hold_a_cookie_of_the_canary(bench: RouterBench):
    router = bench.router()
    async with visitors(bench.url, cookies=True) as people:
        await moved(router, one_share(router))
        await people.visit(100)
        await router.rollback("a test")

        assert by_version(await people.visit(100))[Version.CANARY] == 0


async def test_doing_it_again_changes_nothing(bench: RouterBench):
    router, share = bench.router(), one_share(bench.router())
    await moved(router, share)
    assert isinstance(await router.set(share, expect=share), Done)
    assert (await settled(router, share)).share == pytest.approx(share, abs=1e-9)
    for _ in range(2):
        answer = await router.rollback("a test")
        assert isinstance(answer, Done) and answer.split.share == 0.0
    assert (await settled(router, 0.0)).share == 0.0


async def test_after_a_rollback_the_split_may_be_set_again_by_a_new_run(bench: RouterBench):
    router, share = bench.router(), one_share(bench.router())
    await moved(router, share)
    await router.rollback("a test")
    await moved(router, share)
    async with visitors(bench.url) as people:
        met = by_version(await people.visit(300))

    assert met[Version.CANARY] > 0


async def test_a_caller_who_expects_another_split_moves_nobody(bench: RouterBench):
    router = bench.router()
    smallest, largest = shares(router)[0], shares(router)[-1]
    await moved(router, smallest)
    answer = await router.set(largest, expect=0.0)

    assert isinstance(answer, Superseded), answer
    assert answer.split.share == pytest.approx(smallest, abs=1e-9)
    assert (await router.read()).share == pytest.approx(smallest, abs=1e-9)


@pytest.mark.parametrize("share", [-0.1, 1.5, math.nan, math.inf])
async def test_a_share_that_is_none_is_refused(bench: RouterBench, share):
    router = bench.router()

    assert isinstance(await router.set(share, expect=None), Refused)
    assert (await router.read()).share == 0.0


async def test_a_share_that_the_driver_does_not_declare_is_refused(bench: RouterBench):
    router = bench.router()
    if router.can.splits is None:
        pytest.skip("the driver declares any share")
    assert isinstance(await router.set(0.37, expect=None), Refused)
    assert (await router.read()).share == 0.0


async def test_of_callers_at_the_same_time_no_mixture_is_left(bench: RouterBench):
    wanted = shares(bench.router())
    answers = await asyncio.gather(*(bench.router().set(share, expect=0.0) for share in wanted))
    split = await bench.router().read()
    done = [share for share, answer in zip(wanted, answers, strict=True) if isinstance(answer, Done)]

    assert isinstance(split, Split)
    assert min(abs(split.share - share) for share in (0.0, *wanted)) < 1e-9
    if bench.router().can.compares:
        assert len(done) == 1 and split.share == pytest.approx(done[0], abs=1e-9)
        assert all(isinstance(answer, Done | Superseded) for answer in answers)


async def test_rollbacks_at_the_same_time_send_everybody_back(bench: RouterBench):
    await moved(bench.router(), one_share(bench.router()))
    answers = await asyncio.gather(*(bench.router().rollback("a test") for _ in range(4)))

    assert any(isinstance(answer, Done) for answer in answers)
    assert (await settled(bench.router(), 0.0)).share == 0.0
    await nobody_on_the_canary(bench)


async def test_the_text_for_doing_it_by_hand_is_a_script_that_sends_everybody_back(bench: RouterBench):
    router = bench.router()
    await moved(router, one_share(router))
    text = bench.folder / "ROLLBACK.txt"
    undo = [AlsoUndo(name="the job", sentence="switch it off;\nexit 1")]
    text.write_text(rollback_text("the site", router.by_hand(), ["exit 2"], undo))
    done = await asyncio.to_thread(
        subprocess.run, ["sh", "-e", text], capture_output=True, text=True, timeout=20, env=dict(os.environ), cwd="/"
    )

    assert done.returncode == 0, done.stderr
    assert (await settled(router, 0.0)).share == 0.0
    await nobody_on_the_canary(bench)
    assert not any(word in text.read_text() for word in ("python", "venv", "golive "))


def claiming(bench: RouterBench) -> Claiming:
    """Give a fresh driver that claims; the test is left out for one that declares that it can't."""
    router = bench.router()
    assert isinstance(router, Claiming) or not router.can.claims
    if not router.can.claims:
        pytest.skip("the driver declares that its router can't show whose go-live it is")
    return router


async def test_a_claim_is_shown_to_everybody_until_it_is_given_back(bench: RouterBench):
    assert isinstance(await claiming(bench).claim("first@here", expect=""), Done)
    assert (await bench.router().read()).claim == "first@here"
    assert isinstance(await claiming(bench).claim("first@here", expect="first@here"), Done)
    assert isinstance(await claiming(bench).claim("", expect="first@here"), Done)
    assert (await bench.router().read()).claim == ""
    assert isinstance(await claiming(bench).claim("second.2@host-2.example", expect=""), Done)
    assert (await bench.router().read()).claim == "second.2@host-2.example"


async def test_who_expects_another_claim_changes_nothing_and_is_told_whose_it_is(bench: RouterBench):
    await claiming(bench).claim("first@here", expect="")
    for whose, expect in (("second@there", ""), ("second@there", "third@there"), ("", "second@there")):
        answer = await claiming(bench).claim(whose, expect=expect)

        assert isinstance(answer, Superseded), (whose, expect, answer)
        assert answer.split.claim == "first@here" and "first@here" in answer.why
    assert (await bench.router().read()).claim == "first@here"


async def test_of_several_who_claim_at_once_no_mixture_is_left(bench: RouterBench):
    claiming(bench)
    names = [f"run-{number}@host" for number in range(4)]
    answers = await asyncio.gather(*(claiming(bench).claim(name, expect="") for name in names))
    stands = (await bench.router().read()).claim
    done = [name for name, answer in zip(names, answers, strict=True) if isinstance(answer, Done)]

    assert stands in ("", *names)
    if bench.router().can.compares:
        assert done == [stands]


async def test_a_driver_whose_claim_another_one_has_taken_over_moves_nobody_forward(bench: RouterBench):
    yesterday, today = claiming(bench), claiming(bench)
    smallest, largest = shares(yesterday)[0], shares(yesterday)[-1]
    await yesterday.claim("yesterday@here", expect="")
    await moved(yesterday, smallest)
    await today.claim("today@here", expect="yesterday@here")
    answer = await yesterday.set(largest, expect=smallest)

    assert isinstance(answer, Superseded), answer
    assert answer.split.claim == "today@here"
    assert (await settled(today, smallest)).share == pytest.approx(smallest, abs=1e-9)
    assert (await moved(today, largest)).claim == "today@here"


async def test_a_claim_is_not_lost_by_a_shift_or_a_rollback(bench: RouterBench):
    router = claiming(bench)
    await router.claim("first@here", expect="")
    assert (await moved(router, one_share(router))).claim == "first@here"
    await router.rollback("a test")
    assert (await settled(router, 0.0)).claim == "first@here"


@pytest.mark.parametrize("whose", ["a b", "x" * 500, "(", "a;b", "\n"])
async def test_a_claim_that_the_router_can_not_show_is_refused(bench: RouterBench, whose):
    answer = await claiming(bench).claim(whose, expect="")
    split = await bench.router().read()

    assert (isinstance(answer, Done) and split.claim == whose) or (isinstance(answer, Refused) and split.claim == "")


async def test_a_router_is_named_alike_by_every_driver_and_by_another_one_differently(bench: RouterBench):
    assert bench.router().identity() == bench.router().identity()
    assert bench.router().identity() != bench.router_at("127.0.0.1", 9).identity()


@pytest.mark.parametrize("kind", KINDS)
async def test_trouble_with_its_control_is_a_value_and_takes_no_longer_than_the_deadline(bench: RouterBench, kind):
    async with hostile(kind) as (host, port):
        router = bench.router_at(host, port)
        calls = [router.read(), router.set(0.05, expect=0.0), router.rollback("a test")]
        calls += [router.claim("first@here", expect="")] if router.can.claims else []
        answers = await asyncio.gather(*map(timed, calls))

    for answer, took in answers:
        assert isinstance(answer, Unknown | Refused), (kind, answer)
        assert len(answer.why) < 500 and "\n" not in answer.why
        assert took < DEADLINE, (kind, took)


async def timed(call):
    begun = time.monotonic()
    return await call, time.monotonic() - begun
