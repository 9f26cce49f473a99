"""The worst minute of each criterion and phase, of the canary's visitors alone."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from golive.core.samples import Gauges, Version
from golive.core.worst import LEAST, worst_moments
from tests.builders import sample, sandbox

MINUTE = 1_700_000_040  # begins a minute, 40 s after the builders' samples begin


def found(samples):
    return {(one.phase, one.criterion): one for one in worst_moments(samples, sandbox())}


def test_it_is_the_minute_with_the_highest_share_and_says_of_how_many():
    samples = [sample(at, Version.CANARY, 10) for at in range(40, 160)]
    samples[70] = sample(110, Version.CANARY, 10, failed=6)
    worst = found(samples)[("canary-25", "failed")]

    assert (worst.second, worst.share, worst.requests, worst.whole) == (MINUTE + 60, 0.01, 600, False)


def test_what_stable_met_is_no_moment_of_the_canary():
    assert found([sample(at, Version.STABLE, 10, failed=9) for at in range(40, 160)]) == {}


def test_a_minute_with_too_few_requests_is_not_the_worst_and_without_a_better_one_the_whole_phase_is():
    lonely = sample(40, Version.CANARY, 1, failed=1)
    many = [sample(at, Version.CANARY, LEAST) for at in range(100, 110)]

    assert found([lonely, *many])[("canary-25", "failed")].share == 0
    worst = found([lonely, sample(100, Version.CANARY, 4)])[("canary-25", "failed")]
    assert (worst.share, worst.requests, worst.whole) == (0.2, 5, True)


def test_phases_come_in_the_order_of_the_plan_and_apart():
    samples = [
        replace(sample(at, Version.CANARY, 30), phase=phase) for at, phase in ((50, "canary-50"), (51, "canary-1"))
    ]

    assert [key[0] for key in found(samples)][:1] == ["canary-1"]
    assert {phase for phase, _ in found(samples)} == {"canary-1", "canary-50"}


def test_cpu_and_memory_have_their_highest_and_what_was_not_measured_is_not_there():
    samples = [replace(sample(at, Version.CANARY, 30), gauges=Gauges(at / 200, None)) for at in (50, 110)]
    worst = found(samples)

    assert (worst[("canary-25", "cpu")].share, worst[("canary-25", "cpu")].second) == (0.55, MINUTE + 60)
    assert ("canary-25", "memory") not in worst


@given(st.lists(st.tuples(st.integers(40, 400), st.integers(0, 50), st.integers(0, 50)), min_size=1))
def test_no_minute_with_enough_requests_is_worse_than_the_worst(counts):
    samples = [sample(at, Version.CANARY, most, failed=min(most, bad)) for at, most, bad in counts]
    minutes = {}
    for one in samples:
        requests, failed = minutes.get(one.second // 60, (0, 0))
        minutes[one.second // 60] = (requests + one.tally.requests, failed + one.tally.failed)
    shares = [failed / requests for requests, failed in minutes.values() if requests >= LEAST]
    worst = found(samples).get(("canary-25", "failed"))

    assert worst is None or worst.whole or worst.share == max(shares)
    assert (worst is None) == (sum(one.tally.requests for one in samples) == 0)
