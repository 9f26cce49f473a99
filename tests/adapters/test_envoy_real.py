"""The Envoy drivers on a real Envoy: its traps, its split, and what it counts of a canary that is killed or hung."""

import asyncio
import math
import shlex
import time

import aiohttp
import httpx
import pytest

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.envoy import EnvoyMetrics
from golive.adapters.routers.envoy import EnvoyRouter
from golive.core.samples import CouldNotMeasure, Tally, Unmeasured, Version, flaw
from golive.engine.rollback import roll_back
from golive.ports import Done, Refused, Split, Superseded, Unknown
from golive.staging.envoy_program import envoy_program
from tests.parts.envoy import TOKEN, end, stage, start_envoy

pytestmark = pytest.mark.staging
CANARY = "dpl_canary"


@pytest.fixture
async def site(tmp_path):
    async with stage(tmp_path) as running:
        yield running


@pytest.fixture
async def router(site):
    made = EnvoyRouter(EnvoyRouter.Settings(admins=(site.admin,)))
    yield made
    await made.aclose()


@pytest.fixture
async def metrics(site):
    made = EnvoyMetrics(EnvoyMetrics.Settings(admins=(site.admin,), flush="200ms"), SystemClock())
    yield made
    await made.aclose()


async def write(running, **values):
    """Write runtime values as anybody could, past the driver; Envoy's answer."""
    async with httpx.AsyncClient(trust_env=False) as client:
        data = {f"golive.{key}": value for key, value in values.items()}
        return (await client.post(running.admin + "/runtime_modify", data=data)).text


async def at_rest(metrics):
    """Give the tallies once the histograms have been merged and nothing changes any more."""
    await asyncio.sleep(0.5)
    await metrics.read()
    await asyncio.sleep(0.5)
    return (await metrics.read()).tallies


def within(seen, number, share, chance=1e-6):
    """Say whether `seen` of `number` lies where a binomial of `share` does, but for `chance` at each end."""

    def at_most(k):
        logs = (
            math.lgamma(number + 1)
            - math.lgamma(i + 1)
            - math.lgamma(number - i + 1)
            + i * math.log(share)
            + (number - i) * math.log1p(-share)
            for i in range(k + 1)
        )
        return sum(map(math.exp, logs))

    return at_most(seen) > chance and 1 - (at_most(seen - 1) if seen else 0.0) > chance


# --- Router ---------------------------------------------------------------------------------
async def test_the_split_is_set_read_back_and_counted(site, router):
    for before, share in ((0.0, 0.01), (0.01, 0.05), (0.05, 0.5)):
        assert await router.set(share, before) == Done(Split(share, CANARY, TOKEN))
        assert await router.read() == Split(share, CANARY, TOKEN)
        seen = await site.ask(times=3000)
        assert set(seen) == {"stable", "canary"} and within(seen["canary"], 3000, share)
    await router.set(1.0, 0.5)
    assert await site.ask(times=200) == {"canary": 200}


async def test_a_hundredth_of_a_percent_is_held_as_it_is(site, router):
    assert await router.set(0.0001, 0.0) == Done(Split(0.0001, CANARY, TOKEN))
    assert within((await site.ask(times=3000))["canary"], 3000, 0.0001)


async def test_requests_of_ours_get_the_same_split_and_are_counted_apart(site, router, metrics):
    await router.set(0.5, 0.0)
    seen = await site.ask(times=1000, headers={"X-Golive-Ours": "prober"})
    assert within(seen["canary"], 1000, 0.5)
    assert all(tally.requests == 0 for tally in (await at_rest(metrics)).values())


async def test_an_integer_is_percent_whatever_the_route_says_of_its_denominator(site, router):
    await write(site, site="50", ours="50")
    assert (await router.read()).share == 0.5
    assert within((await site.ask(times=1000))["canary"], 1000, 0.5)


@pytest.mark.parametrize("rubbish", ["abc", "0.5", "-1", '{"numerator":5,"denominator":"BOGUS"}'])
async def test_envoy_says_ok_to_rubbish_and_the_driver_does_not(site, router, rubbish):
    assert (await write(site, site=rubbish, ours=rubbish)).strip() == "OK"
    assert isinstance(await router.read(), Unknown)
    assert isinstance(await router.set(0.05, 0.0), Unknown)
    assert isinstance(await router.rollback("test"), Done)


async def test_an_empty_value_gives_the_configuration_its_word_again_which_is_nobody(site, router):
    await router.set(0.5, 0.0)
    await write(site, site="", ours="")
    assert await router.read() == Split(0.0, CANARY, TOKEN)
    assert await site.ask(times=200) == {"stable": 200}


async def test_a_key_that_the_configuration_does_not_use_is_refused_although_envoy_takes_it(site):
    assert (await write(site, sit="50")).strip() == "OK"
    assert await site.ask(times=100) == {"stable": 100}
    wrong = EnvoyRouter(EnvoyRouter.Settings(admins=(site.admin,), keys=("golive.sit",)))
    answer = await wrong.set(0.5, None)
    assert isinstance(answer, Refused) and "did you mean 'golive.site'?" in answer.why
    assert isinstance(await wrong.read(), Unknown)
    await wrong.aclose()


async def test_a_key_that_moved_alone_leaves_the_split_unknown_until_the_rollback(site, router):
    await router.set(0.05, 0.0)
    await write(site, site="50")
    assert "not the same everywhere" in (await router.read()).why
    assert await router.rollback("test") == Done(Split(0.0, CANARY, TOKEN))


async def test_of_two_that_shift_from_the_same_split_one_is_superseded(site, router):
    answers = await asyncio.gather(router.set(0.05, 0.0), router.set(0.25, 0.0))
    assert {type(answer) for answer in answers} == {Done, Superseded}


async def test_a_connection_that_is_kept_alive_follows_the_split_at_its_next_request(site, router):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as one:

        async def ask():
            async with one.get(site.url) as answer:
                return await answer.text()

        assert await ask() == "stable"
        await router.set(1.0, 0.0)
        assert await ask() == "canary"
        await router.rollback("test")
        assert await ask() == "stable"


async def test_after_a_rollback_under_load_the_canary_gets_no_request(site, router):
    await router.set(0.5, 0.0)
    load = asyncio.create_task(site.ask(times=6000, at_once=16))
    await asyncio.sleep(0.3)
    rolled = await roll_back(router, SystemClock(), "test")
    assert rolled.done and not load.done()
    await asyncio.sleep(0.05)  # what had been sent on before has arrived by then
    before = site.canary.seen["visitors"]
    seen = await load
    assert before > 0 and site.canary.seen["visitors"] == before
    assert set(seen) == {"stable", "canary"}
    assert await router.rollback("once more") == Done(Split(0.0, CANARY, TOKEN))


async def test_the_commands_for_a_rollback_by_hand_are_exact(site, router):
    await router.set(0.5, 0.0)
    for line in router.by_hand().splitlines():
        child = await asyncio.create_subprocess_exec(*shlex.split(line), stdout=asyncio.subprocess.PIPE)
        said, _ = await child.communicate()
        assert child.returncode == 0
    assert b'"final_value": "0"' in said
    assert (await router.read()).share == 0.0


async def test_an_envoy_that_starts_anew_sends_nobody_to_the_canary_and_its_counts_begin_anew(site, router, metrics):
    await router.set(0.5, 0.0)
    await site.ask(times=100)
    await asyncio.sleep(1.3)  # whole seconds of uptime are what a restart is known by when it has counted more since
    before = (await metrics.read()).tallies
    await end(site.process)
    assert isinstance(await router.read(), Unknown)
    site.process = await start_envoy(envoy_program(), site.config, site.admin)
    assert await router.read() == Split(0.0, CANARY, TOKEN)
    assert await site.ask(times=50) == {"stable": 50}
    assert (await metrics.read()).why is Unmeasured.RESET
    await site.ask(times=20)
    after = await at_rest(metrics)
    assert (after[Version.STABLE] - before[Version.STABLE]).requests == 70


async def test_a_frozen_envoy_is_unknown_in_time(site, router, metrics):
    site.process.send_signal(19)
    begun = time.monotonic()
    split, counters = await asyncio.gather(router.read(), metrics.read())
    site.process.send_signal(18)
    assert time.monotonic() - begun < 3.0
    assert isinstance(split, Unknown)
    assert counters.why is Unmeasured.SLOW


# --- Metrics --------------------------------------------------------------------------------
async def test_every_answer_is_counted_once_by_what_it_was(site, router, metrics):
    await router.set(1.0, 0.0)
    for path, times in (("/", 20), ("/status/500", 3), ("/status/503", 2), ("/status/404", 4), ("/status/429", 5)):
        await site.ask(path, times)
    await site.ask("/slow/600", 3)
    tally = (await at_rest(metrics))[Version.CANARY]
    assert (tally.requests, tally.failed, tally.client_errors, tally.limited) == (37, 5, 4, 5)
    assert (tally.over[100], tally.over[500], tally.over[1000]) == (3, 3, 0)


async def test_a_request_a_little_over_a_limit_is_over_it(site, metrics):
    await site.ask("/slow/503")
    await site.ask("/slow/1020")
    await site.ask("/slow/450")
    tally = (await at_rest(metrics))[Version.STABLE]
    assert (tally.requests, tally.over[500], tally.over[1000]) == (3, 2, 1)


async def test_a_killed_canary_is_failed_once_for_each_request_and_over_every_limit(site, router, metrics):
    await router.set(1.0, 0.0)
    await site.ask(times=10)
    await site.canary.stop()
    assert await site.ask(times=15) == {"503": 15}
    tally = (await at_rest(metrics))[Version.CANARY]
    assert (tally.requests, tally.failed, tally.over[1000]) == (25, 15, 15)


async def test_a_hung_canary_is_failed_once_for_each_request_and_over_every_limit(site, router, metrics):
    await router.set(1.0, 0.0)
    site.canary.hangs = True
    assert await site.ask(times=6) == {"504": 6}
    tally = (await at_rest(metrics))[Version.CANARY]
    assert (tally.requests, tally.failed, tally.over[1000]) == (6, 6, 6)


@pytest.mark.parametrize("how", ["drop", "half"])
async def test_an_answer_that_breaks_off_is_failed_whether_it_had_begun_or_not(site, router, metrics, how):
    await router.set(1.0, 0.0)
    await site.ask(times=10)
    await site.ask(f"/{how}", 7)
    tally = (await at_rest(metrics))[Version.CANARY]
    assert (tally.requests, tally.failed, tally.over[1000]) == (17, 7, 7)


async def test_a_visitor_who_leaves_a_hung_canary_before_envoy_gives_up_is_counted_too(site, router, metrics):
    await router.set(1.0, 0.0)
    site.canary.hangs = True
    await site.ask(times=5, timeout=aiohttp.ClientTimeout(total=0.2))
    tally = (await at_rest(metrics))[Version.CANARY]
    assert (tally.requests, tally.client_errors, tally.over[1000]) == (5, 5, 5)


async def test_a_cluster_without_requests_counts_nothing_and_one_that_is_not_there_is_empty(site, metrics):
    assert (await metrics.read()).tallies[Version.CANARY].requests == 0
    wrong = EnvoyMetrics(EnvoyMetrics.Settings(admins=(site.admin,), canary="site_canry"), SystemClock())
    read = await wrong.read()
    assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.EMPTY and "site_canry" in read.detail
    await wrong.aclose()


async def test_between_two_merges_no_stretch_has_more_slow_requests_than_requests(site, router, metrics):
    await router.set(1.0, 0.0)
    last, seen = (await metrics.read()).tallies[Version.CANARY], Tally()
    for burst in (30, 1, 0, 30, 0, 0, 30, 0):
        await asyncio.gather(site.ask("/slow/510", burst, at_once=burst or 1), asyncio.sleep(0.07))
        tally = (await metrics.read()).tallies[Version.CANARY]
        assert flaw(tally - last) is None
        last, seen = tally, seen + (tally - last)
    end = (await at_rest(metrics))[Version.CANARY]
    assert (end.requests, end.over[500], end.failed) == (91, 91, 0)


async def test_a_request_is_told_with_its_time_and_no_later_than_one_flush(site, metrics):
    await site.ask("/slow/510", 3)
    begun = time.monotonic()
    while (tally := (await metrics.read()).tallies[Version.STABLE]).requests < 3:
        assert (tally.requests, tally.over[500]) == (0, 0) and time.monotonic() - begun < 1.0
        await asyncio.sleep(0.01)
    assert tally.over[500] == 3 and metrics.can.lag == pytest.approx(0.3)
