"""One version of the sandbox's site: the endpoints that a go-live runbook calls."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from aiohttp import web
from prometheus_client import disable_created_metrics

from golive.sandbox.child import end_with_parent, forever, report, serve
from golive.sandbox.faults import Fault
from golive.sandbox.site import COLD_SECONDS, ERRORS_SHARE, OURS, RELEASES, Site, burn, bursts, housekeeping

WEBHOOK_KEY = b"sandbox"
LIMITED_PER_SECOND = 5
LOG_ONE_IN = 50


@web.middleware
async def counted(request: web.Request, handler: Any) -> web.StreamResponse:
    """Count each answer but those about this version itself."""
    if request.path.startswith(("/-/", "/metrics")):
        about: web.StreamResponse = await handler(request)
        return about
    who = "ours" if OURS in request.headers else "visitors"
    arrival = request.app[SITE].arrivals.one() if who == "visitors" else None
    begun, code = time.monotonic(), 500
    try:
        response: web.StreamResponse = await handler(request)
        code = response.status
        return response
    except web.HTTPException as error:
        code = error.status
        raise
    finally:
        request.app[SITE].served.add(who, request.path, code, time.monotonic() - begun)
        if arrival is not None:
            arrival.answer(failed=code >= 500)


@web.middleware
async def as_a_site(request: web.Request, handler: Any) -> web.StreamResponse:
    """Be slow, fail, hang and log as a site does; name the version in each answer."""
    site: Site = request.app[SITE]
    if request.path.startswith("/-/"):
        direct: web.StreamResponse = await handler(request)
        return direct
    if Fault.HANG in site.faults:
        await asyncio.sleep(3600)
    response: web.StreamResponse
    named = {"X-Golive-Version": site.name, "X-Golive-Deployment": site.deployment}
    if request.path in ("/metrics", "/api/health"):
        response = await handler(request)
    else:
        await asyncio.sleep(site.seconds())
        if site.fails(request.path):
            site.write("error", "request failed", path=request.path, status=500)
            response = web.json_response({"error": "internal"}, status=500)
        elif Fault.NOT_FOUND in site.faults and site.random.random() < 0.25:
            response = web.json_response({"error": "not found"}, status=404)
        else:
            response = await handler(request)
        if site.random.random() * LOG_ONE_IN < 1:
            site.write("info", "request", path=request.path, status=response.status)
    response.headers.update(named)
    return response


async def health(request: web.Request) -> web.Response:
    """Answer as the runbook's health endpoint."""
    site = request.app[SITE]
    return web.json_response({"status": "ok", "version": site.release, "deployment_id": site.deployment})


async def flags(request: web.Request) -> web.Response:
    """Answer the feature flags."""
    on = Fault.FLAG_OFF not in request.app[SITE].faults
    data = {"rate_limiting": {"enabled": True, "per_second": LIMITED_PER_SECOND}, "new_checkout": {"enabled": on}}
    return web.json_response({"data": data})


async def chat(request: web.Request) -> web.Response:
    """Answer a chat message."""
    body = await request.json()
    empty = Fault.CHAT_EMPTY in request.app[SITE].faults
    said = "" if empty else f"you said {str(body.get('message'))[:200]}"
    return web.json_response({"model": body.get("model"), "answer": said})


async def orders(request: web.Request) -> web.Response:
    """Take an order once for each idempotency key."""
    site = request.app[SITE]
    key = request.headers.get("Idempotency-Key", "")
    if key in site.orders and Fault.KEYS_FORGOTTEN not in site.faults:
        site.replays += 1
        return web.json_response({"order": site.orders[key], "replayed": True})
    site.made += 1
    number = f"order-{site.made}"
    if key and len(site.orders) < 10_000:
        site.orders[key] = number
    return web.json_response({"order": number, "replayed": False}, status=201)


async def idempotency(request: web.Request) -> web.Response:
    """Answer how many keys are known and how often one came again."""
    site = request.app[SITE]
    return web.json_response({"keys": len(site.orders), "replays": site.replays})


async def webhook(request: web.Request) -> web.Response:
    """Take a webhook whose signature is right, and no other."""
    body = await request.read()
    expected = hmac.new(WEBHOOK_KEY, body, hashlib.sha256).hexdigest()
    right = hmac.compare_digest(request.headers.get("X-Signature", ""), expected)
    right = right or Fault.WEBHOOK_OPEN in request.app[SITE].faults
    return web.json_response({"accepted": right}, status=200 if right else 401)


async def limited(request: web.Request) -> web.Response:
    """Answer 429 beyond a few requests a second for each client."""
    site = request.app[SITE]
    now = time.monotonic()
    client = request.headers.get("X-Client", "")[:40]
    recent = [at for at in site.bursts.get(client, []) if now - at < 1]
    if len(site.bursts) > 1000:
        site.bursts.clear()
    site.bursts[client] = [*recent, now]
    if len(recent) >= LIMITED_PER_SECOND and Fault.LIMIT_OFF not in site.faults:
        return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": "1"})
    return web.json_response({"ok": True})


async def page(request: web.Request) -> web.Response:
    """Answer an ordinary page, as a cache before the site would: a hit from the second time on."""
    site = request.app[SITE]
    if Fault.ENDPOINT_GONE in site.faults and request.path == "/search":
        return web.json_response({"error": "not found"}, status=404)
    off, known = Fault.CACHE_OFF in site.faults, request.path in site.cached
    site.cached.add(request.path)
    headers = {"Cache-Control": "private, no-store" if off else "public, s-maxage=60"}
    headers["X-Cache"] = "HIT" if known and not off else "MISS"
    return web.Response(text=f"<html><title>{request.path}</title></html>", content_type="text/html", headers=headers)


async def openapi(request: web.Request) -> web.Response:
    """Answer which endpoints there are, as OpenAPI."""
    gets = (
        "/",
        "/products",
        "/search",
        "/cart",
        "/about",
        "/api/health",
        "/api/feature-flags",
        "/api/idempotency-stats",
    )
    paths: dict[str, Any] = {path: {"get": {"responses": {"200": {"description": "OK"}}}} for path in gets}
    paths["/api/orders"] = {"post": {"responses": {"201": {"description": "made"}}}}
    named = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/products/{id}"] = {"get": {"parameters": [named], "responses": {"200": {"description": "OK"}}}}
    return web.json_response({"openapi": "3.1.0", "info": {"title": "site", "version": "1.5.0"}, "paths": paths})


async def metrics(request: web.Request) -> web.Response:
    """Answer counts, CPU and memory as Prometheus text."""
    return web.Response(text=request.app[SITE].served.text())


async def arrivals(request: web.Request) -> web.Response:
    """Answer which visitors' requests came since `since`, UTC seconds; 400 when that is no number."""
    try:
        since = float(request.query.get("since", "0"))
    except ValueError:
        return web.json_response({"error": "since: UTC seconds were expected"}, status=400)
    return web.json_response({"arrivals": request.app[SITE].arrivals.since(since)})


async def control(request: web.Request) -> web.Response:
    """Switch a fault, or tell a cold start; `share` of the fault `errors` says how many requests fail, 0 to 1."""
    site = request.app[SITE]
    body = await request.json()
    if body.get("cold"):
        site.warm_at = time.monotonic() + COLD_SECONDS
        return web.json_response({})
    fault = Fault(body["name"])
    if not body["on"]:
        site.faults.pop(fault, None)
        site.ballast.clear()
        return web.json_response({})
    share = body.get("share", ERRORS_SHARE)
    if not isinstance(share, int | float) or not 0 < share <= 1:
        return web.json_response({"error": f"share {share!r}: more than 0 and up to 1 was expected"}, status=400)
    site.errors_share = share
    site.faults[fault] = time.monotonic()
    if fault is Fault.CRASH:
        os.kill(os.getpid(), signal.SIGKILL)
    if fault is Fault.CPU:
        threading.Thread(target=burn, args=(site,), daemon=True).start()
    if fault is Fault.MEMORY:
        site.ballast.append(bytearray(os.urandom(1024) * 130 * 1024))
    return web.json_response({})


SITE = web.AppKey("site", Site)


def application(site: Site) -> web.Application:
    """Give the site as an application."""
    app = web.Application(middlewares=[counted, as_a_site])
    app[SITE] = site
    for path in ("/", "/products", "/search", "/cart", "/checkout", "/about"):
        app.router.add_get(path, page)
    app.router.add_get("/api/health", health)
    app.router.add_get("/api/feature-flags", flags)
    app.router.add_get("/api/openapi.json", openapi)
    app.router.add_post("/api/ai-chat", chat)
    app.router.add_post("/api/orders", orders)
    app.router.add_get("/api/idempotency-stats", idempotency)
    app.router.add_post("/api/webhook", webhook)
    app.router.add_get("/api/limited", limited)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/-/arrivals", arrivals)
    app.router.add_post("/-/fault", control)
    return app


async def main() -> None:
    """Serve one version until the supervisor ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", choices=tuple(RELEASES), required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--calm", action="store_true")
    asked = parser.parse_args()
    end_with_parent()
    disable_created_metrics()  # type: ignore[no-untyped-call]
    with asked.log.open("a") as log:
        site = Site(asked.name, log, asked.calm)
        report({asked.name: await serve(application(site))})
        async with asyncio.TaskGroup() as group:
            group.create_task(housekeeping(site))
            if not asked.calm:
                group.create_task(bursts(site))
            group.create_task(forever())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
