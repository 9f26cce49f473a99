"""Critical entries from runtime logs: streams that repeat, end, stay silent, refuse and lie."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from golive import drivers
from golive.adapters.clocks import SystemClock
from golive.adapters.logs.vercel import VercelLogs
from golive.core.samples import CouldNotMeasure, Unmeasured, Version
from golive.plans import load
from tests.vercel.conftest import served
from tests.vercel.double.app import delimiter, log_row
from tests.vercel.double.demand import limited, refused
from tests.vercel.double.state import CANARY, PROJECT, STABLE, TEAM

LOG = f"GET /v1/projects/{PROJECT}/deployments/{CANARY}/runtime-logs"
PATH = "/v1/projects/{project}/deployments/{deployment}/runtime-logs"


class Quick(SystemClock):
    """The real time, with short sleeps."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


@asynccontextmanager
async def reading(account: dict[str, str]) -> AsyncIterator[VercelLogs]:
    settings = drivers.checked(drivers.LOGS, "vercel", {**account, "stable": STABLE, "canary": CANARY})
    logs = VercelLogs.made(settings, drivers.Around(load("sandbox", None)[0], Quick()))
    try:
        yield logs
    finally:
        await logs.aclose()


async def found(logs: VercelLogs, number: int = 1) -> dict[Version, list[str]]:
    """Read until so many messages have come, or two seconds are over."""
    messages: dict[Version, list[str]] = {version: [] for version in Version}
    until = time.monotonic() + 2
    while sum(map(len, messages.values())) < number and time.monotonic() < until:
        read = await logs.critical()
        assert not isinstance(read, CouldNotMeasure), read
        for version, those in read.items():
            messages[version] += those
        await asyncio.sleep(0.02)
    return messages


async def test_a_new_critical_row_is_told_of_its_own_version_and_an_old_one_of_none(standing):
    standing.double.logs[CANARY] = [log_row("critical: long ago", at=time.time() - 60, row="old")]
    async with reading(standing.account) as logs:
        assert await logs.critical() == {Version.STABLE: [], Version.CANARY: []}
        standing.double.logs[CANARY] += [
            log_row("a visitor left", "info", 200, time.time() + 1, "harmless"),
            log_row("panic: no map", at=time.time() + 1, row="new"),
        ]
        assert await found(logs) == {Version.STABLE: [], Version.CANARY: ["panic: no map"]}


async def test_a_log_that_is_not_there_is_could_not_measure(standing):
    standing.double.demands.append(refused(LOG, 404, "not_found", "Deployment not found"))
    async with reading(standing.account) as logs:
        read = await logs.critical()
        assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.REFUSED
        assert "canary" in read.detail and "Deployment not found" in read.detail


async def test_a_limited_log_is_could_not_measure_until_it_opens(standing):
    standing.double.demands.append(limited(LOG, 0.3, time.time()))
    async with reading(standing.account) as logs:
        read = await logs.critical()
        assert isinstance(read, CouldNotMeasure) and "429" in read.detail
        until = time.monotonic() + 3
        while isinstance(await logs.critical(), CouldNotMeasure) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        assert await logs.critical() == {Version.STABLE: [], Version.CANARY: []}


async def test_without_a_token_nothing_is_measured_and_the_variable_is_named(standing, monkeypatch):
    monkeypatch.delenv("VERCEL_TOKEN")
    async with reading(standing.account) as logs:
        read = await logs.critical()
        assert isinstance(read, CouldNotMeasure) and "VERCEL_TOKEN" in read.detail


async def streamed(monkeypatch, *streams: bytes):
    """Give an application that answers each opening with the next of these, and ends it."""
    opened: list[str] = []
    monkeypatch.setenv("VERCEL_TOKEN", "a-token")

    async def answer(request: web.Request) -> web.Response:
        deployment = request.match_info["deployment"]
        opened.append(deployment)
        number = opened.count(deployment) - 1
        return web.Response(body=streams[min(number, len(streams) - 1)] if deployment == CANARY else b"")

    app = web.Application()
    app.router.add_get(PATH, answer)
    return app, opened


def rows(*said: dict) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in said)


async def test_a_stream_that_ends_is_opened_anew_and_what_it_repeats_is_no_news(monkeypatch):
    first = log_row("panic: one", at=time.time() + 5, row="1")
    second = log_row("panic: two", at=time.time() + 5, row="2")
    app, opened = await streamed(monkeypatch, rows(first, delimiter()), rows(first, delimiter(), second))
    async with served(app) as url, reading({"project": PROJECT, "team": TEAM, "api": url}) as logs:
        assert (await found(logs, 2))[Version.CANARY] == ["panic: one", "panic: two"]
        assert opened.count(CANARY) >= 2


async def test_a_stream_of_something_else_is_could_not_measure(monkeypatch):
    app, _ = await streamed(monkeypatch, b"<html>sign in</html>\n")
    async with served(app) as url, reading({"project": PROJECT, "team": TEAM, "api": url}) as logs:
        until = time.monotonic() + 2
        while not isinstance(read := await logs.critical(), CouldNotMeasure) and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.GARBAGE


async def test_so_many_messages_as_a_read_can_take_are_kept_and_no_more(monkeypatch):
    many = [log_row(f"panic {number}", at=time.time() + 5, row=str(number)) for number in range(1000)]
    app, _ = await streamed(monkeypatch, rows(*many))
    async with served(app) as url, reading({"project": PROJECT, "team": TEAM, "api": url}) as logs:
        await logs.critical()
        await asyncio.sleep(0.2)
        read = await logs.critical()
        assert not isinstance(read, CouldNotMeasure) and len(read[Version.CANARY]) <= 100
