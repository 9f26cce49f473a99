"""A real HAProxy as a child process on loopback, and visitors for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from golive.adapters.haproxy_socket import Address, HaproxySocket
from golive.staging.haproxy_config import Site, haproxy_config
from tests.parts.ports import free_port
from tests.parts.versions import TinyVersion

START = 5.0
TOKEN = "token-of-this-test"
SOCAT = """
import socket, sys
assert sys.argv[1] == "stdio"
kind, _, path = sys.argv[2].partition(":")
assert kind == "UNIX-CONNECT"
one = socket.socket(socket.AF_UNIX)
one.connect(path)
one.sendall(sys.stdin.buffer.read())
while part := one.recv(65536):
    sys.stdout.buffer.write(part)
"""


def program(name: str = "haproxy") -> str:
    """Give a program's path; the test is left out, or fails with GOLIVE_ALL_GROUPS=1, where there is none."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        why = f"{name} is not installed here: apt-get install {name}"
        if os.environ.get("GOLIVE_ALL_GROUPS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return found


def socat_in(folder: Path) -> Path:
    """Give a folder with a small `socat` that can what the lines for a rollback by hand need."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "socat").write_text(f"#!{sys.executable}\n{SOCAT}")
    (tools / "socat").chmod(0o755)
    return tools


class RealHaproxy:
    """One HAProxy process before two versions."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self._file = site, folder / f"{Path(site.socket).stem}.cfg"
        self._process: asyncio.subprocess.Process | None = None
        self.socket = HaproxySocket(Address.of(site.socket))

    @property
    def url(self) -> str:
        """Where visitors go."""
        return f"http://127.0.0.1:{self.site.visitors}"

    async def start(self) -> RealHaproxy:
        """Start it and return once its socket answers."""
        self._file.write_text(haproxy_config(self.site))
        log = self._file.with_suffix(".log").open("wb")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                program(), "-W", "-db", "-f", str(self._file), stdout=log, stderr=log
            )
        await self._answers(0)
        return self

    async def reload(self) -> None:
        """Let it read its configuration again and return once the next worker answers.

        Asked again until it does: a master that has only just started still loses signals.
        """
        assert self._process is not None
        before, until = await self.worker(), asyncio.get_running_loop().time() + START
        while await self.worker() in (0, before) and asyncio.get_running_loop().time() < until:
            self._process.send_signal(signal.SIGUSR2)
            for _ in range(40):
                await asyncio.sleep(0.01)
                if await self.worker() not in (0, before):
                    break
        await self._answers(before)

    async def worker(self) -> int:
        """Give the process id of the worker that answers; 0 when none does."""
        answer = await self.socket.ask("show info")
        found = [line for line in answer.splitlines() if line.startswith("Pid: ")] if isinstance(answer, str) else []
        return int(found[0].removeprefix("Pid: ")) if found else 0

    async def say(self, *commands: str) -> str:
        """Send commands and give the answer."""
        answer = await self.socket.ask(*commands)
        assert isinstance(answer, str), answer
        return answer

    async def freeze(self, on: bool = True) -> None:
        """Stop the worker in its tracks, or let it go on."""
        if on:
            self._frozen = await self.worker()
        os.kill(self._frozen, signal.SIGSTOP if on else signal.SIGCONT)

    async def stop(self) -> None:
        """Return once it is gone."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if getattr(self, "_frozen", 0):
                os.kill(self._frozen, signal.SIGCONT)
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 2.0)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _answers(self, other_than: int) -> None:
        assert self._process is not None
        until = asyncio.get_running_loop().time() + START
        while await self.worker() in (0, other_than):
            ended = self._process.returncode is not None
            if ended or asyncio.get_running_loop().time() > until:
                pytest.fail(f"HAProxy did not start:\n{self._file.with_suffix('.log').read_text()}")
            await asyncio.sleep(0.01)


class Bench:
    """Two tiny versions with one or several HAProxy processes before them."""

    def __init__(self, stable: TinyVersion, canary: TinyVersion, haproxies: Sequence[RealHaproxy]) -> None:
        self.stable, self.canary, self.haproxies = stable, canary, haproxies

    @property
    def haproxy(self) -> RealHaproxy:
        """The first of them."""
        return self.haproxies[0]

    @property
    def sockets(self) -> tuple[str, ...]:
        """Their runtime sockets."""
        return tuple(one.site.socket for one in self.haproxies)


@contextlib.asynccontextmanager
async def bench(folder: Path, processes: int = 1, **other: object) -> AsyncIterator[Bench]:
    """Give a running bench; `other` are fields of `Site` that differ from its defaults."""
    program()
    stable, canary = TinyVersion("stable"), TinyVersion("canary")
    haproxies: list[RealHaproxy] = []
    try:
        await stable.start()
        await canary.start()
        for number in range(processes):
            site = Site(str(folder / f"{number}.sock"), free_port(), stable.address, canary.address, TOKEN)
            haproxies.append(RealHaproxy(replace(site, **other), folder))  # type: ignore[arg-type]
        await asyncio.gather(*(one.start() for one in haproxies))
        yield Bench(stable, canary, haproxies)
    finally:
        await asyncio.gather(*(one.stop() for one in haproxies))
        await stable.stop()
        await canary.stop()


async def visit(
    url: str,
    times: int,
    paths: Sequence[str] = ("/",),
    *,
    seed: int | None = 1,
    at_once: int = 8,
    cookie: str = "",
    ours: bool = False,
) -> Counter[str]:
    """Send requests, shuffled unless `seed` is None; count answers by version, or `failed 503`, `broken`."""
    order = [paths[number % len(paths)] for number in range(times)]
    if seed is not None:
        random.Random(seed).shuffle(order)
    counts: Counter[str] = Counter()
    left = iter(order)
    headers = {**({"Cookie": cookie} if cookie else {}), **({"X-Golive-Ours": "test"} if ours else {})}

    async def one(session: aiohttp.ClientSession) -> None:
        for path in left:
            try:
                async with session.get(url + path, headers=headers) as answer:
                    await answer.read()
                    name = answer.headers.get("X-Golive-Version", "")
                    counts[name if name and answer.status < 500 else f"failed {answer.status}"] += 1
            except (aiohttp.ClientError, TimeoutError):
                counts["broken"] += 1

    jar = aiohttp.DummyCookieJar()
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
        await asyncio.gather(*(one(session) for _ in range(at_once)))
    return counts
