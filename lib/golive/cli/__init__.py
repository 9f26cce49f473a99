"""The command `golive`."""

from golive.cli import (
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
