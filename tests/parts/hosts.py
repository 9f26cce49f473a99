"""Hosts of a test: network namespaces behind one bridge, each with a name, a boot and processes of its own.

They share this machine's disk and clock. `middle` is where what all of them reach stands, at ADDRESS.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

ADDRESS = "10.77.0.1"
BEGIN = 'hostname "$1"; mount --bind "$2" /proc/sys/kernel/random/boot_id; echo up; exec tail -f /dev/null'


def permitted() -> None:
    """Leave the test out where namespaces can't be made."""
    missing = [name for name in ("ip", "unshare", "nsenter") if shutil.which(name, path=_PATH) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"network namespaces need root, ip and unshare; here: {', '.join(missing) or 'not root'}")
    tried = f"golive-{uuid.uuid4().hex[:6]}"
    made = _run("ip", "netns", "add", tried)
    _run("ip", "netns", "del", tried)
    if made.returncode:
        pytest.skip(f"network namespaces are not permitted here: {made.stderr.strip()}")


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": _PATH})


def _must(*command: str) -> None:
    done = _run(*command)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


class Host:
    """One host: what runs on it sees its network, its name, its boot and its processes alone."""

    def __init__(self, name: str, namespace: str, wire: Sequence[str], folder: Path) -> None:
        self.name, self._wire = name, tuple(wire)
        boot = folder / f"boot-{name}"
        boot.write_text(f"{uuid.uuid4()}\n")
        self._first = subprocess.Popen(
            [
                *("ip", "netns", "exec", namespace, "unshare", "--uts", "--mount", "--pid", "--fork"),
                *("--kill-child", "--mount-proc", "sh", "-c", BEGIN, "sh", name, str(boot)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PATH": _PATH},
        )
        assert self._first.stdout is not None
        assert self._first.stdout.readline() == "up\n", f"host {name} did not start"
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()
        self._inside = int(children[0])

    def command(self, *words: str) -> list[str]:
        """Give the command that runs those words on this host."""
        return ["nsenter", "--target", str(self._inside), "--net", "--uts", "--mount", "--pid", *words]

    def run(self, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
        """Run a command on this host and give what it said."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, **more)  # type: ignore[call-overload, no-any-return]

    def start(self, *words: str, **more: object) -> subprocess.Popen[str]:
        """Start a command on this host."""
        return subprocess.Popen(self.command(*words), text=True, **more)  # type: ignore[call-overload, no-any-return]

    def cut(self) -> None:
        """Take the host's network away: nothing is refused or reset, nothing arrives."""
        _must(*self._wire, "down")

    def mend(self) -> None:
        """Give the host its network back."""
        _must(*self._wire, "up")

    def die(self) -> None:
        """End every process of the host at once, as when its power is cut; its network goes with it."""
        _run(*self._wire, "down")
        self._first.kill()
        self._first.wait()


class Hosts:
    """A middle and as many hosts as were named; all are gone after `close`."""

    def __init__(self, folder: Path, names: Sequence[str] = ("a", "b")) -> None:
        permitted()
        self._tag = uuid.uuid4().hex[:6]
        self._middle = f"golive-{self._tag}"
        self._namespaces = [self._middle]
        self.hosts: dict[str, Host] = {}
        try:
            self._begin(folder, names)
        except BaseException:
            self.close()
            raise

    def _begin(self, folder: Path, names: Sequence[str]) -> None:
        _must("ip", "netns", "add", self._middle)
        self._inside("link", "set", "lo", "up")
        self._inside("link", "add", "bridge", "type", "bridge")
        self._inside("addr", "add", f"{ADDRESS}/24", "dev", "bridge")
        self._inside("link", "set", "bridge", "up")
        for number, name in enumerate(names, 2):
            self._add(name, number, folder)

    @property
    def middle(self) -> list[str]:
        """Give what a command begins with that runs in the middle."""
        return ["ip", "netns", "exec", self._middle]

    def close(self) -> None:
        """End every host and take its namespaces away."""
        for host in self.hosts.values():
            host.die()
        for namespace in reversed(self._namespaces):
            _run("ip", "netns", "del", namespace)

    def _add(self, name: str, number: int, folder: Path) -> None:
        namespace, wire = f"{self._middle}-{name}", f"gl{self._tag}{name}"
        _must("ip", "netns", "add", namespace)
        self._namespaces.append(namespace)
        _must("ip", "link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _must("ip", "link", "set", wire, "netns", self._middle)
        self._inside("link", "set", wire, "master", "bridge")
        self._inside("link", "set", wire, "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("addr", "add", f"10.77.0.{number}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            _must("ip", "-n", namespace, *words)
        self.hosts[name] = Host(name, namespace, ("ip", "-n", self._middle, "link", "set", wire), folder)

    def _inside(self, *words: str) -> None:
        _must("ip", "-n", self._middle, *words)


def python(*words: str) -> list[str]:
    """Give a command of this Python."""
    return [sys.executable, *words]
