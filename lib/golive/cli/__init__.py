"""The command `golive`."""

from golive.cli import approving, archives, deployments, emergency, projects, rehearsals, replaying, runs, status, wheel
from golive.cli.main import main

__all__ = [
    "approving",
    "archives",
    "deployments",
    "emergency",
    "main",
    "projects",
    "rehearsals",
    "replaying",
    "runs",
    "status",
    "wheel",
]
