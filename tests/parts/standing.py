"""A site that stands whoever comes and goes: the sandbox's world as a process of nobody's run, reachable from hosts."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

WITHIN = 30.0


class StandingSite:
    """A router, two versions and visitors, until `close`.

    Args:
        folder: Where it keeps its files.
        within: What its processes' command lines begin with, for example to put them into a network namespace.
        address: The address at which it is reached from elsewhere; its own processes stay on loopback.
        rate: Visitors' requests a second.
    """

    def __init__(self, folder: Path, within: Sequence[str] = (), address: str = "127.0.0.1", rate: int = 60) -> None:
        self._folder, self._within, self._address = folder, tuple(within), address
        (folder / "logs").mkdir(parents=True)
        self._alive, self._over = folder / "alive", threading.Event()
        self._alive.touch()
        threading.Thread(target=self._keep_alive, daemon=True).start()
        command = ["-m", "golive.sandbox.supervisor", "--folder", str(folder), "--alive", str(self._alive)]
        self._processes = [self._start(*command, "--rate", str(rate), "--calm")]
        until = time.monotonic() + WITHIN
        while not (folder / "world.json").exists():
            assert time.monotonic() < until, "the site did not start"
            time.sleep(0.02)
        self._told = json.loads((folder / "world.json").read_text())
        if self._within:
            ports = [str(urlsplit(self._told[name]).port) for name in ("router", "control", "stable", "canary")]
            self._processes.append(self._start("-m", "tests.parts.standing", address, *ports))

    @property
    def names(self) -> Mapping[str, str]:
        """Give what a plan's settings need to know of it, as it is reached from elsewhere."""
        places = ("router", "control", "stable", "canary")
        urls = {name: self._told[name].replace("127.0.0.1", self._address) for name in places}
        return {**urls, **{f"logs.{name}": path for name, path in self._told["logs"].items()}}

    def close(self) -> None:
        """End it."""
        self._over.set()
        for process in reversed(self._processes):
            process.terminate()
            process.wait(WITHIN)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self._folder / "logs" / "started").open("a") as log:
            return subprocess.Popen([*self._within, sys.executable, *words], stdout=log, stderr=log)

    def _keep_alive(self) -> None:
        while not self._over.wait(1.0):
            os.utime(self._alive)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _relay(address: str, ports: Sequence[int]) -> None:
    """Pass on what comes to `address` to the same ports on loopback."""

    def to(port: int):
        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(_pass(reader, other_writer), _pass(other_reader, writer))

        return joined

    servers = [await asyncio.start_server(to(port), address, port) for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_relay(sys.argv[1], [int(port) for port in sys.argv[2:]]))
