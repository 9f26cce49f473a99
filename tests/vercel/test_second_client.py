"""Vercel's own command-line client drives and reads the same double as our router, and both understand each other.

It talks on its standard error, asks who it is before each call, and is told to send nothing to anybody else; a hook in
its process writes down every address that it connects to.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import pytest_asyncio

from golive.ports import Done, Result, Superseded
from tests.vercel.conftest import VARIABLE, Standing, served
from tests.vercel.double.app import TOKEN, Double
from tests.vercel.double.state import CANARY, PROJECT, RUNBOOK, STABLE, TEAM, Releases
from tests.vercel.test_checks import Looked

CLIENT = Path(__file__).resolve().parents[2] / ".cache" / "vercel-cli" / "node_modules" / ".bin" / "vercel"
HOOK = """
const net = require("net"), fs = require("fs"), before = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  let to = given[0];
  while (Array.isArray(to)) to = to[0];
  fs.appendFileSync(process.env.CONNECTED, JSON.stringify(to.host || to.path || String(to)) + "\\n");
  return before.apply(this, given);
};
const dns = require("dns"), looked = dns.lookup;
dns.lookup = function (name, ...given) {
  fs.appendFileSync(process.env.CONNECTED, JSON.stringify(name) + "\\n");
  return looked.call(this, name, ...given);
};
"""
pytestmark = [pytest.mark.staging, pytest.mark.timeout(240)]


class Client:
    """The command-line client in a folder of its own, linked to the double's project."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        self.connected = folder / "connected"
        (folder / ".vercel").mkdir()
        (folder / "home").mkdir()
        (folder / ".vercel" / "project.json").write_text(json.dumps({"projectId": PROJECT, "orgId": TEAM}))
        (folder / "hook.js").write_text(HOOK)

    async def __call__(self, *words: str, code: int = 0, command: str = "rolling-release") -> str:
        """Run `vercel COMMAND WORDS` and give what it says; global options come after the subcommand."""
        options = ["--api", self._url, "--token", TOKEN, "--global-config", str(self._folder / "config")]
        options += ["--cwd", str(self._folder), "--non-interactive", "--no-color"]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder / "home"),  # what lies in a home it asks about before it deploys it
            "VERCEL_TELEMETRY_DISABLED": "1",
            "NO_UPDATE_NOTIFIER": "1",
            "NODE_OPTIONS": f"--require {self._folder / 'hook.js'}",
            "CONNECTED": str(self.connected),
        }
        process = await asyncio.create_subprocess_exec(
            *(str(CLIENT), command, *words, *options),
            env=environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            said, told = await asyncio.wait_for(process.communicate(), 60)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == code, told.decode()
        return (said + told).decode()

    async def fetch(self) -> dict[str, object]:
        """Give the rollout as it shows it: the document without its envelope, after a mark."""
        told = await self("fetch")
        return json.loads(told[told.index("{") :])


@pytest_asyncio.fixture
async def standing(monkeypatch):
    if not CLIENT.exists() or shutil.which("node") is None:
        why = "Vercel's own client is not installed here: make vercel-cli"
        (pytest.fail if os.environ.get("GOLIVE_ALL_GROUPS") == "1" else pytest.skip)(why)
    monkeypatch.setenv(VARIABLE, TOKEN)
    double = Double(Releases(time.time))
    async with served(double.application()) as url:
        yield Standing(double, url)
    assert double.broken == []


@pytest.fixture
def client(standing, tmp_path):
    return Client(tmp_path, standing.url)


async def test_it_and_our_router_drive_one_release_and_read_the_same(standing, client):
    router = standing.router()
    stages = [word for percent in ("1", "5", "25", "50") for word in ("--stage", percent)]
    await client("configure", "--enable", "--advancement-type", "manual-approval", *stages)
    await client("start", "--dpl", CANARY, "--yes")
    started = await router.read()
    await client("approve", "--dpl", CANARY, "--currentStageIndex", "0")
    standing.clock.advance(60)
    approved = await router.read()
    moved = await router.set(0.25, expect=0.05)
    shown = await client.fetch()
    back = await router.rollback("a test")
    after = await client.fetch()
    await router.aclose()

    assert (started.share, approved.share) == (0.01, 0.05)
    assert isinstance(moved, Done) and isinstance(back, Done)
    assert shown["state"] == "ACTIVE" and shown["currentCanaryPercentage"] == 25
    assert after["state"] == "ABORTED" and after["activeStage"] is None


async def test_what_our_router_configures_is_what_its_own_client_configures(standing, client):
    router = standing.router()
    await router.set(0.01, expect=0.0)
    ours = standing.releases.config
    await router.aclose()
    await client("configure", "--disable")
    stages = [word for percent in ("1", "5", "25", "50") for word in ("--stage", percent)]
    await client("configure", "--enable", "--advancement-type", "manual-approval", *stages)

    assert standing.releases.config == ours


async def test_it_completes_and_aborts_what_our_router_has_started(standing, client):
    router = standing.router()
    await router.set(0.01, expect=0.0)
    await client("abort", "--dpl", STABLE)
    standing.clock.advance(60)
    aborted = await router.read()
    standing.clock.advance(60)
    await router.set(0.01, expect=0.0)
    await client("complete", "--dpl", CANARY)
    standing.clock.advance(60)
    completed = await router.read()
    await router.aclose()

    assert (aborted.share, completed.share) == (0.0, 1.0)


async def test_its_abort_asks_to_go_back_to_whatever_it_is_given_even_the_canary(standing, client):
    router = standing.router()
    await router.set(0.01, expect=0.0)
    await client("abort", "--dpl", CANARY, code=1)
    await router.aclose()

    assert standing.double.calls[-1] == f"POST /v9/projects/{PROJECT}/rollback/{CANARY}"
    assert standing.releases.active


async def test_what_it_deploys_without_domains_meets_nobody_and_is_found_in_what_it_prints(standing, client, tmp_path):
    (tmp_path / "index.html").write_text("a site")
    said = await client("--prod", "--skip-domain", "--yes", command="deploy")
    (tmp_path / "deploy.log").write_text(said)
    made = next(reversed(standing.releases.deployments))
    finding = await Looked(standing)("vercel-deployed", {"output": str(tmp_path / "deploy.log")}, canary=made)

    assert finding.result is Result.PASS and f"{made}" in finding.seen, finding
    assert standing.releases.production == STABLE and not standing.releases.active


async def test_what_it_deploys_with_domains_begins_a_release_by_itself(standing, client, tmp_path):
    (tmp_path / "index.html").write_text("a site")
    standing.releases.configure({"enabled": True, "stages": [{"targetPercentage": percent} for percent in RUNBOOK]})
    await client("--prod", "--yes", command="deploy")
    made = next(reversed(standing.releases.deployments))

    assert standing.releases.active and standing.releases.rollout["canary"] == made
    assert isinstance(await standing.router().set(0.01, expect=0.0), Superseded)


async def test_it_connects_to_the_double_and_to_nobody_else(standing, client):
    await client.fetch() if standing.releases.rollout else await client("configure", "--disable")

    places = {json.loads(line) for line in client.connected.read_text().splitlines()}
    assert places and places <= {"127.0.0.1", "localhost"}, places
