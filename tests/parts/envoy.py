"""A real Envoy in front of two blunt versions, and an admin API that is none, all on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from golive.adapters.envoy_admin import EnvoyAdmin, Trouble
from golive.core.errors import WorldFailed
from golive.staging.envoy_config import EnvoySite, envoy_bootstrap_text
from golive.staging.envoy_program import envoy_program
from tests.parts.ports import BRIEF, free_port

START = 10.0
TOKEN = "token-of-the-world"


async def serve(answer: Any, port: int = 0) -> tuple[web.AppRunner, int]:
    """Serve one handler for every path; give what ends it, and its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=BRIEF, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    return runner, runner.addresses[0][1]


class BluntVersion:
    """`/status/404` answers 404, `/slow/600` takes 600 ms, `/drop` breaks off before an answer, `/half` in one."""

    def __init__(self, name: str) -> None:
        self.name, self.port, self.hangs = name, 0, False
        self.seen: Counter[str] = Counter()
        self._runner: web.AppRunner | None = None

    async def start(self) -> BluntVersion:
        self._runner, self.port = await serve(self._answer, self.port or free_port())
        return self

    async def stop(self) -> None:
        """Be gone: whoever connects is refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        _, kind, *rest = [*request.path.split("/"), ""]
        self.seen["ours" if "X-Golive-Ours" in request.headers else "visitors"] += 1
        if self.hangs:
            await asyncio.sleep(60)
        if kind == "slow":
            await asyncio.sleep(int(rest[0]) / 1000)
        if kind in ("drop", "half"):
            assert request.transport is not None
            if kind == "half":
                part = web.StreamResponse(headers={"Content-Length": "100"})
                await part.prepare(request)
                await part.write(b"half")
                await asyncio.sleep(0.05)
            request.transport.abort()
        status = int(rest[0]) if kind == "status" else 200
        return web.Response(text=self.name, status=status, headers={"X-Golive-Version": self.name})


@dataclass
class Stage:
    """A site that runs: `url` for visitors, `admin` for whoever moves the split."""

    url: str
    admin: str
    stable: BluntVersion
    canary: BluntVersion
    process: asyncio.subprocess.Process
    session: aiohttp.ClientSession
    config: Path

    async def ask(self, path: str = "/", times: int = 1, at_once: int = 8, **more: Any) -> Counter[str]:
        """Send requests and count the answers: the version's name, or the status, or the error's name."""
        seen: Counter[str] = Counter()
        left = iter(range(times))

        async def one_by_one() -> None:
            for _ in left:
                try:
                    async with self.session.get(self.url + path, **more) as answer:
                        name = (await answer.text()) if answer.status == 200 else str(answer.status)
                except (aiohttp.ClientError, TimeoutError) as error:
                    name = type(error).__name__
                seen[name] += 1

        await asyncio.gather(*(one_by_one() for _ in range(min(times, at_once))))
        return seen


@contextlib.asynccontextmanager
async def stage(folder: Path, *, timeout: float = 1.0, flush: float = 0.2) -> AsyncIterator[Stage]:
    """Start two versions and an Envoy in front of them; all end with the block."""
    program = program_or_skip()
    stable, canary = await BluntVersion("stable").start(), await BluntVersion("canary").start()
    running: Stage | None = None
    try:
        port, admin = free_port(), free_port()
        site = EnvoySite(port, admin, stable.port, canary.port, TOKEN, "dpl_canary", flush, timeout)
        config = folder / "envoy.json"
        config.write_text(envoy_bootstrap_text(site))
        process = await start_envoy(program, config, f"http://127.0.0.1:{admin}")
        url = f"http://127.0.0.1:{port}"
        running = Stage(url, f"http://127.0.0.1:{admin}", stable, canary, process, aiohttp.ClientSession(), config)
        yield running
    finally:
        if running is not None:
            await running.session.close()
            await end(running.process)
        await asyncio.gather(stable.stop(), canary.stop())


async def start_envoy(program: Path, config: Path, admin: str) -> asyncio.subprocess.Process:
    """Start Envoy and wait until it serves."""
    process = await asyncio.create_subprocess_exec(
        str(program), "-c", str(config), "--concurrency", "1", "--use-dynamic-base-id", "-l", "off"
    )
    asked = EnvoyAdmin(admin)
    try:
        async with asyncio.timeout(START):
            while True:
                info = await asked.server_info()
                if not isinstance(info, Trouble) and info["state"] == "LIVE":
                    return process
                assert process.returncode is None, f"envoy ended with {process.returncode}: look at {config}"
                await asyncio.sleep(0.02)
    except BaseException:
        await end(process)
        raise
    finally:
        await asked.aclose()


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a child and wait for it."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def program_or_skip() -> Path:
    """Give Envoy's program; leave the test out where there is none, unless every group was asked for."""
    try:
        return envoy_program()
    except WorldFailed as error:
        if os.environ.get("GOLIVE_ALL_GROUPS") == "1":
            raise
        pytest.skip(str(error).splitlines()[0])


class FakeAdmin:
    """An admin API whose runtime is a dictionary, and that can be as bad as a test wants.

    `says` is answered to everything; `ignores` says OK and keeps its values; `refuses` answers writes with 503;
    `slow` waits so many seconds first; `dumps` is False when there is no configuration to be had.
    """

    def __init__(self) -> None:
        self.runtime: dict[str, str] = {}
        self.says: bytes | None = None
        self.ignores = self.refuses = False
        self.slow, self.dumps, self.writes = 0.0, True, 0
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.slow)
        if self.says is not None:
            return web.Response(body=self.says)
        if request.path == "/runtime_modify":
            self.writes += 1
            if self.refuses:
                return web.Response(status=503, text="no admin layer")
            if not self.ignores:
                self.runtime |= {str(key): str(value) for key, value in (await request.post()).items()}
            return web.Response(text="OK\n")
        if request.path == "/runtime":
            entries = {key: {"layer_values": ["", value], "final_value": value} for key, value in self.runtime.items()}
            return web.json_response({"layers": ["world", "admin"], "entries": entries})
        if request.path == "/config_dump" and self.dumps:
            routes = [_route("golive.site", "site_canary"), _route("golive.ours", "ours_canary")]
            static = request.query["resource"] == "static_route_configs"
            return web.json_response({"configs": [{"route_config": {"virtual_hosts": routes}}]} if static else {})
        return web.Response(status=404, text="<html>no such place</html>")


def _route(key: str, cluster: str) -> dict[str, Any]:
    return {"match": {"prefix": "/", "runtime_fraction": {"runtime_key": key}}, "route": {"cluster": cluster}}


@contextlib.asynccontextmanager
async def fake_admins(number: int) -> AsyncIterator[list[FakeAdmin]]:
    """Serve so many admin APIs that are none."""
    runners, admins = [], []
    try:
        for _ in range(number):
            admin = FakeAdmin()
            runner, port = await serve(admin.answer)
            runners.append(runner)
            admin.url = f"http://127.0.0.1:{port}"
            admins.append(admin)
        yield admins
    finally:
        await asyncio.gather(*(runner.cleanup() for runner in runners))
