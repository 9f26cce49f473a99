"""A source that lags is not late, one that stands still is."""

from golive.adapters.clocks import FakeClock
from golive.core.samples import Counters, Tally, Unmeasured, Version
from golive.engine.sight import Sight
from golive.engine.sources import Inbox, MetricReader
from golive.ports import SourceCan
from tests.builders import sandbox


class Scraped:
    """Counts that are new every `interval` seconds, and none after `ends`."""

    def __init__(self, clock, interval, lag, ends=float("inf")):
        self.can = SourceCan(lag=lag, granularity=interval)
        self._clock, self._interval, self._ends = clock, interval, ends

    async def read(self):
        at = min(self._clock.monotonic(), self._ends) // self._interval * self._interval
        over = {500: 0, 1000: 0}
        return Counters(at, {version: Tally(int(at * 10), over=over) for version in Version})


async def read(clock, reader, seconds):
    for _ in range(seconds):
        await reader.step()
        clock.advance(1.0)


async def test_the_same_counts_again_are_neither_a_sample_nor_frozen():
    clock, inbox = FakeClock(), Inbox()
    await read(clock, MetricReader(Scraped(clock, 5.0, lag=5.0), clock, inbox), 16)

    assert [[sample.seconds for sample in samples] for samples in inbox.samples] == [[5.0, 5.0]] * 3
    assert sum(sample.tally.requests for samples in inbox.samples for sample in samples) == 300
    assert inbox.blindness.of("metrics") is None


async def test_counts_are_late_when_nothing_newer_came_for_longer_than_the_declared_lag():
    clock, inbox = FakeClock(), Inbox()
    reader = MetricReader(Scraped(clock, 5.0, lag=5.0, ends=10.0), clock, inbox)
    await read(clock, reader, 10 + 8)
    assert inbox.blindness.of("metrics") is None
    await read(clock, reader, 3)

    assert "late (no newer counts for" in str(inbox.blindness.of("metrics"))


async def test_a_source_that_goes_on_is_measured_again():
    clock, inbox = FakeClock(), Inbox()
    source = Scraped(clock, 1.0, lag=0.0, ends=3.0)
    reader = MetricReader(source, clock, inbox)
    await read(clock, reader, 10)
    assert inbox.blindness.of("metrics").why is Unmeasured.LATE
    source._ends = float("inf")
    await read(clock, reader, 2)

    assert inbox.blindness.of("metrics") is None


async def test_blindness_counts_from_beyond_the_declared_lag():
    clock, plan = FakeClock(), sandbox()
    sight = Sight(plan, clock, SourceCan(lag=30.0))
    blind_after = plan.guarding.blind_after.total_seconds()
    sight.inbox.measured_at = 0.0

    assert sight._alarms(30.0 + blind_after).blind == ""
    assert sight._alarms(30.0 + blind_after + 1).blind.startswith("blind for")
    assert sight._alarms(30.0 + 2.0).unmeasured == ""
    assert "no counts for" in sight._alarms(30.0 + 4.0).unmeasured
