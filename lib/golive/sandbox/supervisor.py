"""Starts the world's processes, and ends them when nobody needs them any more."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from golive.sandbox.surroundings.pipeline import COMMIT

POLL = 0.25
TETHER = ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()
_File = int | IO[str]


class Children:
    """The processes of one world; they end when this process does, however it does."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "logs"
        self._running: list[subprocess.Popen[str]] = []

    def start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one process of the sandbox's own; its standard input is the thread it hangs by."""
        name = arguments[1] if arguments[:1] == ("--name",) else module
        command = [sys.executable, "-m", f"golive.sandbox.{module}", *arguments]
        with (self._logs / f"{name}.err").open("a") as errors:
            return self._kept(command, subprocess.PIPE, subprocess.PIPE, errors)

    def run(self, name: str, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start somebody else's program, which hangs by no thread: on Linux the kernel ends it with this process."""
        with (self._logs / f"{name}.log").open("a") as log:
            return self._kept([*TETHER, *command], subprocess.DEVNULL, log, log)

    def _kept(self, command: Sequence[str], reads: _File, writes: _File, errors: _File) -> subprocess.Popen[str]:
        child = subprocess.Popen(command, stdin=reads, stdout=writes, stderr=errors, text=True)
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
    """Give the URLs that a child reports, and as it says them the addresses of what is no HTTP."""
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise SystemExit(f"a process of the sandbox did not start: {child.args!r}")
    told = json.loads(line).items()
    return {name: at if isinstance(at, str) else f"http://127.0.0.1:{at}" for name, at in told}


def start(children: Children, folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    """Start everything and give what `world.json` holds."""
    calm = ["--calm"] if asked.calm else []
    logs = {name: str(folder / "logs" / f"{name}.jsonl") for name in ("stable", "canary")}
    versions = [children.start("version", "--name", name, "--log", logs[name], *calm) for name in logs]
    urls: dict[str, str] = {}
    folder_of_reports = folder / "surroundings"
    around = children.start("surroundings.app", "--name", "surroundings", "--folder", str(folder_of_reports))
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
    urls |= ports(around)
    urls |= ports(children.start("visitors", "--router", urls["router"], "--rate", str(asked.rate), *calm))
    told = {"reports": str(folder_of_reports), "commit": COMMIT, "python": sys.executable}
    started = psutil.Process().create_time()
    return {**urls, "token": token, "pid": os.getpid(), "started": started, "logs": logs, **told}


class Lifeline:
    """Tells when nobody needs a world any more: its guard's file has not changed for `grace` seconds."""

    def __init__(self, alive: Path, grace: float) -> None:
        self._alive, self._grace = alive, grace
        self._seen, self._since = -1.0, time.monotonic()

    def cut(self) -> bool:
        """Look once; give True when the file has stood still for too long."""
        now = self._alive.stat().st_mtime if self._alive.exists() else -1.0
        if now != self._seen:
            self._seen, self._since = now, time.monotonic()
        return time.monotonic() - self._since > self._grace


def tell(place: Path, world: Mapping[str, object]) -> None:
    """Write `world.json`, whole or not at all."""
    draft = place.with_suffix(".tmp")
    draft.write_text(json.dumps(world))
    draft.replace(place)


def asked_for(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Give what a supervisor was asked to do; `parser` holds what its world takes beside that."""
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=340.0)
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--alive", type=Path, required=True)
    parser.add_argument("--grace", type=float, default=60.0)
    return parser.parse_args()


def main() -> None:
    """Run one world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sticky", action="store_true")
    asked = asked_for(parser)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = Children(asked.folder)
    try:
        tell(asked.folder / "world.json", start(children, asked.folder, asked))
        lifeline = Lifeline(asked.alive, asked.grace)
        while not lifeline.cut():
            time.sleep(POLL)
    finally:
        children.stop()


if __name__ == "__main__":
    main()
