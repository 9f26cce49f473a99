"""The dead man's switch outside: called each minute, never waited for, never fatal, and told when it fails."""

import asyncio

import pytest
from aiohttp import web

from golive.adapters.clocks import FakeClock
from golive.adapters.dead_man import UrlSwitch
from golive.core.errors import NotifyFailed
from golive.engine.dead_man import DeadMan
from tests.parts.ports import BRIEF


@pytest.fixture
async def service(monkeypatch):
    """A service on the loopback that is called; its address stands in a variable."""
    called, says = [], [200]

    async def answer(request):
        called.append(request.method)
        if says[0] == "nothing":
            await asyncio.sleep(30)
        return web.Response(status=says[0])

    app = web.Application()
    app.router.add_route("*", "/a-secret-path", answer)
    runner = web.AppRunner(app, shutdown_timeout=BRIEF)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("GOLIVE_SWITCH", f"http://127.0.0.1:{runner.addresses[0][1]}/a-secret-path")
    yield called, says
    await runner.cleanup()


async def test_the_url_in_the_variable_is_called(service):
    await UrlSwitch("GOLIVE_SWITCH").call()

    assert service[0] == ["GET"]


@pytest.mark.parametrize("says", [500, 404, "nothing"])
async def test_what_goes_wrong_is_said_without_the_url(service, says):
    service[1][0] = says
    with pytest.raises(NotifyFailed) as failed:
        await UrlSwitch("GOLIVE_SWITCH", deadline=0.2).call()

    assert "GOLIVE_SWITCH" in str(failed.value) and "a-secret-path" not in str(failed.value)


@pytest.mark.parametrize("url", ["", "no url", "http://127.0.0.1:9/"])
async def test_a_variable_that_holds_no_url_is_said_by_its_name(monkeypatch, url):
    monkeypatch.setenv("GOLIVE_SWITCH", url)

    with pytest.raises(NotifyFailed, match="GOLIVE_SWITCH"):
        await UrlSwitch("GOLIVE_SWITCH").call()


class Switch:
    def __init__(self):
        self.calls, self.fails, self.hangs = 0, False, False

    async def call(self):
        self.calls += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise NotifyFailed("it answered 500")


class Minutes:
    """A dead man's switch that is looked at once a second."""

    def __init__(self, switch):
        self.clock, self.told = FakeClock(), []
        self.dead_man = DeadMan(switch, 60.0, self.clock, self.told.append)

    async def pass_by(self, seconds):
        for _ in range(seconds):
            self.dead_man.look()
            for _ in range(3):
                await asyncio.sleep(0)
            self.clock.advance(1.0)


async def test_it_is_called_once_a_minute():
    switch = Switch()
    minutes = Minutes(switch)
    await minutes.pass_by(180)

    assert switch.calls == 3
    assert minutes.dead_man.to_json()["called"] == 60.0


async def test_no_look_waits_for_a_call_that_hangs_and_no_second_one_is_begun_beside_it():
    switch = Switch()
    switch.hangs = True
    minutes = Minutes(switch)
    await minutes.pass_by(180)

    assert switch.calls == 1


async def test_failures_are_told_once_shown_and_over_when_it_answers_again():
    switch = Switch()
    minutes = Minutes(switch)
    switch.fails = True
    await minutes.pass_by(180)
    assert minutes.told == ["the dead man's switch can't be called: it answered 500"]
    assert minutes.dead_man.to_json() == {"called": None, "why": "it answered 500"}
    switch.fails = False
    await minutes.pass_by(60)

    assert minutes.told[1:] == ["the dead man's switch answers again"]
    assert minutes.dead_man.to_json()["why"] == ""


async def test_a_plan_without_a_switch_calls_nobody():
    minutes = Minutes(None)
    await minutes.pass_by(120)

    assert minutes.dead_man.to_json() is None
