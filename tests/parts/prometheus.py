"""A real Prometheus as a child process, and pages for it to scrape that a test writes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from tests.parts.ports import free_port

PATIENCE = 20.0


def found(program: str) -> str:
    """Give a program's path; leave the test out when it is missing, or fail where every group must run."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        why = f"{program} is not installed here: make system"
        pytest.fail(why) if os.environ.get("GOLIVE_ALL_GROUPS") == "1" else pytest.skip(why)
    return path


@contextlib.contextmanager
def running(
    folder: Path, targets: Mapping[str, list[int]], interval: str = "1s", path: str = "/metrics"
) -> Iterator[str]:
    """Give the address of a Prometheus that scrapes a path on the ports of each job; it ends with the block."""
    port = free_port()
    jobs = ""
    for job, ports in targets.items():
        addresses = [f"127.0.0.1:{one}" for one in ports]
        jobs += f"- job_name: {job}\n  metrics_path: {path}\n  static_configs: [{{targets: {addresses}}}]\n"
    config = folder / "prometheus.yml"
    config.write_text(f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\nscrape_configs:\n{jobs}")
    command = [
        found("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, folder / "prometheus.log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Prometheus did not start: {log.read_text()[-500:]}")


@dataclass
class Page:
    """What a target shows when it is scraped; `scrapes` counts how often it was."""

    text: str
    scrapes: int = 0

    async def scraped(self, times: int = 1) -> None:
        """Wait until Prometheus has taken what stands here now."""
        wanted = self.scrapes + times
        async with asyncio.timeout(PATIENCE):
            while self.scrapes < wanted:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.15)  # between the answer and the moment when it can be asked for


@contextlib.asynccontextmanager
async def page(port: int, text: str) -> AsyncIterator[Page]:
    """Serve a page at `/metrics` of a port of the loopback."""
    shown = Page(text)

    async def answer(_: web.Request) -> web.Response:
        shown.scrapes += 1
        return web.Response(text=shown.text)

    app = web.Application()
    app.router.add_get("/metrics", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield shown
    finally:
        await runner.cleanup()
