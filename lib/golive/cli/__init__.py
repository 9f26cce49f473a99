"""The command `golive`."""

from golive.cli import (
    approving,
    archives,
    deployments,
    emergency,
    lessons,
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
    "lessons",
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
