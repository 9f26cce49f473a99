"""Notices to a command's standard input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from golive.adapters.commands import run
from golive.core.errors import NotifyFailed
from golive.core.scalars import Part, Texts
from golive.drivers import Around
from golive.ports import Notice

DEADLINE = 10.0


class CommandNotifier:
    """`golive.ports.Notifier`: runs a command, without a shell, with the notice as JSON on its input."""

    name = "command"

    class Settings(Part):
        """`command` is the program and its arguments; no shell reads them."""

        command: Texts

    @classmethod
    def made(cls, settings: Settings, around: Around) -> CommandNotifier:
        """Give the notifier that runs this command."""
        return cls(settings.command)

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    async def notify(self, notice: Notice) -> None:
        """Run the command; NotifyFailed when it fails or takes over 10 s."""
        try:
            ended = await run(self._command, json.dumps(asdict(notice)).encode(), DEADLINE)
        except TimeoutError:
            raise NotifyFailed(f"{self._command[0]} took over {DEADLINE:.0f} s and was ended") from None
        except OSError as error:
            raise NotifyFailed(f"{self._command[0]} can't be run: {error.strerror}") from error
        if ended.status:
            raise NotifyFailed(f"{self._command[0]} ended with status {ended.status}")
