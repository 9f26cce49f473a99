"""Judge many healthy go-lives at full noise, replayed second by second, and count how they end."""

from __future__ import annotations

import random
import sys
import time

from golive.core.judge import Alarms, Evidence, Watch, judge
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.core.verdict import Word
from golive.plans import load
from golive.sandbox.version import BURST_FAILED, BURST_SECONDS, FAILED_SHARE

RATE = 340.0
SLOW_500, SLOW_1000 = 0.0008, 0.00001


def second(draw: random.Random, at: float, version: Version, mean: float, burst: bool) -> Sample:
    """Give one second of a healthy version: Poisson requests, bursts of failures, a lognormal's tail."""
    requests = max(0, round(draw.gauss(mean, mean**0.5)))
    chance = BURST_FAILED * BURST_SECONDS if burst else 0.0
    failed = sum(draw.random() < chance for _ in range(requests)) if burst else 0
    slow = sum(draw.random() < SLOW_500 for _ in range(requests))
    over = {500: slow, 1000: sum(draw.random() < SLOW_1000 for _ in range(requests))}
    return Sample(at, at, 1.0, version, Tally(requests, failed, 0, 0, over), Gauges(0.1, 0.3))


def go_live(seed: int) -> Word:
    """Judge one go-live, each second, to its end."""
    plan, _ = load("sandbox", None)
    draw = random.Random(seed)
    evidence, at = Evidence(plan), 0.0
    chance = FAILED_SHARE / (BURST_SECONDS * BURST_FAILED)
    shares = [phase for phase in plan.phases if phase.share]
    for number, phase in enumerate(shares):
        evidence.begin_phase()
        since, later = at, shares[min(number + 1, len(shares) - 1)].share or 1.0
        longest = phase.soak + plan.judging.hold_up_to
        settled = since + plan.judging.settle.total_seconds()
        while True:
            at += 1
            share = phase.share or 0.0
            samples = [
                second(draw, at, version, RATE * part, draw.random() < chance)
                for version, part in ((Version.STABLE, 1 - share), (Version.CANARY, share))
            ]
            evidence.add(samples[0], samples[1], settled)
            watch = Watch(0.0, since, settled, phase.soak.total_seconds(), at, share, later)
            word = judge(evidence, watch, Alarms()).word
            if word is Word.ROLLBACK or at - since > longest.total_seconds():
                return word
            if word is Word.PROCEED:
                break
    return Word.PROCEED


def main(runs: int) -> None:
    """Print how many of `runs` healthy go-lives completed."""
    began = time.monotonic()
    ends = [go_live(seed) for seed in range(runs)]
    print(f"{runs} healthy go-lives, seeds 0 to {runs - 1}, {time.monotonic() - began:.1f} s")
    for word in Word:
        print(f"  {word:<10}{ends.count(word):>6}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
