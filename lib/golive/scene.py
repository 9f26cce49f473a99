"""What the checks of a run may look at."""

from __future__ import annotations

from golive import drivers, wiring
from golive.adapters.checks.run import Scene
from golive.run import Run


def scene(run: Run) -> Scene:
    """Give what the run's checks may look at."""
    reads, site, known, state = wiring.sources(run), run.plan.site, wiring.world_of(run), run.state()
    keys = ("url", "stable", "canary")
    router, stable, canary = (drivers.fill(getattr(site, key), known, f"site.{key}") for key in keys)
    return Scene(
        router,
        stable,
        canary,
        reads.router,
        reads.metrics,
        reads.health,
        run.book,
        run.clock,
        run.folder.root,
        state.split,
        state.guards,
        run.plan.own_world,
    )
