"""Two hosts on one machine: network, process and host-name namespaces of their own, joined by a bridge.

Needs root, `ip` and `unshare`. What answers on loopback here answers on loopback there too, through relays.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from benchmarks.survival_stack import relay

NET = "10.231.7"
HERE = f"{NET}.1"
INSIDE = 'hostname "$0"; "$@" & wait; exec sleep infinity'


class Host:
    """One host; `name` is what its processes call it."""

    def __init__(self, name: str, number: int, bridge: str) -> None:
        self.name, self._link = name, f"{bridge}-{number}"
        address = f"{NET}.{number + 1}/24"
        _ip(f"netns add {name}")
        _ip(f"link add {self._link} type veth peer name eth0 netns {name}")
        _ip(f"link set {self._link} master {bridge} up")
        for words in (f"addr add {address} dev eth0", "link set eth0 up", "link set lo up"):
            _ip(f"-n {name} {words}")
        self._process: subprocess.Popen[bytes] | None = None
        self._relay: subprocess.Popen[str] | None = None

    def reach(self, ports: Sequence[int]) -> None:
        """Let these ports of this machine's loopback answer on the host's own."""
        within = ("ip", "netns", "exec", self.name)
        self._relay, _ = relay([f"127.0.0.1:{port}={HERE}:{port}" for port in ports], within)

    def run(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start a command on it; the host lives on when the command has ended."""
        space = [
            "ip",
            "netns",
            "exec",
            self.name,
            "unshare",
            "--uts",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]
        with log.open("a") as said:
            self._process = subprocess.Popen(
                [*space, "sh", "-c", INSIDE, self.name, *command],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, **environment},
            )

    def cut(self) -> None:
        """Take its cable out: its processes live on."""
        _ip(f"link set {self._link} down")

    def die(self) -> None:
        """End everything on it at once, and cut it off."""
        self.cut()
        self.end()

    def end(self) -> None:
        """End what runs on it, and put its cable back."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        _ip(f"link set {self._link} up")

    def close(self) -> None:
        """Take it away."""
        self.end()
        if self._relay is not None:
            self._relay.kill()
            self._relay.wait()
        _ip(f"link del {self._link}")
        _ip(f"netns del {self.name}")


class Hosts:
    """Starts with `with`, and is gone after it. `ports` are those of this machine's loopback that both hosts reach."""

    def __init__(self, names: Sequence[str], ports: Sequence[int]) -> None:
        self._names, self._ports, self._bridge = names, ports, f"gl{os.getpid() % 10_000}"
        self.each: dict[str, Host] = {}

    def __enter__(self) -> Hosts:
        _ip(f"link add {self._bridge} type bridge")
        _ip(f"addr add {HERE}/24 dev {self._bridge}")
        _ip(f"link set {self._bridge} up")
        self._relay, _ = relay([f"{HERE}:{port}=127.0.0.1:{port}" for port in self._ports])
        for number, name in enumerate(self._names, 1):
            self.each[name] = Host(name, number, self._bridge)
            self.each[name].reach(self._ports)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for host in self.each.values():
            host.close()
        self._relay.kill()
        self._relay.wait()
        _ip(f"link del {self._bridge}")


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)
