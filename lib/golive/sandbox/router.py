"""A weighted router with a control API: real requests, real splits."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import random
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from golive.sandbox.child import end_with_parent, forever, report, serve
from golive.sandbox.counts import CUT_OFF, Counts
from golive.sandbox.faults import Fault
from golive.sandbox.site import OURS, RELEASES

TIMEOUT = aiohttp.ClientTimeout(total=3.0)
COOKIE = "golive-version"
MOST_MOVES = 10_000
LONGEST_CLAIM = 200
HOP_BY_HOP = ("transfer-encoding", "connection", "content-encoding", "content-length", "keep-alive", "host")


class Routing:
    """The split and what stands around it."""

    def __init__(self, share: float, token: str, upstreams: dict[str, str], sticky: bool) -> None:
        self.share = self.routed = share
        self.token, self.upstreams, self.sticky = token, upstreams, sticky
        self.moved_at = datetime.now(UTC).isoformat()
        self.moves: deque[tuple[float, float, str]] = deque(maxlen=MOST_MOVES)
        self.claim = ""
        self.counts = Counts()
        self.faults: set[Fault] = set()
        self.frozen = ""
        self.random = random.Random()
        self.session: aiohttp.ClientSession | None = None

    def choose(self, cookie: str) -> str:
        """Give the version for one request."""
        if self.sticky and cookie in self.upstreams and not (cookie == "canary" and self.routed == 0):
            return cookie
        return "canary" if self.random.random() < self.routed else "stable"

    def move(self, share: float, rollback: bool = False) -> bool:
        """Set the split; say whether the canary's share has risen."""
        rose = share > self.share
        self.share = share
        self.moved_at = datetime.now(UTC).isoformat()
        self.moves.append((time.time(), share, "rollback" if rollback else "set"))
        if rollback or Fault.NO_SHIFT not in self.faults:
            self.routed = share / 2 if Fault.WRONG_SHARE in self.faults and not rollback else share
        return rose

    def split(self) -> dict[str, Any]:
        """Give what a reader of the split is told."""
        return {
            "share": self.share,
            "canary": RELEASES["canary"][1],
            "token": self.token,
            "moved_at": self.moved_at,
            "claim": self.claim,
        }


ROUTING = web.AppKey("routing", Routing)


async def forward(request: web.Request) -> web.Response:
    """Send one request to a version and count what came of it."""
    routing = request.app[ROUTING]
    version = routing.choose(request.cookies.get(COOKIE, ""))
    who = "ours" if OURS in request.headers else "visitors"
    begun = time.monotonic()
    headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
    assert routing.session is not None
    try:
        body = await request.read() if request.can_read_body else None
        async with routing.session.request(
            request.method, routing.upstreams[version] + request.path_qs, headers=headers, data=body
        ) as answer:
            content = await answer.read()
            kept = {n: v for n, v in answer.headers.items() if n.lower() not in HOP_BY_HOP}
            routing.counts.add(version, who, answer.status, (time.monotonic() - begun) * 1000, request.path)
            response = web.Response(body=content, status=answer.status, headers=kept)
    except asyncio.CancelledError:
        routing.counts.add(version, who, 499, CUT_OFF, request.path)
        raise
    except (TimeoutError, aiohttp.ClientError) as error:
        status = 504 if isinstance(error, TimeoutError) else 502
        routing.counts.add(version, who, status, CUT_OFF, request.path)
        response = web.json_response({"error": "no answer"}, status=status, headers={"X-Golive-Version": version})
    if routing.sticky:
        response.set_cookie(COOKIE, version)
    return response


async def read_split(request: web.Request) -> web.Response:
    """Answer the split."""
    return web.json_response(request.app[ROUTING].split())


async def set_split(request: web.Request) -> web.Response:
    """Compare and set the split."""
    routing = request.app[ROUTING]
    body = await request.json()
    share, expect = body.get("share"), body.get("expect")
    sane = isinstance(share, (int, float)) and not isinstance(share, bool) and math.isfinite(share) and 0 <= share <= 1
    if not sane:
        return web.json_response({"error": "a share between 0 and 1 was expected"}, status=400)
    if _of_another(routing, body) or (expect is not None and abs(expect - routing.share) > 1e-9):
        return web.json_response(routing.split(), status=409)
    if routing.move(float(share)) and routing.session is not None:
        with contextlib.suppress(aiohttp.ClientError):
            await routing.session.post(routing.upstreams["canary"] + "/-/fault", json={"cold": True})
    return web.json_response(routing.split())


async def rollback(request: web.Request) -> web.Response:
    """Send everybody to stable, whatever the split is, unless the caller names another claim than stands here."""
    routing = request.app[ROUTING]
    if _of_another(routing, await request.json() if request.can_read_body else {}):
        return web.json_response(routing.split(), status=409)
    routing.move(0.0, rollback=True)
    return web.json_response(routing.split())


async def moves(request: web.Request) -> web.Response:
    """Answer every move of the split, oldest first: UTC seconds, the share, and "set" or "rollback"."""
    return web.json_response({"moves": list(request.app[ROUTING].moves)})


async def claim(request: web.Request) -> web.Response:
    """Compare and set whose go-live this is; "" is nobody's."""
    routing = request.app[ROUTING]
    body = await request.json()
    whose, expect = body.get("whose"), body.get("expect")
    if not isinstance(whose, str) or not isinstance(expect, str) or len(whose) > LONGEST_CLAIM:
        return web.json_response({"error": "whose and expect were expected, two short texts"}, status=400)
    if expect != routing.claim:
        return web.json_response(routing.split(), status=409)
    routing.claim = whose
    return web.json_response(routing.split())


def _of_another(routing: Routing, body: Any) -> bool:
    """Say whether the caller names a claim and another one stands here."""
    claim = body.get("claim", "")
    return bool(claim and routing.claim and claim != routing.claim)


async def switch(request: web.Request) -> web.Response:
    """Switch a fault of the router or of its metrics."""
    routing = request.app[ROUTING]
    body = await request.json()
    fault = Fault(body["name"])
    if fault is Fault.METRICS_RESET:
        routing.counts = Counts()
        return web.json_response({})
    if fault is Fault.METRICS_FROZEN:
        routing.frozen = routing.counts.text() if body["on"] else ""
    (routing.faults.add if body["on"] else routing.faults.discard)(fault)
    return web.json_response({})


async def metrics(request: web.Request) -> web.StreamResponse:
    """Answer the counts, or what a fault makes of them."""
    routing = request.app[ROUTING]
    if Fault.METRICS_REFUSED in routing.faults:
        assert request.transport is not None
        request.transport.abort()
        return web.Response(status=503)
    if Fault.METRICS_SLOW in routing.faults:
        await asyncio.sleep(10)
    if Fault.METRICS_EMPTY in routing.faults:
        return web.Response(text="")
    if Fault.METRICS_GARBAGE in routing.faults:
        return web.Response(body=bytes(range(256)) * 8)
    if Fault.METRICS_NAN in routing.faults:
        return web.Response(text=routing.counts.text("NaN"))
    return web.Response(text=routing.frozen or routing.counts.text())


def applications(routing: Routing) -> tuple[web.Application, web.Application]:
    """Give what visitors meet, and the control API."""
    visitors, controls = web.Application(), web.Application()
    visitors[ROUTING] = controls[ROUTING] = routing
    visitors.router.add_route("*", "/{path:.*}", forward)
    controls.router.add_get("/-/split", read_split)
    controls.router.add_put("/-/split", set_split)
    controls.router.add_put("/-/rollback", rollback)
    controls.router.add_put("/-/claim", claim)
    controls.router.add_get("/-/moves", moves)
    controls.router.add_post("/-/fault", switch)
    controls.router.add_get("/-/metrics", metrics)
    return visitors, controls


async def main() -> None:
    """Serve visitors and control until the supervisor ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--stable", required=True)
    parser.add_argument("--canary", required=True)
    parser.add_argument("--sticky", action="store_true")
    asked = parser.parse_args()
    end_with_parent()
    routing = Routing(asked.share, asked.token, {"stable": asked.stable, "canary": asked.canary}, asked.sticky)
    connector = aiohttp.TCPConnector(limit=0)
    routing.session = aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, auto_decompress=False)
    visitors, controls = applications(routing)
    report({"router": await serve(visitors), "control": await serve(controls)})
    await forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
