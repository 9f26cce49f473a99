"""Calls and seconds of a whole release on Vercel and of a rollback, beside the fewest that the API allows.

Run: python -m benchmarks.vercel [--runs N]. On the double of the tests, over loopback: the seconds are the driver's
own, none of Vercel's are in them, and the double's time for a rollback is subtracted. What Vercel adds is unknown.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.vercel.conftest import VARIABLE, Standing, served
from tests.vercel.double.app import TOKEN, Double
from tests.vercel.double.state import CANARY, PROJECT, RUNBOOK, STABLE, TEAM, Releases, Ways
from tests.vercel.guarded import Guarded

from golive.adapters.clocks import SystemClock
from golive.adapters.routers.vercel import VercelRouter
from golive.core.samples import Version
from golive.engine.rollback import roll_back
from golive.ports import Done, Split, Unknown

WRITES = ("PATCH", "POST")
DELAYS = (0.0, 1.0, 5.0, 20.0)
LAGS = (0.0, 1.0)
Read = Callable[[], Awaitable[Split | Unknown]]


class Bench:
    """A double and a router on it; `taken` gives the requests since it was asked last, reads and writes."""

    def __init__(self, double: Double, router: VercelRouter) -> None:
        self.double, self.router = double, router
        self._before = 0

    def taken(self) -> tuple[int, int]:
        calls, self._before = self.double.calls[self._before :], len(self.double.calls)
        writes = sum(1 for call in calls if call.startswith(WRITES))
        return len(calls) - writes, writes


@asynccontextmanager
async def bench(ways: Ways, configured: bool = True) -> AsyncIterator[Bench]:
    os.environ[VARIABLE] = TOKEN
    releases = Releases(time.time)
    if configured:
        releases.configure({"enabled": True, "stages": [{"targetPercentage": percent} for percent in RUNBOOK]})
    await asyncio.sleep(ways.lag)
    releases.ways = ways
    double = Double(releases)
    async with served(double.application()) as url:
        settings = {"project": PROJECT, "team": TEAM, "api": url, "canary": CANARY, "base": STABLE}
        router = VercelRouter(VercelRouter.Settings.model_validate({**settings, "read_lag": "2s"}), SystemClock())
        await router.read()  # the guard has read before; the connection is open
        one = Bench(double, router)
        one.taken()
        yield one
        await router.aclose()
    assert double.broken == []


async def shifted(one: Bench, share: float, expect: float) -> None:
    """Shift as the guard does: read, set, read back until it shows."""
    await one.router.read()
    answer = await one.router.set(share, expect)
    until = time.monotonic() + one.router.can.read_lag
    while time.monotonic() < until:
        back = await one.router.read()
        if isinstance(back, Split) and back.share == share:
            return
        await asyncio.sleep(0.5)
    raise SystemExit(f"{share} was not reached: {answer}")


async def release(lag: float, configured: bool) -> tuple[float, int, int]:
    async with bench(Ways(lag=lag), configured) as one:
        began, expect = time.perf_counter(), 0.0
        for percent in RUNBOOK:
            await shifted(one, percent / 100, expect)
            expect = percent / 100
        return time.perf_counter() - began, *one.taken()


async def rollback(at: int, delay: float) -> tuple[float, int, int]:
    async with bench(Ways(rollback_takes=delay)) as one:
        answer = await one.router.set(at / 100, expect=None)
        assert isinstance(answer, Done), answer
        one.taken()
        rolled = await roll_back(one.router, SystemClock(), "a benchmark")
        assert rolled.done, rolled
        return rolled.seconds - delay, *one.taken()


async def verdict(delay: float) -> tuple[float, int, int]:
    """From the guard's look that judges ROLLBACK (three probes have failed) to the read that shows ABORTED."""
    async with bench(Ways()) as one:
        assert isinstance(await one.router.set(0.01, expect=None), Done)
        one.double.releases.ways = Ways(rollback_takes=delay)
        guarded = Guarded(Standing(one.double, one.router.api.account.api, SystemClock()), SetBack())
        guard, router = guarded.guard, guarded.router
        inbox = guard.sight.inbox
        inbox.split, inbox.split_at = await router.read(), time.monotonic()
        inbox.sick_in_a_row[Version.CANARY], inbox.sick_why[Version.CANARY] = 3, "a benchmark"
        guarded.router.read, seen = noted(router.read)  # type: ignore[method-assign]
        one.taken()
        began = time.perf_counter()
        guard.look()
        assert guard._rolling is not None, guard.sight.verdict
        await guard._rolling
        await router.aclose()
        assert one.double.releases.rollout["state"] == "ABORTED"  # type: ignore[index]
        return seen[0] - began - delay, *one.taken()


class SetBack:
    """What a `Guarded` uses of pytest's monkeypatch: nothing has to be set back here."""

    def setattr(self, target: object, name: str, value: object) -> None:
        setattr(target, name, value)


def noted(read: Read) -> tuple[Read, list[float]]:
    """Give the same read, and the times at which it showed nobody on the canary."""
    seen: list[float] = []

    async def noting() -> Split | Unknown:
        split = await read()
        if isinstance(split, Split) and split.share == 0.0:
            seen.append(time.perf_counter())
        return split

    return noting, seen


async def told(what: str, runs: int, fewest: str, measure: Callable[[], object]) -> None:
    seen: list[tuple[float, int, int]] = [await measure() for _ in range(runs)]  # type: ignore[misc]
    seconds = sorted(one[0] for one in seen)
    reads, writes = (Counter(one[place] for one in seen) for place in (1, 2))
    most = " to ".join(str(n) for n in sorted({min(reads), max(reads)}))
    wrote = " to ".join(str(n) for n in sorted({min(writes), max(writes)}))
    print(f"| {what} | {wrote} + {most} | {fewest} | {statistics.median(seconds):.2f} | {seconds[-1]:.2f} | {runs} |")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    print("| what | calls: writes + reads | fewest writes | median s | longest s | runs |\n|---|---|---|---|---|---|")
    for configured in (True, False):
        for lag in LAGS:
            what = f"1/5/25/50/100, {'stages are right' if configured else 'stages are written first'}, lag {lag:g} s"
            few = "5: start, 3 × approve, complete" if configured else "6: the stages besides"
            await told(what, runs if not lag else min(runs, 3), few, lambda c=configured, g=lag: release(g, c))
    for at in (1, 50, 100):
        await told(f"rollback at {at} %, done at once", runs, "1", lambda a=at: rollback(a, 0.0))
    for delay in DELAYS[1:]:
        what = f"rollback at 5 %, done after {delay:g} s (subtracted)"
        await told(what, runs if delay < 5 else min(runs, 3), "1", lambda d=delay: rollback(5, d))
    for delay in DELAYS[:3]:
        what = f"from the verdict to ABORTED read back, done after {delay:g} s (subtracted)"
        await told(what, min(runs, 5), "1", lambda d=delay: verdict(d))


if __name__ == "__main__":
    asyncio.run(main())
