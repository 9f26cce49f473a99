"""Send everybody back to stable. Needs a router and a clock, and nothing else."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from golive.engine.mine import Mine
from golive.ports import Clock, Done, Router, Split, Superseded, Unknown

DEADLINE = 3.0
LOOK_FIRST = 1.0
TRIES = 20
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
NOBODYS = Mine()
Answer = TypeVar("Answer")
Step = Callable[[str], Awaitable[None]]  # what is done besides; it is told why the router has not done its part


@dataclass(frozen=True)
class RolledBack:
    """What a rollback came to.

    Attributes:
        done: Whether the router reads back that nobody is on the canary.
        read_back: The share that it read back last, 0 to 1; None when it did not say.
        seconds: From the first call to that.
        tries: How often the router was called.
        why: Why it is not done; "" when it is.
        superseded: Whether the router was left alone, because another run or another canary is on it.
        canary: The canary that the router showed, "" for none.
    """

    done: bool
    read_back: float | None
    seconds: float
    tries: int
    why: str = ""
    superseded: bool = False
    canary: str = ""

    @property
    def over(self) -> bool:
        """Whether calling again would be of no use."""
        return self.done or self.superseded

    @property
    def result(self) -> str:
        """The outcome in the record's words."""
        return "done" if self.done else "superseded" if self.superseded else "failed"


async def roll_back(
    router: Router,
    clock: Clock,
    reason: str,
    tries: int = TRIES,
    mine: Mine = NOBODYS,
    until: float = math.inf,
) -> RolledBack:
    """Call the router until it reads back 0 %, with growing pauses; never raises for a router's trouble.

    It takes no lock. A router that shows another run's claim or another canary than `mine` is left alone; one that
    does not say is not.

    Args:
        tries: How often the router is called at the most.
        mine: What the caller means by the canary; nothing, to send back whatever there is.
        until: Monotonic seconds after which no further call is begun.
    """
    begun, canary = clock.monotonic(), ""

    def ended(done: bool, read: float | None, number: int, why: str = "", superseded: bool = False) -> RolledBack:
        return RolledBack(done, read, clock.monotonic() - begun, number, why, superseded, canary)

    if mine != NOBODYS:
        split = await called(router.read(), LOOK_FIRST)
        if foreign := mine.not_ours(split):
            return ended(False, _share(split), 0, foreign, superseded=True)
    why, read = "", None
    for attempt in range(tries):
        answer = await called(router.rollback(reason))
        if isinstance(answer, Superseded):
            return ended(False, answer.split.share, attempt + 1, answer.why, superseded=True)
        split = await called(router.read())
        if isinstance(split, Split):
            read, canary = split.share, split.canary
            if split.share == 0.0:
                return ended(True, 0.0, attempt + 1)
        why = "it still reads back a share" if isinstance(answer, Done) else answer.why
        pause = PAUSES[min(attempt, len(PAUSES) - 1)]
        if clock.monotonic() + pause > until:
            await clock.sleep(max(0.0, until - clock.monotonic()))
            return ended(False, read, attempt + 1, why)
        await clock.sleep(pause)
    return ended(False, read, tries, why)


async def insist(
    router: Router,
    clock: Clock,
    reason: str,
    mine: Mine,
    so_far: RolledBack,
    begun: float,
    steps: Sequence[tuple[float, Step]],
) -> RolledBack:
    """Go on with a rollback until it is over, and take a step besides whenever it has lasted so many seconds.

    Args:
        so_far: What the first calls came to.
        begun: Monotonic seconds of the first of them, from which seconds are counted.
        steps: Seconds and what is done then, each once, in the order of its seconds.
    """
    rolled = so_far
    for after, step in sorted(steps, key=lambda one: one[0]):
        if not rolled.over and clock.monotonic() < begun + after:
            again = await roll_back(router, clock, reason, TRIES, mine, begun + after)
            rolled = _and(rolled, again, clock.monotonic() - begun)
        if rolled.over:
            return rolled
        await step(rolled.why)
    if rolled.over:
        return rolled
    return _and(rolled, await roll_back(router, clock, reason, TRIES, mine), clock.monotonic() - begun)


def _and(before: RolledBack, after: RolledBack, seconds: float) -> RolledBack:
    read = before.read_back if after.read_back is None else after.read_back
    return replace(after, read_back=read, tries=before.tries + after.tries, seconds=seconds)


async def called(call: Awaitable[Answer], within: float = DEADLINE) -> Answer | Unknown:
    """Give a router's answer, Unknown after so many seconds; a driver's own failure is no answer and never raises."""
    try:
        async with asyncio.timeout(within):
            return await call
    except TimeoutError:
        return Unknown(f"no answer in {within:g} s")
    except Exception as error:
        return Unknown(f"the router's driver failed: {type(error).__name__}: {error}"[:400])


def _share(split: Split | Unknown) -> float | None:
    return split.share if isinstance(split, Split) else None
