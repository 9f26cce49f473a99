"""Run a phase's checks side by side, each under a time limit of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from golive.core.plan import CheckUse
from golive.core.scalars import Part
from golive.core.state import Guard
from golive.drivers import validated
from golive.ports import Book, Clock, Finding, Health, MetricSource, Result, Router

LIMIT = 10.0
LONGEST = 300


@dataclass(frozen=True)
class Scene:
    """What a check may look at.

    Attributes:
        site: The visitors' URL; `stable` and `canary` the versions' own.
        guards: The acting guard and the standby, as the record names them.
        own_world: Whether the run has brought its own world, so that no visitor of a real site is on it.
        claim: What the run writes into a router that shows whose go-live it is.
    """

    site: str
    stable: str
    canary: str
    router: Router
    metrics: MetricSource
    health: Health
    book: Book
    clock: Clock
    folder: Path
    share: float
    guards: Sequence[Guard] = ()
    own_world: bool = True
    claim: str = ""


@dataclass(frozen=True)
class Saw:
    """What a check saw beside what it expected."""

    good: bool
    expected: str
    seen: str


@dataclass(frozen=True)
class Unseen:
    """What a check could not see, and why: could not measure, and never a pass."""

    expected: str
    why: str


@dataclass(frozen=True)
class Waived:
    """What a check saw that is not as expected, and whom the plan names as the one who has waived that."""

    expected: str
    seen: str
    by: str


class NoSettings(Part):
    """The settings of a check that takes none."""


Look = Callable[[Scene, Any], Awaitable[Saw | Unseen | Waived]]


@dataclass(frozen=True)
class Known:
    """A check by name: the sentence that becomes its row, how it looks, and what a plan may set for it."""

    sentence: str
    look: Look
    settings: type[Part] = NoSettings

    def checked(self, use: CheckUse) -> Part:
        """Give the settings that a plan has for it.

        Raises:
            PlanError: Naming the check, the key, and the nearest key for one that it does not know.
        """
        return validated(f"check {use.check!r}", self.settings, use.settings)


async def run_checks(uses: Sequence[CheckUse], known: dict[str, Known], scene: Scene) -> list[Finding]:
    """Give one finding for each check, in the plan's order."""
    looks = [(use.check, known[use.check], known[use.check].checked(use)) for use in uses]
    return list(await asyncio.gather(*(_one(name, check, settings, scene) for name, check, settings in looks)))


async def _one(name: str, check: Known, settings: Part, scene: Scene) -> Finding:
    begun = time.monotonic()
    try:
        saw = await asyncio.wait_for(check.look(scene, settings), LIMIT)
        if isinstance(saw, Unseen):
            result, expected, seen = Result.COULD_NOT_MEASURE, saw.expected, saw.why
        elif isinstance(saw, Waived):
            result, expected, seen = Result.WAIVED, saw.expected, f"waived by {saw.by}: {saw.seen}"
        else:
            result, expected, seen = Result.PASS if saw.good else Result.FAIL, saw.expected, saw.seen
    except (TimeoutError, httpx.HTTPError, OSError, ValueError, KeyError, TypeError) as error:
        result, expected = Result.COULD_NOT_MEASURE, "an answer"
        seen = f"no answer in {LIMIT:.0f} s" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
    took = (time.monotonic() - begun) * 1000
    return Finding(name, check.sentence, result, expected[:LONGEST], seen[:LONGEST], round(took, 1))
