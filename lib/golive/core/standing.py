"""Where a guard stands, and what there would end it: pure, from what its host says of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NOTEBOOK_SERVER = re.compile(r"jupyter[-_ ]?(lab|server|notebook|hub)|notebookapp|(^|[/ ])ipython notebook", re.I)
CONTAINER = re.compile(r"docker|libpod|kubepods|containerd|crio|lxc")
OWN_SERVICE = "golive-guard"


@dataclass(frozen=True)
class HostView:
    """What a host says of one process, as far as it could be read; "" and None stand for what could not.

    Attributes:
        group: Path of its control group, for example "/user.slice/user-1000.slice/session-3.scope".
        beside: Command lines of the other processes in that group.
        first: Command line of process 1.
        user: Name of its user.
        container: What shows that it is in a container, for example "docker" or "a pod".
        lingers: Whether that user's processes may outlive the last logout.
        kills_at_logout: Whether a logout ends what its session has begun (`KillUserProcesses`).
        batteries: Each battery of the machine with what it does, for example "BAT0 discharging".
        hub: Whether a JupyterHub has started what this process was started from.
        shuts_idle: Where a notebook server is told to end when it is idle, "" for nowhere.
    """

    group: str = ""
    beside: Sequence[str] = ()
    first: str = ""
    user: str = ""
    container: str = ""
    lingers: bool | None = None
    kills_at_logout: bool | None = None
    batteries: Sequence[str] = ()
    hub: bool = False
    shuts_idle: str = ""

    @property
    def scope(self) -> str:
        """Where the process stands, in one name: its unit, its container, or its control group."""
        unit = self.group.rstrip("/").rpartition("/")[2]
        if self.container:
            return f"a container ({self.container})"
        return unit or self.group or "no control group that it can see"


def dangers(view: HostView) -> tuple[str, ...]:
    """Give what would end a process there that is no failure of the machine, a sentence each; none when supervised."""
    unit = view.group.rstrip("/").rpartition("/")[2]
    found = []
    if view.container and not _is_guard(view.first):
        found.append(f"it ends with its container ({view.container}), which may be stopped or moved at any time")
    if unit.startswith("session-") and view.kills_at_logout is not False:
        found.append(f"it belongs to a login ({unit}): a logout may end it, unless KillUserProcesses=no is said")
    elif re.search(r"/user@\d+\.service", view.group) and not view.lingers:
        found.append(f"it ends at the last logout of {view.user or 'its user'}: loginctl enable-linger")
    elif unit.endswith(".service") and not unit.startswith((OWN_SERVICE, "user@")):
        found.append(f"it ends whenever {unit} is stopped or restarted")
    server = next((command for command in view.beside if NOTEBOOK_SERVER.search(command)), "")
    if server:
        found.append(f"it shares its control group with a notebook server ({server[:60]}): what ends that ends both")
    if view.hub:
        found.append("a JupyterHub started what it was started from, and may cull that with all that is in it")
    if view.shuts_idle:
        found.append(f"the notebook server ends when it is idle ({view.shuts_idle})")
    if view.batteries:
        found.append(f"this machine has a battery ({', '.join(view.batteries)}): it may suspend or run empty")
    return tuple(found)


def _is_guard(command: str) -> bool:
    return bool(re.search(r"golive(\.cli)?\b.*\bguard\b", command))
