"""What is simulated for the tables of the verdict: one cell for each site, canary and change."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import NormalDist

from benchmarks.streams import Scenario

RATES = (3, 30, 300, 3000)
HEALTHY = (0.0001, 0.0005, 0.0008, 0.001)
BETWEEN = (0.0015, 0.002, 0.0025, 0.003, 0.004, 0.005, 0.006, 0.01)
CORRELATIONS = (0.01, 0.03, 0.1)
SICK = (0.005, 0.007, 0.01)
CANARY_RATES = (1, 10, 100)
FAILING = (0.01, 0.02, 0.05, 0.2, 1.0)
P95 = (1200, 1500, 3000)
SPREAD = 0.6  # standard deviation of the logarithm of a request's time
SETTLE = 30
SOAK, MIDDLE = 1200, 600
WATCH_RATES, WATCH_RUNS, DAY = (30, 300), 400, 86400
MINUTE = 60
ENOUGH = 1000  # go-lives in the cells that measure no rare event


@dataclass(frozen=True)
class Cell:
    """One scenario, and which rules judge it.

    Attributes:
        table: The table it belongs to; `key` tells it from the others of that table.
        rules: "all", "no kayenta", or "ours".
        changed: Seconds from the first shift at which the canary becomes what it is.
        goes_on: Whether a person proceeds after a HOLD that has lasted `hold_up_to`.
        minute: Whether to measure, too, when the trailing minute would be over the literal trigger.
    """

    table: str
    key: str
    scenario: Scenario
    runs: int
    rules: str = "ours"
    changed: int = 0
    goes_on: bool = False
    minute: bool = False

    @property
    def name(self) -> str:
        """Its name among all cells."""
        return f"{self.table}/{self.key}"

    def seed(self, base: int) -> int:
        """Give its own seed, so that it comes out alike whichever cells are run with it."""
        return zlib.crc32(f"{base}/{self.name}".encode())


def cells(runs: int) -> list[Cell]:
    """Give every cell; `runs` is the number for each cell of false rollback."""
    first = [*delays(runs), *latencies(runs), *watches(runs)]  # a watch is one long job: not last
    return [*first, *go_lives(runs), *strained(runs), *let_through(runs)]


def go_lives(runs: int) -> Iterator[Cell]:
    """Give whole go-lives with healthy canaries, and with canaries between the lines, also ending at a HOLD."""
    for failed in (*HEALTHY, *BETWEEN):
        for rate in RATES:
            many = runs if failed in (0.0001, 0.0005, 0.001) else min(runs, ENOUGH)
            yield Cell("go-live", f"{rate}/{failed}", Scenario(rate, failed), many, "all", goes_on=True)
    for failed in BETWEEN:
        for rate in RATES:
            yield Cell("go-live", f"{rate}/{failed}/ends", Scenario(rate, failed), min(runs, ENOUGH))


def strained(runs: int) -> Iterator[Cell]:
    """Give healthy canaries with bursts, with cold starts, and with lost health probes."""
    for failed in (0.001, 0.0005):
        for rate in RATES:
            for rho in CORRELATIONS:
                burst = Scenario(rate, failed, correlation=rho)
                yield Cell("strained", f"{rate}/bursts {rho}/{failed}", burst, runs, "all", goes_on=True)
            healthy = Scenario(rate, failed)
            for cold in (10, 30):
                start = replace(healthy, cold_start=cold)
                yield Cell("strained", f"{rate}/cold start {cold}/{failed}", start, runs, "all", goes_on=True)
            lossy = replace(healthy, probe_loss=0.001)
            yield Cell("strained", f"{rate}/probe loss/{failed}", lossy, runs, "all", goes_on=True)


def watches(runs: int) -> Iterator[Cell]:
    """Give the watch after cutover: everybody is on a canary at its limit for a day."""
    for rate in WATCH_RATES:
        day = Scenario(rate, 0.001, shares=(1.0,), soaks=(DAY,))
        yield Cell("watch", f"{rate}", day, min(WATCH_RUNS, runs), "no kayenta")


def let_through(runs: int) -> Iterator[Cell]:
    """Give sick canaries, from the first shift and from the middle of each phase; only that phase's verdict counts."""
    whole = Scenario(1, 0.0)
    for rate in RATES:
        for failed in SICK:
            first = replace(whole, site_rate=rate, canary_failed=failed, shares=(0.01,), soaks=(300,))
            yield Cell("let through", f"{rate}/{failed}/start", first, min(runs, ENOUGH))
            for phase in range(len(whole.shares)):
                shares, soaks = whole.shares[: phase + 1], whole.soaks[: phase + 1]
                middle = replace(
                    first, shares=shares, soaks=soaks, change=(phase, soaks[phase] // 2), stable_failed=0.0005
                )
                changed = sum(soaks[:phase]) + soaks[phase] // 2
                key = f"{rate}/{failed}/middle {phase}"
                yield Cell("let through", key, middle, max(1, runs // 4), changed=changed, goes_on=True)


def delays(runs: int) -> Iterator[Cell]:
    """Give failing canaries in a soak of 20 minutes, from its start and from its middle."""
    for rho in (0.0, 0.01, 0.1):
        for rate in CANARY_RATES:
            for failed in FAILING:
                for changed in (0, MIDDLE):
                    change = (0, changed) if changed else None
                    one = Scenario.one_soak(rate, failed, SOAK, correlation=rho)
                    one = replace(one, change=change)
                    minute = bool(changed) and rate == max(CANARY_RATES) and rho == 0
                    rules = "all" if rho == 0 else "ours"
                    key = f"{rho}/{rate}/{failed}/{changed}"
                    yield Cell("delay", key, one, min(runs, ENOUGH), rules, changed, minute=minute)


def latencies(runs: int) -> Iterator[Cell]:
    """Give slow canaries: times are lognormal with the p95 of the key; failures are as healthy as stable's."""
    for rate in CANARY_RATES:
        for p95 in P95:
            for changed in (0, MIDDLE):
                slow = Scenario.one_soak(
                    rate, 0.0005, SOAK, canary_over_500=over(500, p95), canary_over_1000=over(1000, p95)
                )
                slow = replace(slow, change=(0, changed) if changed else None)
                yield Cell("latency", f"{rate}/{p95}/{changed}", slow, min(runs, ENOUGH), "all", changed)


def over(milliseconds: float, p95: float) -> float:
    """Give the share of lognormal times over `milliseconds`, when 5 % are over `p95`."""
    z = NormalDist().inv_cdf(0.95) + math.log(milliseconds / p95) / SPREAD
    return 1 - NormalDist().cdf(z)


def divergence(p: float, limit: float) -> float:
    """Give the Kullback-Leibler divergence of a share from a limit, in nats a request."""
    good = (1 - p) * math.log((1 - p) / (1 - limit)) if p < 1 else 0.0
    return p * math.log(p / limit) + good


def bound(p: float, limit: float, rate: float, alpha: float) -> float:
    """Give the seconds that a test with this α needs on average, at least one look (Wald 1945)."""
    return max(1.0, math.log(1 / alpha) / (rate * divergence(p, limit)))
