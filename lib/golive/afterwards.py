"""What is seen after a rollback that no guard has made: who still meets the canary, how stable is, what is left."""

from __future__ import annotations

import asyncio
from typing import Any

from golive import wiring
from golive.adapters.checks.undoing import unchecked, undone
from golive.core.errors import GoLiveError
from golive.core.kit import Kit
from golive.core.samples import Counters, Version
from golive.engine.rollback import RolledBack
from golive.ports import Alive, Clock, MetricSource
from golive.run import Run

IN_FLIGHT = 2.0
COUNTED_FOR = 1.5
ANSWER_WITHIN = 5.0
UNDO_WITHIN = 10.0


async def verify(run: Run | None, kit: Kit, rolled: RolledBack) -> dict[str, Any]:
    """Look, after a rollback, whether visitors still meet the canary, how stable is, and what is left to be undone.

    What can't be looked at is None, or not checked; nothing here keeps a rollback from being told.
    """
    nothing = {"counted_after": None, "stable_healthy": None, "also_undo": unchecked(kit.also_undo)}
    if run is None or rolled.superseded:
        return nothing
    try:
        sources = wiring.sources(run)
        async with asyncio.timeout(UNDO_WITHIN):
            rows = await undone(run.plan.also_undo, wiring.known_checks(), lambda: wiring.scene(run))
        await run.clock.sleep(IN_FLIGHT)
        counted = await _counted(sources.metrics, run.clock)
        async with asyncio.timeout(ANSWER_WITHIN):
            stable = isinstance(await sources.health.probe(Version.STABLE), Alive)
    except (GoLiveError, TimeoutError, OSError):
        return nothing
    return {"counted_after": counted, "stable_healthy": stable, "also_undo": rows}


async def _counted(source: MetricSource, clock: Clock) -> int | None:
    """Give the visitors who came to the canary in a second or two; None when that can't be counted."""
    reads = []
    for pause in (COUNTED_FOR, 0.0):
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                reads.append(await source.read())
        except TimeoutError:
            return None
        await clock.sleep(pause)
    first, last = reads
    if not isinstance(first, Counters) or not isinstance(last, Counters) or last.at <= first.at:
        return None
    more = [last.tallies[one].requests - first.tallies[one].requests for one in (Version.STABLE, Version.CANARY)]
    return None if min(more) < 0 or sum(more) == 0 else more[1]
