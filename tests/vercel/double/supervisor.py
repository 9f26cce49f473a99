"""Starts the double's world: two of the sandbox's versions, the double before them, visitors."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from golive.sandbox.supervisor import POLL, Children, Lifeline, asked_for, ports, tell


class DoublesChildren(Children):
    """The processes, the double's own among them."""

    def serve(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the double; its standard input is the thread it hangs by."""
        command = [sys.executable, "-m", "tests.vercel.double.serve", *arguments]
        with (self._logs / "vercel.err").open("a") as errors:
            return self._kept(command, subprocess.PIPE, subprocess.PIPE, errors)


def start(children: DoublesChildren, folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    """Start everything and give what `world.json` holds."""
    calm = ["--calm"] if asked.calm else []
    logs = {name: str(folder / "logs" / f"{name}.jsonl") for name in ("stable", "canary")}
    urls: dict[str, str] = {}
    for child in [children.start("version", "--name", name, "--log", logs[name], *calm) for name in logs]:
        urls |= ports(child)
    token = secrets.token_hex(16)
    versions = ("--stable", urls["stable"], "--canary", urls["canary"])
    urls |= ports(children.serve("--share", str(asked.share), "--token", token, *versions))
    urls |= ports(children.start("visitors", "--router", urls["router"], "--rate", str(asked.rate), *calm))
    started = psutil.Process().create_time()
    return {**urls, "token": token, "pid": os.getpid(), "started": started, "logs": logs}


def main() -> None:
    """Run one world."""
    asked = asked_for(argparse.ArgumentParser())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = DoublesChildren(asked.folder)
    try:
        tell(asked.folder / "world.json", start(children, asked.folder, asked))
        lifeline = Lifeline(asked.alive, asked.grace)
        while not lifeline.cut():
            time.sleep(POLL)
    finally:
        children.stop()


if __name__ == "__main__":
    main()
