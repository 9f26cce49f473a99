"""The contract of `golive.ports.MetricSource`: it counts what visitors met, and nothing else."""

from __future__ import annotations

import asyncio
import time

import pytest

from golive.core.difference import difference
from golive.core.samples import CouldNotMeasure, Counters, Unmeasured, Version, flaw
from tests.contract.bench import OURS, SourceBench, by_version, visitors
from tests.contract.hostile import KINDS, hostile

DEADLINE = 3.0  # seconds that the guard gives a read
SPARE = 1.0
NO_SOURCE = {Unmeasured.REFUSED, Unmeasured.GARBAGE}  # what is no HTTP at all may be called either
NAMES = {
    "refused": {Unmeasured.REFUSED},
    "gone": {Unmeasured.REFUSED},
    "silent": {Unmeasured.SLOW},
    "a drop at a time": {Unmeasured.SLOW},
    "html": {Unmeasured.GARBAGE},
}


async def counts(source) -> Counters:
    """Give the counts, once there are any."""
    until = time.monotonic() + source.can.lag + source.can.granularity + 10 * SPARE
    while True:
        read = await source.read()
        if isinstance(read, Counters):
            return read
        assert time.monotonic() < until, read
        await asyncio.sleep(0.1)


async def counted(source, before, requests):
    """Give what was counted since `before`, once it is so many requests, or when the declared time is over."""
    until = time.monotonic() + source.can.lag + source.can.granularity + SPARE
    while True:
        read = await counts(source)
        tallies = {version: read.tallies[version] - before.tallies[version] for version in Version}
        if sum(tally.requests for tally in tallies.values()) >= requests or time.monotonic() > until:
            return tallies
        await asyncio.sleep(0.1)


async def met(bench, number, path="/", headers=None):
    async with visitors(bench.url) as people:
        return by_version(await people.visit(number, path, headers))


async def test_it_counts_each_versions_visitors_within_the_declared_time(source_bench: SourceBench):
    await source_bench.split(0.5)
    source = source_bench.source()
    before = await counts(source)
    seen = await met(source_bench, 200)
    tallies = await counted(source, before, 200)

    assert {version: tally.requests for version, tally in tallies.items()} == dict(seen)
    assert all(flaw(tally) is None for tally in tallies.values())
    assert sum(tally.failed + tally.client_errors + tally.limited for tally in tallies.values()) == 0


async def test_requests_of_ours_are_in_no_count_if_it_tells_them_apart(source_bench: SourceBench):
    await source_bench.split(0.5)
    source = source_bench.source()
    before = await counts(source)
    await met(source_bench, 100, headers=OURS)
    await met(source_bench, 20)
    await asyncio.sleep(source.can.lag + source.can.granularity)
    tallies = await counted(source, before, 20 if source.can.tells_ours_apart else 120)

    assert sum(tally.requests for tally in tallies.values()) == (20 if source.can.tells_ours_apart else 120)


@pytest.mark.parametrize(
    ("path", "kind"), [("/status/500", "failed"), ("/status/404", "client_errors"), ("/status/429", "limited")]
)
async def test_what_went_wrong_is_counted_by_its_kind(source_bench: SourceBench, path, kind):
    await source_bench.split(1.0)
    source = source_bench.source()
    before = await counts(source)
    await met(source_bench, 20, path)
    await met(source_bench, 30)
    canary = (await counted(source, before, 50))[Version.CANARY]

    assert (canary.requests, canary.failed, canary.client_errors, canary.limited) == (
        50,
        *(20 if kind == other else 0 for other in ("failed", "client_errors", "limited")),
    )


async def test_slow_requests_are_over_their_limits(source_bench: SourceBench):
    await source_bench.split(1.0)
    source = source_bench.source()
    before = await counts(source)
    await asyncio.gather(met(source_bench, 20), met(source_bench, 8, "/slow/700"), met(source_bench, 4, "/slow/1200"))
    canary = (await counted(source, before, 32))[Version.CANARY]

    assert {edge: canary.over.get(edge) for edge in (500, 1000)} == {500: 12, 1000: 4}


async def test_counts_only_grow_and_each_sample_adds_up(source_bench: SourceBench):
    await source_bench.split(0.5)
    source = source_bench.source()
    first = before = await counts(source)
    total = 0
    for _ in range(3):
        await met(source_bench, 60)
        await asyncio.sleep(source.can.granularity + 0.05)
        after = await counts(source)
        if after.at > before.at:
            samples = difference(before, after, second=0.0)
            assert not isinstance(samples, CouldNotMeasure), samples
            total += sum(sample.tally.requests for sample in samples)
            before = after
    tallies = await counted(source, first, 180)

    assert total <= 180
    assert sum(tally.requests for tally in tallies.values()) == 180


@pytest.mark.parametrize("kind", KINDS)
async def test_trouble_with_the_source_is_a_value_and_takes_no_longer_than_the_deadline(source_bench, kind):
    async with hostile(kind) as (host, port):
        begun = time.monotonic()
        read = await source_bench.source_at(host, port).read()
        took = time.monotonic() - begun

    assert isinstance(read, CouldNotMeasure), (kind, read)
    assert read.why in NAMES.get(kind, NO_SOURCE), (kind, read)
    assert len(read.detail) < 500 and "\n" not in read.detail
    assert took < DEADLINE, (kind, took)
