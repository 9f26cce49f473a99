"""Who is at the wheel, and who is told."""

import json
import subprocess
import sys

import pytest
from aiohttp import web

from golive.adapters.notifiers.command import CommandNotifier
from golive.adapters.notifiers.webhook import WebhookNotifier
from golive.adapters.presence import anybody, hold
from golive.core.errors import NotifyFailed
from golive.ports import Notice

NOTICE = Notice("alarm", "ROLLED BACK", "failed 31 %", "run-1", "91_incident.ipynb")
HOLDER = """
import sys
from pathlib import Path
from golive.adapters.presence import hold
wheel = hold(Path(sys.argv[1]), "bob")
print("held", flush=True)
sys.stdin.read()
"""


def test_an_operator_is_present_until_released(tmp_path):
    wheel = hold(tmp_path, "ada")

    assert [who["name"] for who in anybody(tmp_path)] == ["ada"]
    wheel.release()
    assert anybody(tmp_path) == ()


def test_a_killed_operator_is_gone_even_as_a_zombie(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "held\n"
    assert [who["name"] for who in anybody(tmp_path)] == ["bob"]
    child.kill()
    child.stdout.read()

    assert anybody(tmp_path) == ()
    child.wait()
    child.stdin.close()
    child.stdout.close()


async def test_a_webhook_gets_the_notice_and_a_failure_never_tells_its_address(monkeypatch):
    got = []

    async def take(request):
        got.append(await request.json())
        return web.Response(status=200 if len(got) == 1 else 500)

    app = web.Application()
    app.router.add_post("/{secret}", take)
    server = web.AppRunner(app)
    await server.setup()
    site = web.TCPSite(server, "127.0.0.1", 0)
    await site.start()
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.addresses[0][1]}/s3cret")
    await WebhookNotifier("HOOK").notify(NOTICE)
    with pytest.raises(NotifyFailed) as error:
        await WebhookNotifier("HOOK").notify(NOTICE)
    await server.cleanup()

    assert got[0]["title"] == "ROLLED BACK"
    assert "s3cret" not in str(error.value) and "HOOK" in str(error.value)


async def test_a_webhook_without_its_variable_says_which(monkeypatch):
    monkeypatch.delenv("HOOK", raising=False)

    with pytest.raises(NotifyFailed, match="HOOK is not set"):
        await WebhookNotifier("HOOK").notify(NOTICE)


async def test_a_command_gets_the_notice_on_its_input(tmp_path):
    target = tmp_path / "got"
    await CommandNotifier(["sh", "-c", f"cat > {target}"]).notify(NOTICE)

    assert json.loads(target.read_text())["text"] == "failed 31 %"


@pytest.mark.parametrize(("command", "why"), [(["false"], "status 1"), (["/no/such/thing"], "can't be run")])
async def test_a_command_that_fails_says_how(command, why):
    with pytest.raises(NotifyFailed, match=why):
        await CommandNotifier(command).notify(NOTICE)
