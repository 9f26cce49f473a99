"""The simulated visitors are what their scenario says, and the same for every rule."""

import dataclasses

import numpy as np
import pytest
from benchmarks.streams import CHUNK, PROBE_EVERY, Chunk, Scenario, Streams

RUNS = 400


def same(one: Chunk, other: Chunk) -> bool:
    columns = [field.name for field in dataclasses.fields(one.canary)]
    counted = all(
        np.array_equal(getattr(getattr(one, version), column), getattr(getattr(other, version), column))
        for version in ("canary", "stable")
        for column in columns
    )
    return counted and np.array_equal(one.probe_failed, other.probe_failed)


def near(values: np.ndarray, expected: float) -> bool:
    """Tell whether a mean is within five standard errors, by the values' own spread."""
    return abs(values.mean() - expected) <= 5 * values.std() / values.size**0.5


BUSY = Scenario(
    300,
    0.02,
    canary_over_500=0.05,
    canary_over_1000=0.01,
    stable_over_500=0.02,
    stable_over_1000=0.001,
    client_errors=0.03,
    correlation=0.03,
    probe_loss=0.1,
)


def test_a_chunk_is_the_same_in_whatever_order_chunks_are_asked_for():
    one, other = Streams(BUSY, 50, 7), Streams(BUSY, 50, 7)

    forwards = [one.baseline(0), one.phase(0, 0), one.phase(0, 1), one.phase(1, 0)]
    backwards = [other.phase(1, 0), other.phase(0, 1), other.phase(0, 0), other.baseline(0)][::-1]

    assert all(same(first, second) for first, second in zip(forwards, backwards, strict=True))


def test_no_two_chunks_and_no_two_seeds_give_the_same_visitors():
    streams = Streams(BUSY, 50, 7)
    chunks = [streams.baseline(0), streams.baseline(1), streams.phase(0, 0), streams.phase(0, 1), streams.phase(1, 0)]
    chunks.append(Streams(BUSY, 50, 8).phase(0, 0))

    stable = {chunk.stable.requests.tobytes() for chunk in chunks}

    assert len(stable) == len(chunks)


def test_a_soak_may_be_followed_beyond_its_plan():
    beyond = BUSY.soaks[0] // CHUNK

    assert Streams(BUSY, 50, 7).phase(0, beyond).canary.requests.shape == (50, CHUNK)


@pytest.mark.parametrize("correlation", [0.0, 0.05])
@pytest.mark.parametrize("site_rate", [5, 300, 3000])
def test_each_count_has_the_mean_that_the_scenario_gives_it(site_rate, correlation):
    scenario = dataclasses.replace(BUSY, site_rate=site_rate, correlation=correlation)

    chunk = Streams(scenario, RUNS, 3).phase(1, 0)

    rate = site_rate * 0.05
    assert near(chunk.canary.requests, rate)
    assert near(chunk.canary.failed, rate * 0.02)
    assert near(chunk.canary.over_500, rate * 0.98 * 0.05)
    assert near(chunk.canary.over_1000, rate * 0.98 * 0.01)
    assert near(chunk.canary.client_errors, rate * 0.98 * 0.03)
    assert near(chunk.stable.requests, site_rate * 0.95)
    assert near(chunk.stable.failed, site_rate * 0.95 * 0.0005)
    assert near(chunk.probe_failed, 0.1)


def test_requests_vary_as_poisson_numbers_do():
    requests = Streams(BUSY, RUNS, 3).phase(2, 0).canary.requests

    assert requests.var() / requests.mean() == pytest.approx(1, abs=0.05)


def test_a_request_is_counted_bad_in_one_way_only_and_over_1000_is_part_of_over_500():
    sick = dataclasses.replace(BUSY, canary_failed=0.5, canary_over_500=0.6, canary_over_1000=0.4)

    canary = Streams(sick, 100, 3).phase(3, 0).canary

    assert (canary.over_1000 <= canary.over_500).all()
    assert (canary.failed + canary.over_500 + canary.client_errors <= canary.requests).all()


@pytest.mark.parametrize("correlation", [0.01, 0.1, 0.3])
def test_two_failures_within_a_second_are_correlated_as_asked(correlation):
    scenario = Scenario(1000, 0.05, correlation=correlation)

    canary = Streams(scenario, 1000, 3).phase(1, 0).canary

    n, failed = canary.requests, canary.failed
    # For a beta-binomial number, E[x(x - 1)] / (n(n - 1)) is p² + ρ p(1 - p).
    pairs = (failed * (failed - 1)).sum() / (n * (n - 1)).sum()
    assert (pairs - 0.05**2) / (0.05 * 0.95) == pytest.approx(correlation, rel=0.1)


def test_failures_of_different_seconds_are_not_correlated():
    failed = Streams(Scenario(1000, 0.05, correlation=0.1), 1000, 3).phase(1, 0).canary.failed

    assert abs(np.corrcoef(failed[:, :-1].ravel(), failed[:, 1:].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("correlation", [0.0, 0.1])
def test_a_canary_may_fail_always_or_never(correlation):
    always = Streams(Scenario(300, 1.0, correlation=correlation), 20, 3).phase(1, 0).canary
    never = Streams(Scenario(300, 0.0, correlation=correlation), 20, 3).phase(1, 0).canary

    assert np.array_equal(always.failed, always.requests)
    assert not never.failed.any()
    assert never.requests.any()


def test_before_its_change_the_canary_is_as_stable():
    scenario = Scenario(
        3000, 1.0, stable_failed=0.0, change=(1, 75), canary_over_500=0.5, canary_over_1000=0.5, stable_over_500=0.0,
        stable_over_1000=0.0,
    )  # fmt: skip
    streams = Streams(scenario, 20, 3)

    before, during, after = streams.phase(1, 0).canary, streams.phase(1, 1).canary, streams.phase(2, 0).canary

    assert not before.failed.any()
    assert not streams.phase(0, 4).canary.failed.any()
    assert not during.failed[:, :15].any()
    assert np.array_equal(during.failed[:, 15:], during.requests[:, 15:])
    assert np.array_equal(after.failed, after.requests)


def test_slowness_begins_with_the_change_too():
    scenario = Scenario(3000, 0.0, change=(0, 30), canary_over_500=0.5, canary_over_1000=0.5)
    canary = Streams(scenario, 50, 3).phase(0, 0).canary

    assert canary.over_1000[:, :30].mean() < 0.01
    assert near(canary.over_1000[:, 30:], 15)


def test_each_shift_begins_with_a_cold_start_of_the_canary_alone():
    streams = Streams(Scenario(3000, 0.0, cold_start=10, canary_over_500=0.0, canary_over_1000=0.0), 100, 3)

    for phase, rate in ((0, 30), (2, 750)):
        chunk = streams.phase(phase, 0)
        assert near(chunk.canary.over_1000[:, :10], 0.2 * rate)
        assert not chunk.canary.over_500[:, 10:].any()
        assert not streams.phase(phase, 1).canary.over_500.any()
        assert chunk.stable.over_1000.mean() < 0.1


def test_before_the_first_shift_stable_has_all_visitors():
    chunk = Streams(Scenario(300, 0.02), RUNS, 3).baseline(0)

    assert not chunk.canary.requests.any()
    assert near(chunk.stable.requests, 300)


def test_one_soak_alone_is_told_by_the_canarys_own_rate():
    streams = Streams(Scenario.one_soak(10, 0.05, soak=3600, share=0.05, correlation=0.01), RUNS, 3)

    assert near(streams.phase(0, 59).canary.requests, 10)
    assert near(streams.phase(0, 59).stable.requests, 190)
    assert streams.scenario.correlation == 0.01


def test_a_canary_with_all_visitors_leaves_stable_none():
    chunk = Streams(Scenario(30, 0.0, shares=(1.0,), soaks=(86400,)), 10, 3).phase(0, 1439)

    assert not chunk.stable.requests.any()
    assert chunk.probe_failed.shape == (10, CHUNK // PROBE_EVERY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"soaks": (300,)},
        {"shares": (0.1,), "soaks": (90,)},
        {"canary_failed": 1.5},
        {"correlation": 1.0},
        {"canary_over_500": 0.01, "canary_over_1000": 0.02},
        {"probe_loss": -0.1},
    ],
)
def test_a_scenario_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError):
        Scenario(**{"site_rate": 10, "canary_failed": 0.01, **wrong})


def test_a_phase_that_is_not_planned_is_refused():
    with pytest.raises(ValueError, match="4 phases"):
        Streams(BUSY, 10, 1).phase(4, 0)
