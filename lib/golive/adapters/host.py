"""What this host says of one of its processes: read from /proc, /sys, /etc and the environment, and nothing else."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from golive.core.standing import CONTAINER, HostView, dangers

MOST = 2000
LARGEST = 200_000
IDLE = re.compile(r"shutdown_no_activity_timeout[\"']?\s*[:=]\s*(\d+)")
LOGIND = ("etc/systemd/logind.conf", "etc/systemd/logind.conf.d", "run/systemd/logind.conf.d")
BATTERY_STATES = ("discharging", "charging", "full", "not charging")


class Host:
    """This machine's own files and environment; tests give another root and another environment."""

    def __init__(self, root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> None:
        self._root, self._environment = root, environment

    def view(self, process: str = "self") -> HostView:
        """Give what can be read of a process (its number, or "self"); what can't be read stays unsaid."""
        group = self._group(process)
        beside = tuple(self._beside(group, process))
        return HostView(
            group=group,
            beside=beside,
            first=self._command("1"),
            user=self._user(),
            container=self._container(group),
            lingers=(self._root / "var/lib/systemd/linger" / self._user()).exists() if self._user() else None,
            kills_at_logout=self._kills_at_logout(),
            batteries=tuple(self._batteries()),
            hub=any(name.startswith("JUPYTERHUB_") for name in self._environment),
            shuts_idle=self._shuts_idle(beside),
        )

    def _text(self, path: str) -> str:
        with contextlib.suppress(OSError), (self._root / path).open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")
        return ""

    def _group(self, process: str) -> str:
        """Give the control group: the unified one, else that of systemd's own hierarchy."""
        named = [
            line.split(":", 2) for line in self._text(f"proc/{process}/cgroup").splitlines() if line.count(":") > 1
        ]
        unified = next((path for number, _, path in named if number == "0"), "")
        return unified or next((path for _, names, path in named if names == "name=systemd"), "")

    def _beside(self, group: str, process: str) -> Iterator[str]:
        if not group:
            return
        own = str(os.getpid()) if process == "self" else process
        for number in self._text(f"sys/fs/cgroup/{group.strip('/')}/cgroup.procs").split()[:MOST]:
            command = self._command(number) if number.isdecimal() and number != own else ""
            if command:
                yield command

    def _command(self, process: str) -> str:
        return " ".join(self._text(f"proc/{process}/cmdline").split("\0")).strip()

    def _user(self) -> str:
        with contextlib.suppress(KeyError, OSError):
            return self._environment.get("USER") or getpass.getuser()
        return ""

    def _container(self, group: str) -> str:
        if "KUBERNETES_SERVICE_HOST" in self._environment:
            return "a pod"
        for sign, name in ((".dockerenv", "docker"), ("run/.containerenv", "podman")):
            if (self._root / sign).exists():
                return name
        found = CONTAINER.search(group)
        return found[0] if found else self._environment.get("container", "")

    def _kills_at_logout(self) -> bool | None:
        """Give the last `KillUserProcesses` of logind's configuration, None where none says it."""
        said = None
        for place in LOGIND:
            path = self._root / place
            files = sorted(path.glob("*.conf")) if path.is_dir() else [path]
            for file in files:
                text = self._text(str(file.relative_to(self._root)))
                for value in re.findall(r"^\s*KillUserProcesses\s*=\s*(\w+)", text, re.M):
                    said = value.lower() in ("yes", "true", "1", "on")
        return said

    def _batteries(self) -> Iterator[str]:
        folder = self._root / "sys/class/power_supply"
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            name = f"sys/class/power_supply/{path.name}"
            of_a_device = self._text(f"{name}/scope").strip() == "Device"
            if self._text(f"{name}/type").strip() == "Battery" and not of_a_device:
                state = self._text(f"{name}/status").strip().lower()
                yield f"{path.name} {state if state in BATTERY_STATES else ''}".strip()

    def _shuts_idle(self, beside: tuple[str, ...]) -> str:
        """Give where a notebook server beside is told to end when it is idle."""
        home = self._environment.get("HOME", "root").lstrip("/")
        folders = [self._environment.get("JUPYTER_CONFIG_DIR", f"{home}/.jupyter").lstrip("/"), "etc/jupyter"]
        files = [f"{folder}/jupyter_server_config.{kind}" for folder in folders for kind in ("py", "json")]
        for where, text in (*((f"/{file}", self._text(file)) for file in files), *(("its command", c) for c in beside)):
            found = IDLE.search("\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
            if found and int(found[1]) > 0:
                return f"shutdown_no_activity_timeout = {found[1]} in {where}"
        return ""


def stands() -> dict[str, Any]:
    """Give where this process stands, and what there would end it, as an entry holds it."""
    view = Host().view()
    return {"scope": view.scope, "dangers": list(dangers(view))}
