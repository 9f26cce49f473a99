"""A day is drawn by as few points as a minute, and no request is lost by that."""

from dataclasses import replace

from golive.core.samples import Tally, Version
from golive.core.thinning import summed, thinned
from tests.builders import sample


def test_what_is_short_stays_as_it_is():
    samples = [sample(at, Version.CANARY, 10) for at in range(100)]

    assert thinned(samples) is samples


def test_many_seconds_become_few_that_hold_every_request_in_the_order_of_time():
    samples = [sample(at, version, 10, at % 3, 1) for at in range(7200) for version in Version]

    few = thinned(samples, most=60)
    assert len(few) <= 2 * 61
    assert sum((one.tally for one in few), Tally()) == sum((one.tally for one in samples), Tally())
    assert sum(one.seconds for one in few) == 2 * 7200
    assert [one.second for one in few] == sorted(one.second for one in few)


def test_no_stretch_holds_two_phases():
    samples = [replace(sample(at, Version.CANARY, 10), phase="watch" if at > 100 else "cutover") for at in range(5000)]

    few = thinned(samples, most=10)
    assert sum(one.tally.requests for one in few if one.phase == "cutover") == 101 * 10


def test_gauges_are_the_worst_that_was_seen():
    parts = [sample(at, Version.CANARY, 10) for at in range(3)]
    parts[1] = replace(parts[1], gauges=replace(parts[1].gauges, cpu=0.9))

    assert summed(parts).gauges.cpu == 0.9
