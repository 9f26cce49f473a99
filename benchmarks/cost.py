"""What the one function costs: a look, its parts, a whole day, and the memory that it holds."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from benchmarks.measuring import configuration

from golive.core.judging.evidence import Evidence, Soak
from golive.core.judging.judge import Alarms, judge
from golive.core.samples import Gauges, Sample, Tally, Version

LOOKS, BASELINE, SOAK = 20000, 600, 1200
HOUR, DAY = 3600, 86400
WELL = Alarms()


def measure_cost(base: int) -> dict[str, float]:
    """Give microseconds for a look, seconds for a day, and kilobytes held after an hour and after a day."""
    found: dict[str, float] = {}
    for rate, rho in ((30, 0.0), (300, 0.0), (3000, 0.0), (300, 0.03)):
        added, judged = _look(rate, rho, base)
        found[f"{rate}/{rho}/add"], found[f"{rate}/{rho}/judge"] = added, judged
    began, seconds = time.process_time(), list(islice(_seconds(300, 0.0, base), DAY))
    drawn = time.process_time() - began
    for _ in _replayed(DAY, base):
        pass
    found["day"] = time.process_time() - began - 2 * drawn
    del seconds
    found["hour kB"], found["day kB"] = _held(base)
    return found


def _look(rate: float, rho: float, base: int) -> tuple[float, float]:
    """Give the microseconds of `Evidence.add` and of `judge`, on average over a soak at half of the visitors."""
    seconds = list(islice(_seconds(rate, rho, base), LOOKS))
    evidence = _taught(rate, rho, base)

    def timed(act: Callable[[], object]) -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    added = judged = 0.0
    for number, (stable, canary) in enumerate(seconds):
        if number % SOAK == 0:
            evidence.begin(Soak(number, number + 30, SOAK, 0.5, 1.0))
        added += timed(lambda stable=stable, canary=canary: evidence.add(stable, canary))  # type: ignore[misc]
        judged += timed(lambda: judge(evidence, WELL))
    return 1e6 * added / LOOKS, 1e6 * judged / LOOKS


def _replayed(looks: int, base: int) -> Iterator[int]:
    """Judge so many seconds of two versions at 300 requests/s, each second."""
    evidence = _taught(300, 0.0, base)
    evidence.begin(Soak(0, 30, DAY, 0.5, 1.0))
    for number, (stable, canary) in enumerate(islice(_seconds(300, 0.0, base), looks)):
        evidence.add(stable, canary)
        judge(evidence, WELL)
        yield number


def _held(base: int) -> tuple[float, float]:
    """Give the kilobytes that judging holds after an hour and after a day."""
    tracemalloc.start()
    try:
        held = [tracemalloc.get_traced_memory()[0] for n in _replayed(DAY, base) if n in (HOUR - 1, DAY - 1)]
        return held[0] / 1024, held[1] / 1024
    finally:
        tracemalloc.stop()


def _taught(rate: float, rho: float, base: int) -> Evidence:
    evidence = Evidence(configuration())
    evidence.learn([stable for stable, _ in islice(_seconds(rate, rho, base + 1), BASELINE)])
    return evidence


def _seconds(rate: float, rho: float, base: int) -> Iterator[tuple[Sample, Sample]]:
    """Give healthy seconds of stable and canary, half of the visitors each, without an end."""
    draw, number = np.random.default_rng(base), 0
    while True:
        number += 1
        yield _second(draw, rate, rho, number, Version.STABLE), _second(draw, rate, rho, number, Version.CANARY)


def _second(draw: np.random.Generator, rate: float, rho: float, number: int, version: Version) -> Sample:
    requests = int(draw.poisson(rate / 2))
    size = 1 / rho - 1 if rho else 0.0
    chance = draw.beta(0.0005 * size, 0.9995 * size) if rho else 0.0005
    failed, slow = int(draw.binomial(requests, chance)), int(draw.binomial(requests, 0.001))
    tally = Tally(requests, failed, 0, 0, {500: slow, 1000: slow // 2})
    return Sample(number, number, 1.0, version, tally, Gauges(0.2, 0.3))
