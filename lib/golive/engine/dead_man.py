"""Calls the dead man's switch outside, while no look waits for it; what fails is told once and never fatal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from golive.core.errors import NotifyFailed
from golive.ports import Clock, DeadManSwitch

Told = Callable[[str], None]


class DeadMan:
    """One guard's switch.

    Args:
        switch: None when the plan has none.
        every: Seconds between calls.
        tell: Told when calls begin to fail, and when one succeeds again.
    """

    def __init__(self, switch: DeadManSwitch | None, every: float, clock: Clock, tell: Told) -> None:
        self._switch, self._every, self._clock, self._tell = switch, every, clock, tell
        self._next = clock.monotonic()
        self._calling: asyncio.Task[None] | None = None
        self._called_at: float | None = None
        self._why = ""

    def look(self) -> None:
        """Begin a call when one is due and none is under way; only the acting guard looks."""
        now = self._clock.monotonic()
        under_way = self._calling is not None and not self._calling.done()
        if self._switch is None or now < self._next or under_way:
            return
        self._next = now + self._every
        self._calling = asyncio.ensure_future(self._call(self._switch))

    def to_json(self) -> dict[str, Any] | None:
        """Give for the views how long ago the last call succeeded (seconds, None for never) and why the newest did not.

        None when the plan has no switch.
        """
        if self._switch is None:
            return None
        ago = None if self._called_at is None else round(self._clock.monotonic() - self._called_at, 1)
        return {"called": ago, "why": self._why}

    async def _call(self, switch: DeadManSwitch) -> None:
        before = self._why
        try:
            await switch.call()
        except NotifyFailed as error:
            self._why = str(error)
        else:
            self._why, self._called_at = "", self._clock.monotonic()
        if bool(before) != bool(self._why):
            self._tell(f"the dead man's switch can't be called: {self._why}" if self._why else ANSWERS)


ANSWERS = "the dead man's switch answers again"
