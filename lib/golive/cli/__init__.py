"""The command `golive`."""

from golive.cli.commands import main

__all__ = ["main"]
