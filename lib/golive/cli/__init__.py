"""The command `golive`."""

from golive.cli import (
    approving,
    archives,
    deployments,
    emergency,
    opening,
    projects,
    rehearsals,
    replaying,
    runs,
    status,
    tasks,
    wheel,
)
from golive.cli.main import main

__all__ = [
    "approving",
    "archives",
    "deployments",
    "emergency",
    "main",
    "opening",
    "projects",
    "rehearsals",
    "replaying",
    "runs",
    "status",
    "tasks",
    "wheel",
]
