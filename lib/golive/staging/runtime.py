"""HAProxy's runtime socket, as the one who started that HAProxy uses it."""

from __future__ import annotations

import re
import socket
from pathlib import Path

DEADLINE = 2.0
LARGEST = 1_000_000
PARTS = 100


def ask(place: Path, command: str) -> str:
    """Send one command and give the answer; OSError when there is none."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(DEADLINE)
        wire.connect(str(place))
        wire.sendall(f"{command}\n".encode())
        answer = b""
        while len(answer) < LARGEST and (part := wire.recv(65536)):
            answer += part
    return answer.decode("utf-8", "replace").strip()


def worker(place: Path) -> int | None:
    """Give the process that answers; None when none does."""
    try:
        found = re.search(r"^Pid: (\d+)$", ask(place, "show info"), re.M)
    except OSError:
        return None
    return int(found[1]) if found else None


def share(place: Path, backend: str) -> float:
    """Give the canary's share by its weights; OSError when they are not told."""
    weights = []
    for server in ("stable", "canary"):
        found = re.match(r"(\d+) \(initial", ask(place, f"get weight {backend}/{server}"))
        if found is None:
            raise OSError(f"{place} does not tell the weight of {backend}/{server}")
        weights.append(int(found[1]))
    return weights[1] / (sum(weights) or 1)


def move(place: Path, to: float) -> None:
    """Set the canary's share, in percents, for visitors and for ours; OSError when HAProxy does not take it."""
    canary = round(to * PARTS)
    for backend in ("site", "ours"):
        for server, weight in (("canary", canary), ("stable", PARTS - canary)):
            said = ask(place, f"set server {backend}/{server} weight {weight}")
            if said:
                raise OSError(f"{place} says: {said[:200]}")
