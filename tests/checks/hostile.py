"""Servers that no one would wish for, on loopback."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


async def redirect(request: web.Request) -> web.Response:
    raise web.HTTPFound(request.path + "x" if len(request.path) < 500 else "/redirect")


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    try:
        while True:
            await answer.write(b" " * 2**20)
    except (ConnectionError, asyncio.CancelledError):
        return answer


async def dripping(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.05)


async def garbage_encoding(request: web.Request) -> web.Response:
    return web.Response(body=b"\x00\xff not gzip", headers={"Content-Encoding": "gzip"})


async def error_page(request: web.Request) -> web.Response:
    return web.Response(status=503, text="<script>alert(1)</script>", content_type="text/html")


async def silent(request: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def cut_off(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b'{"runs": [')
    assert request.transport is not None
    request.transport.abort()
    return answer


PLACES: dict[str, Any] = {
    "redirect": redirect,
    "endless": endless,
    "dripping": dripping,
    "garbage-encoding": garbage_encoding,
    "error-page": error_page,
    "silent": silent,
    "cut-off": cut_off,
}


def hostile() -> TestServer:
    """Give a server with a place for each."""
    app = web.Application()
    for name, handler in PLACES.items():
        app.router.add_route("*", f"/{name}" + "{rest:.*}", handler)
    return TestServer(app)
