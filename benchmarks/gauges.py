"""What gauges and health cost healthy go-lives: how often they hold one, or roll it back.

CPU is a mean with AR(1) noise (0.9 from second to second, standard deviation 3 points), memory grows
slowly from 50 % by up to 5 points in the go-live. In the fixed world each version has machines of its
own size and its CPU grows with its part of the visitors (5 % idle); in the scaled one machines follow
the load, and the level is the same at every split. Probes are lost one by one, or in bursts.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time

from golive.adapters.clocks import FakeClock
from golive.core.judging.gauging import Gauging
from golive.core.plan import Plan
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.engine.sources import HealthReader, Inbox
from golive.plans import load
from golive.ports import Alive, Sick

CARRIED, SPREAD, IDLE = 0.9, 0.03, 0.05
LEVELS = (0.40, 0.45, 0.50, 0.55, 0.60, 0.65)
LOST = 0.001
BURST = 2.0  # probes that a burst of lost ones is long, on average


class Noise:
    """AR(1) noise of a given spread around zero."""

    def __init__(self, draw: random.Random) -> None:
        self._draw, self._now = draw, 0.0

    def next(self) -> float:
        self._now = CARRIED * self._now + self._draw.gauss(0, SPREAD * (1 - CARRIED**2) ** 0.5)
        return self._now


def held(plan: Plan, world: str, level: float, seed: int) -> tuple[bool, bool, bool]:
    """Say of one healthy go-live whether a soak was held by its mean, by its projection, and until `hold_up_to`."""
    draw = random.Random(seed)
    noise = {version: Noise(draw) for version in Version}
    phases = [phase for phase in plan.phases if phase.share]
    grown, whole = draw.uniform(0, 0.05), sum(phase.soak.total_seconds() for phase in phases)
    at, mean, projected, stuck = 0.0, False, False, False
    slopes: dict[str, float] = {}
    for number, phase in enumerate(phases):
        share = phase.share or 0.0
        following = phases[min(number + 1, len(phases) - 1)].share or 1.0
        gauging, soak, hold = Gauging(), phase.soak.total_seconds(), plan.judging.hold_up_to.total_seconds()
        for second in range(int(soak + hold) + 1):
            at += 1
            memory = 0.5 + grown * min(at / whole, 1.0)
            samples = []
            for version, part in ((Version.STABLE, 1 - share), (Version.CANARY, share)):
                cpu = level if world == "scaled" else IDLE + (level - IDLE) * part
                cpu = min(1.0, max(0.0, cpu + noise[version].next()))
                samples.append(Sample(at, at, 1.0, version, Tally(), Gauges(cpu, memory)))
            gauging.add(*samples)
            if second < soak:
                continue
            readings = [
                gauging.read(name, getattr(plan.criteria, name), (share, following), slopes.get(name))
                for name in ("cpu", "memory")
            ]
            holding = [reading for reading in readings if reading.hold is not None]
            if not holding:
                break
            over = any((reading.seen or 0.0) >= reading.proceed_below for reading in holding)
            mean, projected = mean or over, projected or not over
        else:
            stuck = True
        told = {name: gauging.slope(name, share) for name in ("cpu", "memory")}
        slopes |= {name: slope for name, slope in told.items() if slope is not None}
    return mean, projected, stuck


class Lossy:
    """`golive.ports.Health` of two healthy versions whose probes are sometimes lost."""

    def __init__(self, draw: random.Random, bursts: bool) -> None:
        self._draw, self._bursts = draw, bursts
        self._lost = dict.fromkeys(Version, False)

    async def probe(self, version: Version) -> Alive | Sick:
        draw = self._draw.random()
        if not self._bursts:
            lost = draw < LOST
        elif self._lost[version]:
            lost = draw < 1 - 1 / BURST
        else:
            lost = draw < LOST / BURST / (1 - LOST)
        self._lost[version] = lost
        return Sick("lost") if lost else Alive("v", "d")


async def rolled_back(plan: Plan, probes: int, bursts: bool, seed: int) -> int:
    """Count how often the rule on health would begin to roll back among so many probes of healthy versions."""
    inbox, needed, times, before = Inbox(), plan.health.failures_in_a_row, 0, False
    reader = HealthReader(Lossy(random.Random(seed), bursts), FakeClock(), inbox)
    for _ in range(probes):
        await reader.step()
        now = inbox.sick_in_a_row[Version.CANARY] >= needed and inbox.sick_in_a_row[Version.STABLE] == 0
        times += now and not before
        before = now
    return times


def main(runs: int, probes: int) -> None:
    """Print what `runs` go-lives of each kind, and so many probes, came to."""
    plan, _ = load("production", None)
    began = time.monotonic()
    print(f"{runs} healthy go-lives each, seeds 0 to {runs - 1}; limit of CPU {plan.criteria.cpu.proceed_below:.0%}")
    print(f"{'world':<8}{'CPU':>5}{'held by its mean':>19}{'by its projection':>19}{'after hold_up_to':>18}")
    for world in ("fixed", "scaled"):
        for level in LEVELS:
            found = [held(plan, world, level, seed) for seed in range(runs)]
            shares = [sum(column) / runs for column in zip(*found, strict=True)]
            print(f"{world:<8}{level:>5.0%}{shares[0]:>19.1%}{shares[1]:>19.1%}{shares[2]:>18.1%}", flush=True)
    every = plan.health.every.total_seconds()
    for bursts in (False, True):
        times = asyncio.run(rolled_back(plan, probes, bursts, seed=1))
        kind = f"in bursts of {BURST:g}" if bursts else "one by one"
        days = probes * every / 86400
        print(f"health, {LOST:.1%} of probes lost {kind}: {times} rollbacks in {probes} probes ({days:.0f} days)")
    print(f"took {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40, int(sys.argv[2]) if len(sys.argv) > 2 else 400_000)
