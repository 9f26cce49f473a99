"""A command as the last resort: it stops the canary's processes, or throws a kill switch."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

from golive.adapters.commands import run
from golive.core.scalars import Part, PositiveDuration, Texts
from golive.drivers import Around
from golive.ports import Used


def _a_program(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts or not texts[0]:
        raise ValueError("a program and its arguments were expected, for example [systemctl, stop, canary]")
    return texts


class CommandLastResort:
    """`golive.ports.LastResort`: runs a command, without a shell; a status of 0 says that it worked."""

    name = "command"

    class Settings(Part):
        """`command` is the program and its arguments; no shell reads them. `within` ends it."""

        command: Annotated[Texts, AfterValidator(_a_program)]
        within: PositiveDuration = timedelta(seconds=10)

    @classmethod
    def made(cls, settings: Settings, around: Around) -> CommandLastResort:
        """Give the last resort that runs this command."""
        return cls(settings.command, settings.within.total_seconds())

    def __init__(self, command: Sequence[str], within: float) -> None:
        self._command, self._within = tuple(command), within

    async def use(self, reason: str) -> Used:
        """Run it, with the reason on its input."""
        shown = shlex.join(self._command)[:150]
        try:
            ended = await run(self._command, reason.encode(), self._within)
        except TimeoutError:
            return Used(False, f"{shown} took over {self._within:g} s and was ended")
        except OSError as error:
            return Used(False, f"{shown} can't be run: {error.strerror}")
        said = f": {ended.said}" if ended.said else ""
        return Used(ended.status == 0, f"{shown} ended with status {ended.status}{said}")

    def by_hand(self) -> str:
        """Give the command as a shell takes it."""
        return shlex.join(self._command)
