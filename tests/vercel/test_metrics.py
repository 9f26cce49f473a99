"""Counts by Vercel's observability: late, by the minute, with times as percentiles, and a paid add-on."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import pytest_asyncio

from golive import drivers
from golive.adapters.clocks import FakeClock
from golive.adapters.metrics.vercel import VercelMetrics
from golive.core.difference import difference
from golive.core.errors import PlanError
from golive.core.samples import CouldNotMeasure, Counters, Unmeasured, Version
from golive.plans import load
from tests.vercel.double.demand import OnDemand, limited, refused
from tests.vercel.double.state import CANARY, OTHER, STABLE
from tests.vercel.observatory import Met, Observatory

PLAN = load("sandbox", None)[0]
QUERY = "POST /v2/observability/query"
LAG = 300


class Watched:
    """A source with a clock that moves only when told to, and what its visitors met."""

    def __init__(self, standing, **settings) -> None:
        self.double, self.clock = standing.double, FakeClock()
        self.begun = self.clock.now().timestamp()  # a whole minute
        self.observatory = Observatory(lambda: self.clock.now().timestamp())
        standing.double.observed = self.observatory
        said = {**standing.account, "stable": STABLE, "canary": CANARY, "slow_guard_accepted_by": "Ada", **settings}
        checked = drivers.checked(drivers.METRICS, "vercel", said)
        self.source = VercelMetrics.made(checked, drivers.Around(PLAN, self.clock))
        self.minutes(-30, 30, Met(0, STABLE, number=990), Met(0, CANARY, number=10))

    def minutes(self, first: int, last: int, *met: Met) -> None:
        """Let the same happen in each of these minutes."""
        self.observatory.met += [
            replace(one, minute=self.begun + 60 * number) for number in range(first, last) for one in met
        ]

    async def after(self, seconds: float) -> Counters | CouldNotMeasure:
        """Let so much time pass, and read until what is being asked has come."""
        self.clock.advance(seconds)
        await self.source.read()
        while self.source._asking is not None:
            await self.source.read()
        return await self.source.read()


@pytest_asyncio.fixture
async def watched(standing):
    made = Watched(standing)
    yield made
    await made.source.aclose()


async def met(watched: Watched) -> dict[Version, object]:
    """Give what happened between two reads that are a minute apart."""
    before = await watched.after(0)
    after = await watched.after(60 + 10)
    assert isinstance(before, Counters) and isinstance(after, Counters), (before, after)
    samples = difference(before, after, second=0.0)
    assert not isinstance(samples, CouldNotMeasure), samples
    return {sample.version: sample for sample in samples}


async def test_the_first_read_has_the_last_finished_minutes_already(watched):
    read = await watched.after(0)
    assert isinstance(read, Counters)
    assert {version: tally.requests for version, tally in read.tallies.items()} == {"stable": 4950, "canary": 50}
    assert read.at == -LAG  # the end of the newest minute that is whole


async def test_a_minute_counts_once_and_only_after_the_lag(watched):
    samples = await met(watched)
    assert samples[Version.CANARY].tally.requests == 10 and samples[Version.CANARY].seconds == 60
    asked = len(watched.observatory.asked)
    again = await watched.after(5)
    assert isinstance(again, Counters) and again.at == -LAG + 60
    assert len(watched.observatory.asked) == asked  # nothing is asked again before there can be more


async def test_whole_minutes_and_their_lag_are_declared(watched):
    can = watched.source.can
    assert can.granularity == 60 and can.lag >= LAG + 60 and not can.tells_ours_apart


async def test_5xx_and_crashes_are_failed_and_429_stands_apart(watched):
    watched.minutes(
        -5, 1, Met(0, CANARY, 503, 3), Met(0, CANARY, -1, 2), Met(0, CANARY, 429, 4), Met(0, CANARY, 404, 5)
    )
    tally = (await met(watched))[Version.CANARY].tally
    assert (tally.requests, tally.failed, tally.client_errors, tally.limited) == (24, 5, 5, 4)


async def test_slow_requests_are_as_many_as_the_percentiles_allow(watched):
    watched.minutes(
        -5, 1, Met(0, STABLE, number=95, milliseconds=1500.0), Met(0, STABLE, number=20, milliseconds=700.0)
    )
    tally = (await met(watched))[Version.STABLE].tally
    assert tally.requests == 1105
    assert tally.over == {500: 276, 1000: 110}  # fewer than 25 %, fewer than 10 %: really 115, and 95


async def test_a_third_deployment_counts_for_nobody(watched):
    watched.minutes(-5, 1, Met(0, OTHER, 500, 500))
    samples = await met(watched)
    assert sum(sample.tally.requests for sample in samples.values()) == 1000


async def test_a_version_without_visitors_has_none_and_is_not_unmeasured(watched):
    watched.observatory.met = [one for one in watched.observatory.met if one.deployment == STABLE]
    assert (await met(watched))[Version.CANARY].tally.requests == 0


async def test_a_minute_without_any_request_is_late_and_not_a_quiet_site(watched):
    await watched.after(0)
    watched.observatory.met = [one for one in watched.observatory.met if one.minute != watched.begun - LAG]
    read = await watched.after(70)
    assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.LATE


async def test_a_minute_that_grows_after_it_was_counted_says_that_the_lag_is_longer(watched):
    late = Met(watched.begun - LAG - 60, CANARY, number=40, known=watched.begun + 30)
    watched.observatory.met.append(late)
    await watched.after(0)
    read = await watched.after(70)
    assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.LATE
    assert "metrics.settings.lag" in read.detail
    assert isinstance(await watched.after(11), Counters)  # told once


async def test_without_the_add_on_nothing_is_measured_and_it_says_what_costs_money(watched):
    watched.double.observed = None
    read = await watched.after(0)
    assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.REFUSED
    assert "paid for (402)" in read.detail and "docs/vercel.md" in read.detail


async def test_a_limit_of_the_rate_is_waited_for_and_said(watched):
    watched.double.demands.append(limited(QUERY, 40, watched.begun))
    read = await watched.after(0)
    assert isinstance(read, CouldNotMeasure) and "429" in read.detail
    asked = len(watched.observatory.asked)
    assert isinstance(await watched.after(20), CouldNotMeasure)
    assert len(watched.observatory.asked) == asked
    assert isinstance(await watched.after(21), Counters)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 500, 504])
async def test_every_refusal_is_could_not_measure_and_mends_itself(watched, status):
    watched.double.demands.append(refused(QUERY, status, "some_code", "some message", times=6))
    read = await watched.after(0)
    assert isinstance(read, CouldNotMeasure) and "some message" in read.detail
    assert isinstance(await watched.after(11), Counters)


async def test_an_answer_that_is_something_else_is_could_not_measure(watched):
    watched.double.demands.append(OnDemand(QUERY, instead={"rows": []}))
    read = await watched.after(0)
    assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.GARBAGE


async def test_a_connection_that_is_cut_is_could_not_measure(watched):
    watched.double.demands.append(OnDemand(QUERY, cut="after"))
    assert isinstance(await watched.after(0), CouldNotMeasure)


async def test_a_read_never_waits_for_an_answer_that_does_not_come(watched):
    watched.double.demands.append(OnDemand(QUERY, silent=4.0))
    begun = time.monotonic()
    read = await watched.source.read()
    assert isinstance(read, CouldNotMeasure) and read.why is Unmeasured.SLOW
    again = time.monotonic()
    await watched.source.read()
    assert again - begun < 3.5 and time.monotonic() - again < 1.0


async def test_nobody_at_the_address_is_could_not_measure(monkeypatch):
    monkeypatch.setenv("VERCEL_TOKEN", "a-token")
    said = {"project": "shop", "team": "team_acme", "api": "http://127.0.0.1:1", "slow_guard_accepted_by": "Ada"}
    checked = drivers.checked(drivers.METRICS, "vercel", {**said, "stable": STABLE, "canary": CANARY})
    source = VercelMetrics.made(checked, drivers.Around(PLAN, FakeClock()))
    assert isinstance(await source.read(), CouldNotMeasure)
    await source.aclose()


async def test_a_minute_costs_six_queries_and_one_for_each_critical_route(watched):
    await watched.after(0)
    before = len(watched.observatory.asked)
    await watched.after(70)
    routes = len(PLAN.routes)
    assert len(watched.observatory.asked) - before == 6 + routes


async def test_critical_routes_are_counted_by_their_path(standing):
    watched = Watched(standing)
    try:
        (route, *_) = PLAN.routes
        watched.minutes(-30, 5, Met(0, CANARY, 500, 2, route=route.path))
        read = await watched.after(0)
        assert isinstance(read, Counters)
        assert read.routes[Version.CANARY][route.name].failed == 10
    finally:
        await watched.source.aclose()


async def test_cpu_and_memory_are_not_measured_where_no_source_is_named(watched):
    read = await watched.after(0)
    assert isinstance(read, Counters)
    assert {(gauges.cpu, gauges.memory) for gauges in read.gauges.values()} == {(None, None)}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"slow_guard_accepted_by": "TBD"}, "names a faster source"),
        ({"slow_guard_accepted_by": ""}, "name of who accepts"),
        ({"granularity": "30s"}, "whole minutes"),
        ({"deployment": "a b"}, "name of a dimension"),
        ({"canary": "shop-git-main.vercel.app"}, "no deployment's id"),
        ({"slow_gard": "Ada"}, "is no setting"),
    ],
)
def test_wrong_settings_are_refused_with_what_was_expected(standing, changed, said):
    right = {**standing.account, "stable": STABLE, "canary": CANARY, "slow_guard_accepted_by": "Ada"}
    with pytest.raises(PlanError, match=said):
        drivers.checked(drivers.METRICS, "vercel", {**right, **changed})
