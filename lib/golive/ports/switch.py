"""What notices from outside that nobody here lives any more."""

from __future__ import annotations

from typing import Protocol


class DeadManSwitch(Protocol):
    """A service that alarms when it has not been called for a while. Raises NotifyFailed; the caller records that."""

    async def call(self) -> None: ...
