"""The command `golive`."""

from golive.cli.commands import main
from golive.cli.replaying import replay

main.add_command(replay)

__all__ = ["main"]
