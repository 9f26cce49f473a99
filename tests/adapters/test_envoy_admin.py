"""The Envoy drivers against an admin API that is gone, slow, garbage, or says OK and does nothing."""

import asyncio
import time

import pytest
from pydantic import ValidationError

from golive.adapters.clocks import SystemClock
from golive.adapters.envoy_admin import LARGEST
from golive.adapters.metrics.envoy import EnvoyMetrics
from golive.adapters.routers.envoy import EnvoyRouter
from golive.core.samples import CouldNotMeasure, Unmeasured
from golive.ports import Done, Refused, Split, Superseded, Unknown
from tests.parts.envoy import fake_admins

GONE = "http://127.0.0.1:9"


def router(*urls, **settings):
    return EnvoyRouter.made(EnvoyRouter.Settings(admins=urls, **settings), None)


class Around:
    clock = SystemClock()


def metrics(*urls, **settings):
    return EnvoyMetrics.made(EnvoyMetrics.Settings(admins=urls, **settings), Around)


async def test_an_admin_api_that_is_gone_is_unknown_to_every_call():
    driver = router(GONE)
    assert isinstance(await driver.read(), Unknown)
    assert isinstance(await driver.set(0.05, 0.0), Unknown)
    assert isinstance(await driver.rollback("test"), Unknown)
    read = await metrics(GONE).read()
    assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.REFUSED


@pytest.mark.parametrize(
    "says",
    [
        b"<html><h1>It works!</h1></html>",
        b"",
        b"null",
        b"[]",
        b'{"entries": 3}',
        b'{"entries": {"golive.site": null}}',
        b"[" * 100_000,
        bytes(range(256)),
        b"x" * (LARGEST + 1),
    ],
    ids=["html", "nothing", "null", "list", "wrong", "half", "deep", "bytes", "endless"],
)
async def test_an_admin_api_that_answers_rubbish_is_unknown(says):
    async with fake_admins(1) as (admin,):
        admin.says = says
        driver, source = router(admin.url), metrics(admin.url)
        try:
            for answer in (await driver.read(), await driver.rollback("test")):
                assert isinstance(answer, Unknown) and len(answer.why) < 600
            shift = await driver.set(0.05, None)
            assert isinstance(shift, Unknown | Refused) and len(shift.why) < 600
            assert isinstance(await source.read(), CouldNotMeasure)
        finally:
            await driver.aclose()
            await source.aclose()


async def test_an_admin_api_that_is_slow_is_unknown_before_the_guard_loses_patience():
    async with fake_admins(1) as (admin,):
        admin.slow = 30.0
        driver, source = router(admin.url), metrics(admin.url)
        begun = time.monotonic()
        split, counters = await asyncio.gather(driver.read(), source.read())
        assert time.monotonic() - begun < 3.0
        assert isinstance(split, Unknown) and "in 1.2 s" in split.why
        assert counters.why is Unmeasured.SLOW
        await asyncio.gather(driver.aclose(), source.aclose())


async def test_several_envoys_move_together_or_not_at_all():
    async with fake_admins(2) as (one, two):
        driver = router(one.url, two.url)
        assert await driver.set(0.05, 0.0) == Done(Split(0.05, "site_canary"))
        two.refuses = True
        answer = await driver.set(0.25, 0.05)
        two.refuses = False
        assert isinstance(answer, Refused) and "put back to 5" in answer.why
        assert await driver.read() == Split(0.05, "site_canary")
        await driver.aclose()


async def test_ok_without_a_change_is_found_by_reading_back():
    async with fake_admins(1) as (admin,):
        admin.ignores = True
        driver = router(admin.url)
        answer = await driver.set(0.05, 0.0)
        assert isinstance(answer, Refused) and await driver.read() == Split(0.0, "site_canary")
        admin.runtime = {"golive.site": "50", "golive.ours": "50"}
        assert await driver.rollback("test") == Unknown("it reads back 50.0000% after the rollback")
        await driver.aclose()


async def test_lowering_that_fails_half_way_is_never_put_back_up():
    async with fake_admins(2) as (one, two):
        driver = router(one.url, two.url)
        await driver.set(0.25, 0.0)
        two.refuses = True
        assert isinstance(await driver.set(0.05, 0.25), Unknown)
        assert '"numerator":50000' in one.runtime["golive.site"]
        assert isinstance(await driver.read(), Unknown)
        two.refuses = False
        assert isinstance(await driver.rollback("test"), Done)
        await driver.aclose()


async def test_a_rollback_reaches_every_envoy_that_answers():
    async with fake_admins(1) as (admin,):
        admin.runtime = {"golive.site": "50", "golive.ours": "50"}
        driver = router(GONE, admin.url)
        answer = await driver.rollback("test")
        assert isinstance(answer, Unknown) and GONE in answer.why
        assert admin.runtime == {"golive.site": "0", "golive.ours": "0"}
        await driver.aclose()


async def test_a_split_that_somebody_else_moved_is_not_moved_again():
    async with fake_admins(1) as (admin,):
        admin.runtime = {"golive.site": "5", "golive.ours": "5"}
        driver = router(admin.url)
        answer = await driver.set(0.25, 0.01)
        assert isinstance(answer, Superseded) and answer.split.share == 0.05 and admin.writes == 0
        await driver.aclose()


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), 1 / 3])
async def test_a_share_that_envoy_would_take_wrongly_is_refused_before_it_is_sent(share):
    async with fake_admins(1) as (admin,):
        driver = router(admin.url)
        assert isinstance(await driver.set(share, None), Refused) and admin.writes == 0
        await driver.aclose()


async def test_a_key_that_no_route_asks_for_is_named_with_the_nearest():
    async with fake_admins(1) as (admin,):
        driver = router(admin.url, keys=("golive.sit",))
        answer = await driver.set(0.05, None)
        assert isinstance(answer, Refused) and "did you mean 'golive.site'?" in answer.why and admin.writes == 0
        assert isinstance(await driver.read(), Unknown)
        await driver.aclose()


async def test_without_a_dump_nothing_goes_forward_but_the_split_is_read_and_rolled_back():
    async with fake_admins(1) as (admin,):
        admin.dumps, admin.runtime = False, {"golive.site": "5", "golive.ours": "5"}
        driver = router(admin.url)
        assert isinstance(await driver.set(0.25, 0.05), Unknown) and admin.writes == 0
        assert await driver.read() == Split(0.05)
        assert await driver.rollback("test") == Done(Split(0.0))
        await driver.aclose()


@pytest.mark.parametrize("value", ["abc", "0.5", "-1", "true", '{"numerator":1,"denominator":"DOZEN"}'])
async def test_a_runtime_value_that_envoy_takes_for_its_default_is_unknown(value):
    async with fake_admins(1) as (admin,):
        admin.runtime = {"golive.site": value, "golive.ours": "0"}
        driver = router(admin.url)
        assert "a fraction was expected" in (await driver.read()).why
        await driver.aclose()


@pytest.mark.parametrize(
    "admins",
    [[], ["127.0.0.1:9901"], ["http://user:secret@h:1"], ["http://h:1/x"], ["http://h:1", "http://h:1/"]],
)
def test_settings_that_are_no_admin_api_are_refused(admins):
    with pytest.raises(ValidationError, match=r"expected"):
        EnvoyRouter.Settings(admins=tuple(admins))
