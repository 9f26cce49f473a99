"""Starts the world's processes, and ends them when nobody needs them any more."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil

POLL = 0.25


class Children:
    """The processes of one world; they end when this process does, however it does."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "logs"
        self._running: list[subprocess.Popen[str]] = []

    def start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one process; its standard input is the thread it hangs by."""
        name = arguments[1] if arguments[:1] == ("--name",) else module
        errors: IO[str] = (self._logs / f"{name}.err").open("a")
        command = [sys.executable, "-m", f"golive.sandbox.{module}", *arguments]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        errors.close()
        self._running.append(child)
        return child

    def stop(self) -> None:
        """End them all."""
        for child in self._running:
            child.kill()
        for child in self._running:
            child.wait()

    def reap(self) -> None:
        """Collect those that have ended, so that none stays a zombie."""
        for child in self._running:
            child.poll()


def ports(child: subprocess.Popen[str]) -> dict[str, str]:
    """Give the URLs that a child reports."""
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise SystemExit(f"a process of the sandbox did not start: {child.args!r}")
    return {name: f"http://127.0.0.1:{port}" for name, port in json.loads(line).items()}


def start(children: Children, folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    """Start everything and give what `world.json` holds."""
    calm = ["--calm"] if asked.calm else []
    logs = {name: str(folder / "logs" / f"{name}.jsonl") for name in ("stable", "canary")}
    versions = [children.start("version", "--name", name, "--log", logs[name], *calm) for name in logs]
    urls: dict[str, str] = {}
    for child in versions:
        urls |= ports(child)
    token = secrets.token_hex(16)
    sticky = ["--sticky"] if asked.sticky else []
    router = children.start(
        "router",
        *("--share", str(asked.share), "--token", token, "--stable", urls["stable"], "--canary", urls["canary"]),
        *sticky,
    )
    urls |= ports(router)
    urls |= ports(children.start("visitors", "--router", urls["router"], "--rate", str(asked.rate), *calm))
    started = psutil.Process().create_time()
    return {**urls, "token": token, "pid": os.getpid(), "started": started, "logs": logs}


def needed(alive: Path, grace: float) -> bool:
    """Wait while the guard's file goes on changing; give False when it has stood for `grace` seconds."""
    seen, since = -1.0, time.monotonic()
    while True:
        now = alive.stat().st_mtime if alive.exists() else -1.0
        if now != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() - since > grace:
            return False
        time.sleep(POLL)


def main() -> None:
    """Run one world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=340.0)
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--sticky", action="store_true")
    parser.add_argument("--alive", type=Path, required=True)
    parser.add_argument("--grace", type=float, default=60.0)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = Children(asked.folder)
    place = asked.folder / "world.json"
    try:
        world = start(children, asked.folder, asked)
        draft = place.with_suffix(".tmp")
        draft.write_text(json.dumps(world))
        draft.replace(place)
        needed(asked.alive, asked.grace)
    finally:
        children.stop()


if __name__ == "__main__":
    main()
