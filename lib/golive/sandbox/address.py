"""Where the processes of a sandbox answer, as its `world.json` says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WorldAddress:
    """URLs without a trailing slash, but for resolvers and `tls`: `host:port`.

    `token` proves that this world is the run's own.
    """

    router: str
    control: str
    stable: str
    canary: str
    visitors: str
    surroundings: str
    resolver: str
    other_resolver: str
    tls: str
    token: str
    pid: int
    started: float
    logs: Mapping[str, str]
    reports: str
    commit: str
    python: str

    @classmethod
    def load(cls, path: Path) -> WorldAddress:
        """Give the addresses in a `world.json`."""
        return cls(**json.loads(path.read_text()))
