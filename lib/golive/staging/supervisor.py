"""Starts a staging world's processes, changes what a fault wants changed, and ends them when nobody needs them."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from pathlib import Path

import psutil

from golive.core.errors import WorldFailed
from golive.sandbox.child import serve
from golive.sandbox.supervisor import POLL, Children, Lifeline, asked_for, ports, tell
from golive.staging.control import control
from golive.staging.stack import ROUTERS, Stack


def start(children: Children, stack: Stack, asked: argparse.Namespace) -> dict[str, object]:
    """Start everything and give what `world.json` holds, but where the world itself is controlled."""
    calm = ["--calm"] if asked.calm else []
    logs = {name: str(asked.folder / "logs" / f"{name}.jsonl") for name in ("stable", "canary")}
    versions = [children.start("version", "--name", name, "--log", logs[name], *calm) for name in logs]
    urls: dict[str, str] = {}
    for child in versions:
        urls |= ports(child)
    token = secrets.token_hex(16)
    stack.start(urls, asked.share, token)
    router = stack.world["router"]
    urls |= ports(children.start("visitors", "--router", router, "--rate", str(asked.rate), *calm))
    stack.wait()
    started = psutil.Process().create_time()
    own = {"token": token, "pid": os.getpid(), "started": started, "logs": logs, "scratch": str(stack.scratch)}
    return {**urls, **stack.world, **own}


async def watch(stack: Stack, world: dict[str, object], asked: argparse.Namespace) -> None:
    """Answer who asks for faults, until the world is not needed any more."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    port = await serve(control(stack))
    tell(asked.folder / "world.json", {**world, "control": f"http://127.0.0.1:{port}"})
    lifeline = Lifeline(asked.alive, asked.grace)
    while not over.is_set() and not lifeline.cut():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), POLL)


def main() -> None:
    """Run one world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--router", choices=tuple(ROUTERS), required=True)
    parser.add_argument("--prometheus", action="store_true")
    parser.add_argument("--programs", type=json.loads, required=True, help="JSON: name -> path of what was found")
    asked = asked_for(parser)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = Children(asked.folder)
    stack = Stack(children, Path(asked.folder), asked.router, asked.prometheus, asked.programs)
    try:
        asyncio.run(watch(stack, start(children, stack, asked), asked))
    except WorldFailed as error:
        raise SystemExit(str(error)) from None
    finally:
        children.stop()
        stack.clear()


if __name__ == "__main__":
    main()
