"""Send everybody back to stable. Needs a router and a clock, and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from golive.ports import Clock, Done, Router, Split, Unknown

DEADLINE = 3.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class RolledBack:
    """What a rollback came to: `seconds` from the first call to the read-back that shows 0 %."""

    done: bool
    read_back: float | None
    seconds: float
    tries: int
    why: str = ""


async def roll_back(router: Router, clock: Clock, reason: str, tries: int = 20) -> RolledBack:
    """Call the router until it reads back 0 %, with growing pauses; never raises for a router's trouble."""
    begun = clock.monotonic()
    why, read = "", None
    for attempt in range(tries):
        try:
            async with asyncio.timeout(DEADLINE):
                answer = await router.rollback(reason)
            async with asyncio.timeout(DEADLINE):
                split: Split | Unknown = await router.read()
        except TimeoutError:
            answer, split = Unknown("no answer in time"), Unknown("no answer in time")
        if isinstance(split, Split):
            read = split.share
            if split.share == 0.0:
                return RolledBack(True, 0.0, clock.monotonic() - begun, attempt + 1)
        why = "it still reads back a share" if isinstance(answer, Done) else answer.why
        await clock.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
    return RolledBack(False, read, clock.monotonic() - begun, tries, why)
