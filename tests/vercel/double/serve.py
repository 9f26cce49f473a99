"""The double as a process of a rehearsal's world: API, edge, and the control of what goes wrong in it."""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import contextlib
import os
import threading
import time

import aiohttp
from aiohttp import web

from golive.sandbox.child import end_with_parent, forever, report, serve
from golive.sandbox.router import TIMEOUT
from tests.vercel.double.app import Double
from tests.vercel.double.edge import Edge, edge_applications
from tests.vercel.double.state import CANARY, RUNBOOK, STABLE, Releases, Ways

OTHERS = ("push", "pause", "abort")


def stood(share: float) -> Releases:
    """Give releases with the canary at a share: a stage of the runbook's, or nobody."""
    releases = Releases(time.time)
    if share > 0:
        releases.configure({"enabled": True, "stages": [{"targetPercentage": percent} for percent in RUNBOOK]})
        releases.start(CANARY)
        for index in range(1, 1 + RUNBOOK.index(round(share * 100))):
            releases.approve(index, CANARY)
    return releases


def controlled(double: Double, controls: web.Application) -> None:
    """Let tests say how the double behaves (PUT /-/ways), what others do (POST /-/others/NAME), and ask what it saw."""

    async def behave(request: web.Request) -> web.Response:
        double.releases.ways = Ways(**await request.json())
        return web.json_response({})

    async def others(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        with double.releases.lock:
            getattr(double.releases, {one: one for one in OTHERS}[name])()
        return web.json_response({})

    async def seen(request: web.Request) -> web.Response:
        return web.json_response({"calls": double.calls, "broken": double.broken, "notes": double.notes})

    controls.router.add_put("/-/ways", behave)
    controls.router.add_post("/-/others/{name}", others)
    controls.router.add_get("/-/calls", seen)


async def beside(app: web.Application) -> int:
    """Serve an application in a thread and a loop of its own: visitors, however many, do not slow Vercel's API down."""
    ready: concurrent.futures.Future[int] = concurrent.futures.Future()

    async def answer() -> None:
        ready.set_result(await serve(app))
        await forever()

    threading.Thread(target=asyncio.run, args=(answer(),), daemon=True).start()
    return await asyncio.wrap_future(ready)


async def main() -> None:
    """Serve until the supervisor ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--stable", required=True)
    parser.add_argument("--canary", required=True)
    asked = parser.parse_args()
    end_with_parent()
    double = Double(stood(asked.share), os.environ["VERCEL_TOKEN"])
    double.releases.deployments[CANARY].meta["goliveWorld"] = asked.token
    upstreams = {"stable": asked.stable, "canary": asked.canary}
    edge = Edge(double.releases, upstreams, {STABLE: "stable", CANARY: "canary"}, asked.token)
    edge.session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=TIMEOUT, auto_decompress=False
    )
    visitors, controls = edge_applications(edge)
    controlled(double, controls)
    ports = {"router": await serve(visitors), "control": await serve(controls)}
    report({**ports, "vercel": await beside(double.application())})
    await forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
