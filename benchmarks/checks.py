"""How long a phase's lines take together beside the slowest of them, on a sandbox with its guard.

Usage: benchmarks/checks.py [ROUNDS] [PHASE]. 1.0 is lines that never wait for one another; up to 1.2 is wanted.
The load of the machine is printed beside, and how long the event loop of the lines stood still at worst.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from golive import wiring
from golive.adapters.checks.run import run_checks
from golive.core.record import Kind
from golive.notebook.opening import start_world_and_guard
from golive.ports import Finding, Result
from golive.run import Run

WANTED = 1.2
SETTLE = 3.0
SLOWEST = 8
PULSE = 0.01


@contextmanager
def standing(place: Path) -> Iterator[Run]:
    """Give a run on a sandbox whose guard watches; world and guard end with it."""
    run = wiring.make_run("sandbox", "ada", alone=True, unattended=True, runs=place)
    try:
        start_world_and_guard(run)
        time.sleep(SETTLE)
        yield run
    finally:
        run.append(Kind.RUN_CLOSED, {"result": "completed", "why": "a benchmark has ended"})
        wiring.world(run).stop()


async def looked(run: Run, phase: str) -> tuple[float, float, list[Finding]]:
    """Give the seconds that all lines took, the longest stretch in which none of them could go on, and the findings."""
    still = [0.0]
    watching = asyncio.create_task(_pulse(still))
    await asyncio.sleep(5 * PULSE)
    begun = time.perf_counter()
    findings = await run_checks(run.plan.phase(phase).start_checks, wiring.known_checks(), wiring.scene(run))
    took = time.perf_counter() - begun
    watching.cancel()
    return took, still[0], findings


async def _pulse(still: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(PULSE)
        still[0] = max(still[0], time.perf_counter() - begun - PULSE)


def main(rounds: int, phase: str) -> None:
    """Print a line a round, the slowest lines of the last, and the median."""
    ratios = []
    with tempfile.TemporaryDirectory() as place, standing(Path(place)) as run:
        for number in range(rounds):
            took, still, findings = asyncio.run(looked(run, phase))
            by_time = sorted(findings, key=lambda one: -one.milliseconds)
            slowest = by_time[0].milliseconds / 1000
            ratios.append(took / slowest)
            load = "/".join(f"{one:.1f}" for one in os.getloadavg()[:2])
            bad = [one.called for one in findings if one.result not in (Result.PASS, Result.ATTESTED)]
            print(
                f"{number + 1}: {len(findings)} lines in {took:.2f} s, slowest {by_time[0].called} {slowest:.2f} s,"
                f" ratio {took / slowest:.2f}, stood still {still:.2f} s, load {load}, not good: {bad or 'none'}"
            )
        print("slowest: " + ", ".join(f"{one.called} {one.milliseconds / 1000:.2f}" for one in by_time[:SLOWEST]))
    print(f"median ratio {median(ratios):.2f}, wanted at most {WANTED}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 5, sys.argv[2] if sys.argv[2:] else "preflight")
