"""Run a phase's checks side by side, each under a time limit of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from golive.core.plan import CheckUse
from golive.ports import Book, Clock, Finding, Health, MetricSource, Result, Router

LIMIT = 10.0
LONGEST = 300


@dataclass(frozen=True)
class Scene:
    """What a check may look at. `site` is the visitors' URL; `stable` and `canary` the versions' own."""

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


@dataclass(frozen=True)
class Saw:
    """What a check saw beside what it expected."""

    good: bool
    expected: str
    seen: str


Look = Callable[[Scene], Awaitable[Saw]]


@dataclass(frozen=True)
class Known:
    """A check by name: the sentence that becomes its row, and how it looks."""

    sentence: str
    look: Look


async def run_checks(uses: Sequence[CheckUse], known: dict[str, Known], scene: Scene) -> list[Finding]:
    """Give one finding for each check, in the plan's order."""
    return list(await asyncio.gather(*(_one(use.check, known[use.check], scene) for use in uses)))


async def _one(name: str, check: Known, scene: Scene) -> Finding:
    begun = time.monotonic()
    try:
        saw = await asyncio.wait_for(check.look(scene), LIMIT)
        result = Result.PASS if saw.good else Result.FAIL
        expected, seen = saw.expected, saw.seen
    except (TimeoutError, httpx.HTTPError, OSError, ValueError, KeyError, TypeError) as error:
        result, expected = Result.COULD_NOT_MEASURE, "an answer"
        seen = f"no answer in {LIMIT:.0f} s" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
    took = (time.monotonic() - begun) * 1000
    return Finding(name, check.sentence, result, expected[:LONGEST], seen[:LONGEST], round(took, 1))
