"""Record the sandbox's counts for a while, then judge many healthy go-lives that are drawn from them.

Each go-live takes its seconds from the recording, in stretches as they came, so that bursts and waves
stay what they were; each second's requests fall to canary and stable by the phase's split.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from golive.adapters.clocks import SystemClock
from golive.adapters.metrics.sandbox import SandboxMetrics
from golive.adapters.worlds.sandbox import SandboxWorld
from golive.core.difference import difference
from golive.core.judging.evidence import Evidence, Soak
from golive.core.judging.judge import Alarms, judge
from golive.core.plan import Plan
from golive.core.samples import CouldNotMeasure, Gauges, Sample, Tally, Version
from golive.core.verdict import Word
from golive.folders import RunFolder
from golive.plans import load

STRETCH = 20


def record(seconds: int) -> list[Sample]:
    """Give the sandbox's stable samples of so many seconds, as its metrics tell them."""
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place))
        folder.work.mkdir()
        world = SandboxWorld(folder)
        world.start(0.0)
        try:
            return asyncio.run(_read(world, folder.alive, seconds))
        finally:
            world.stop()


async def _read(world: SandboxWorld, alive: Path, seconds: int) -> list[Sample]:
    clock, address = SystemClock(), world.address
    urls = {Version.STABLE: address.stable, Version.CANARY: address.canary}
    source = SandboxMetrics(address.control, urls, clock, {"checkout": "/checkout"})
    before, samples = None, []
    for _ in range(seconds + 1):
        alive.touch()
        read = await source.read()
        if before is not None and not isinstance(read, CouldNotMeasure) and not isinstance(before, CouldNotMeasure):
            found = difference(before, read, second=clock.now().timestamp())
            if not isinstance(found, CouldNotMeasure):
                samples.append(found[0])
        before = read
        await clock.sleep(1.0)
    await source.aclose()
    return samples


def part(draw: random.Random, sample: Sample, share: float, at: float, version: Version) -> Sample:
    """Give the part of a recorded second that falls to a version with this share of the visitors."""

    def some(number: int) -> int:
        return sum(draw.random() < share for _ in range(number))

    def thinned(tally: Tally) -> Tally:
        failed, over = some(tally.failed), {}
        for edge in sorted(tally.over, reverse=True):
            over[edge] = min(some(tally.over[edge]), tally.requests)
        good = some(tally.requests - tally.failed)
        requests = good + failed
        return Tally(requests, failed, 0, 0, {edge: min(count, requests) for edge, count in over.items()})

    routes = {name: thinned(tally) for name, tally in sample.routes.items()}
    return Sample(at, at, 1.0, version, thinned(sample.tally), Gauges(0.1, 0.3), routes=routes)


def go_live(plan: Plan, recorded: list[Sample], seed: int) -> Word:
    """Judge one go-live, each second, to its end."""
    draw = random.Random(seed)
    evidence, at = Evidence(plan), 0.0
    begun = draw.randrange(len(recorded))
    evidence.learn(recorded[: round(plan.judging.baseline.total_seconds())])
    shares = [phase for phase in plan.phases if phase.share]
    for number, phase in enumerate(shares):
        share, later = phase.share or 0.0, shares[min(number + 1, len(shares) - 1)].share or 1.0
        settled = at + plan.judging.settle.total_seconds()
        evidence.begin(Soak(at, settled, phase.soak.total_seconds(), share, later, share == 1.0))
        longest, since = (phase.soak + plan.judging.hold_up_to).total_seconds(), at
        while True:
            at += 1
            if at % STRETCH == 0:
                begun = draw.randrange(len(recorded))
            second = recorded[(begun + round(at)) % len(recorded)]
            stable = part(draw, second, 1 - share, at, Version.STABLE)
            evidence.add(stable, part(draw, second, share, at, Version.CANARY))
            word = judge(evidence, Alarms()).word
            if word is Word.ROLLBACK or at - since > longest:
                return word
            if word is Word.PROCEED:
                break
    return Word.PROCEED


def main(runs: int, seconds: int) -> None:
    """Print how `runs` healthy go-lives ended."""
    print(f"recording the sandbox for {seconds} s", file=sys.stderr)
    recorded = record(seconds)
    requests, failed = sum(s.tally.requests for s in recorded), sum(s.tally.failed for s in recorded)
    plan, _ = load("sandbox", None)
    began = time.monotonic()
    ends = [go_live(plan, recorded, seed) for seed in range(runs)]
    print(f"recorded {len(recorded)} s: {requests} requests, {failed} failed ({failed / requests:.3%})")
    print(f"{runs} healthy go-lives, seeds 0 to {runs - 1}, judged in {time.monotonic() - began:.1f} s")
    for word in Word:
        print(f"  {word:<10}{ends.count(word):>6}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 120)
