"""The status page without Jupyter: read-only, on loopback."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from golive.core.errors import GoLiveError, NameUnknown
from golive.server.pages import Pages, file
from golive.server.views import HEADERS, POLICY

HOST = "127.0.0.1"
OURS = ("127.0.0.1", "localhost", "::1")


def app(pages: Pages) -> web.Application:
    """Give the pages as an application that only shows: it answers no method but GET and HEAD."""

    async def status(request: web.Request) -> web.Response:
        return _html(await pages.status(request.query.get("run", "")))

    async def board(request: web.Request) -> web.Response:
        return _html(await pages.board(request.query.get("run", "")))

    async def chart(request: web.Request) -> web.Response:
        png = await pages.chart(request.query.get("run", ""), request.query.get("theme", "light"))
        return web.Response(body=png, content_type="image/png") if png else web.Response(status=204)

    async def content(request: web.Request) -> web.Response:
        try:
            body, kind = file(request.match_info["name"])
        except KeyError:
            raise web.HTTPNotFound from None
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def home(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"{pages.base}golive/status")

    made = web.Application(middlewares=[_careful])
    made.router.add_get("/", home)
    for path, handler in (("status", status), ("board", board), ("chart", chart), ("files/{name}", content)):
        made.router.add_get(f"{pages.base}golive/{path}", handler)
    return made


async def serve(pages: Pages, port: int, said: Callable[[str], None]) -> None:
    """Serve until this is cancelled; `said` hears the address.

    Raises:
        GoLiveError: If the port can't be had.
    """
    runner = web.AppRunner(app(pages), access_log=None)
    await runner.setup()
    try:
        try:
            site = web.TCPSite(runner, HOST, port)
            await site.start()
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"can't be had: {error.strerror}"
            raise GoLiveError(
                f"port {port} {why}\nNEXT     golive status --serve --port 0 takes one that is free"
            ) from error
        said(f"http://{HOST}:{runner.addresses[0][1]}{pages.base}golive/status")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


@web.middleware
async def _careful(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer whoever asks this host by its own name, as a page of another site can't; say trouble in two lines."""
    if urlsplit(f"//{request.host}").hostname not in OURS:
        return web.Response(status=403, text="this page is shown under localhost alone\nNEXT  an SSH tunnel to it")
    try:
        answer = await handler(request)
    except NameUnknown as error:
        answer = web.Response(status=404, text=f"{error}\nNEXT  golive status")
    except (GoLiveError, TimeoutError) as error:
        answer = web.Response(status=503, text=str(error) or "no answer in time\nNEXT  golive status")
    for name, value in {**HEADERS, "Content-Security-Policy": POLICY}.items():
        answer.headers[name] = value
    return answer


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")
