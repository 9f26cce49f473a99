"""How a staging world is told what shall go wrong in it."""

from __future__ import annotations

from aiohttp import web

from golive.core.errors import WorldFailed
from golive.sandbox.faults import Fault
from golive.staging.stack import Stack

STACK = web.AppKey("stack", Stack)


def control(stack: Stack) -> web.Application:
    """Give the application that takes faults."""
    app = web.Application()
    app[STACK] = stack
    app.router.add_post("/-/fault", switch)
    return app


async def switch(request: web.Request) -> web.Response:
    """Let a fault of the stack begin or end; 409 with the reason when it could not be had.

    Done in the main thread, where children must be started: the kernel ends them with the thread that did.
    """
    body = await request.json()
    try:
        request.app[STACK].fault(Fault(body["name"]), bool(body["on"]))
    except (ValueError, OSError, WorldFailed) as error:
        return web.json_response({"error": str(error)}, status=409)
    return web.json_response({})
