"""Last resorts: a command and a call, and what each says of what it did."""

import asyncio
import os
import shlex
import subprocess

import pytest
from aiohttp import web

from golive import drivers
from golive.adapters.clocks import FakeClock
from golive.core.errors import NameUnknown, PlanError
from golive.core.plan import Driver
from golive.drivers import Around


def made(name, **settings):
    around = Around(None, FakeClock())
    return drivers.made(drivers.LAST_RESORTS, Driver(driver=name, settings=settings), around, {})


def sh(line, **more):
    return made("command", command=["sh", "-c", line], **more)


async def test_a_command_that_ends_well_has_worked_and_says_what_it_said(tmp_path):
    used = await sh(f"cat > {tmp_path}/why; echo two canaries stopped").use("errors on checkout")

    assert used.done and used.what.endswith("ended with status 0: two canaries stopped")
    assert (tmp_path / "why").read_text() == "errors on checkout"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["sh", "-c", "echo no; exit 3"], "ended with status 3: no"),
        (["/no/such/program"], "can't be run: No such file"),
        (["sleep", "60"], "took over 0.2 s and was ended"),
        (["sh", "-c", "kill -9 $$"], "ended with status -9"),
    ],
)
async def test_a_command_that_fails_or_hangs_says_so(command, why):
    used = await made("command", command=command, within="200ms").use("errors")

    assert not used.done and why in used.what


async def test_what_a_command_says_is_bounded_and_what_it_leaves_running_is_not_waited_for():
    used = await asyncio.wait_for(sh("head -c 10000000 /dev/zero; echo end; sleep 3 & exit 0").use("errors"), 2.5)

    assert used.done and len(used.what) < 400 and used.what.endswith("end")


@pytest.fixture
async def canary():
    """Give where a canary is told to be sick, and what it was told."""
    told = []

    async def tell(request):
        told.append((request.method, request.headers.get("Authorization", ""), await request.text()))
        return web.Response(status=503 if "broken" in request.path else 204)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", tell)
    server = web.AppRunner(app)
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{server.addresses[0][1]}", told
    await server.cleanup()


async def test_a_call_carries_its_token_and_body_and_a_good_answer_has_worked(canary, monkeypatch):
    url, told = canary
    monkeypatch.setenv("KILL_TOKEN", "secret-7")
    used = await made("http", url=f"{url}/sick", body="{}", token_variable="KILL_TOKEN").use("errors")

    assert used.done and used.what == f"POST {url}/sick answered 204"
    assert told == [("POST", "Bearer secret-7", "{}")]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"url": "{url}/broken"}, "answered 503"),
        ({"url": "http://127.0.0.1:9"}, "did not answer: ConnectError"),
        ({"url": "{url}", "token_variable": "NO_SUCH_TOKEN"}, "the environment variable NO_SUCH_TOKEN is not set"),
    ],
)
async def test_a_call_that_is_not_answered_well_says_so(canary, settings, why):
    filled = {key: value.replace("{url}", canary[0]) for key, value in settings.items()}
    used = await made("http", **filled).use("errors")

    assert not used.done and why in used.what


async def test_by_hand_both_are_lines_for_a_shell_with_tokens_as_names(canary):
    url, told = canary
    call = made("http", url=f"{url}/sick", method="PUT", body="it's", token_variable="KILL_TOKEN").by_hand()
    environment = {**os.environ, "KILL_TOKEN": "secret-7"}
    done = await asyncio.to_thread(subprocess.run, ["sh", "-c", call], env=environment, timeout=10)

    assert done.returncode == 0 and "secret" not in call
    assert told == [("PUT", "Bearer secret-7", "it's")]
    assert shlex.split(sh("a b").by_hand()) == ["sh", "-c", "a b"]


@pytest.mark.parametrize(
    ("name", "settings", "why"),
    [
        ("command", {"command": []}, "a program and its arguments were expected"),
        ("http", {"url": "canary/sick"}, "a URL was expected"),
        ("http", {"url": "http://x", "method": "GET"}, "method"),
        ("htp", {"url": "http://x"}, "did you mean 'http'"),
        ("command", {"comand": ["x"]}, "did you mean 'command'"),
    ],
)
def test_a_wrong_setting_is_said_before_anything_is_needed(name, settings, why):
    with pytest.raises((PlanError, NameUnknown), match=why):
        made(name, **settings)
