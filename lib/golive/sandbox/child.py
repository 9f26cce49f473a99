"""What each process of the sandbox does first and last: report its ports, end with its parent."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any

from aiohttp import web

BACKLOG = 2048


async def serve(app: web.Application, port: int = 0) -> int:
    """Serve on a free loopback port and give the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=BACKLOG)
    await site.start()
    address: Any = runner.addresses[0]
    return int(address[1])


def report(ports: Mapping[str, int | str]) -> None:
    """Tell the supervisor on which ports this process answers over HTTP, and at which `host:port` otherwise."""
    sys.stdout.write(json.dumps(dict(ports)) + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """End this process at once when the supervisor's end of its standard input closes."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


async def forever() -> None:
    """Wait until the process is ended."""
    await asyncio.Event().wait()
