"""Over a whole run a criterion is what all its samples together say, and its worst minute is one of them."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.core.judging.whole_run import WholeRun
from golive.core.samples import Gauges, Version
from tests.builders import sample, sandbox

PLAN = sandbox()
SECONDS = st.lists(
    st.tuples(st.integers(0, 300), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1) | st.none()),
    min_size=1,
    max_size=150,
)


def told(seconds):
    """Give one sample of the canary for each (requests, failed of them, slow of them, CPU)."""
    found = []
    for at, (requests, failed, slow, cpu) in enumerate(seconds):
        one = sample(at, Version.CANARY, requests, int(requests * failed), int(requests * slow))
        found.append(dataclasses.replace(one, gauges=Gauges(cpu, 0.2)))
    return found


def over(samples):
    whole = WholeRun(PLAN)
    for one in samples:
        whole.add(one)
    return whole


def named(whole):
    return {one.name: one for one in whole.criteria}


@given(SECONDS)
def test_a_share_is_all_that_is_bad_of_all_that_was_asked_and_no_minute_is_worse_than_the_worst(seconds):
    samples = told(seconds)
    failed = named(over(samples))["failed"]
    requests = sum(one.tally.requests for one in samples)

    assert failed.of == requests
    if requests:
        assert failed.value == sum(one.tally.failed for one in samples) / requests
        assert failed.value <= failed.worst + 1e-12
        minute = [one.tally for one in samples if failed.worst_at <= one.second < failed.worst_at + 60]
        assert failed.worst == sum(t.failed for t in minute) / sum(t.requests for t in minute)
    else:
        assert failed.value is None and not failed.good


@given(SECONDS)
def test_a_gauge_is_its_mean_while_it_was_measured_and_unknown_when_it_never_was(seconds):
    values = [cpu for *_, cpu in seconds if cpu is not None]
    cpu = named(over(told(seconds)))["cpu"]

    if values:
        assert cpu.value == pytest.approx(sum(values) / len(values)) and cpu.value <= cpu.worst + 1e-9
        assert cpu.good == (cpu.value < PLAN.criteria.cpu.proceed_below)
    else:
        assert cpu.value is None and not cpu.good


def test_what_was_before_the_first_visitor_on_the_canary_counts_for_nothing():
    idle = [dataclasses.replace(one, share=0.0, gauges=Gauges(0.99, 0.99)) for one in told([(0, 0, 0, 0.99)] * 60)]
    later = [dataclasses.replace(one, second=one.second + 60) for one in told([(100, 0, 0, 0.1)] * 60)]
    whole = over(idle + later)

    assert named(whole)["cpu"].value == pytest.approx(0.1) and whole.seconds == (60.0, 60.0)


def test_every_criterion_and_every_critical_route_of_the_plan_has_its_row():
    names = [one.name for one in over(told([(100, 0, 0, 0.1)])).criteria]

    assert set(names) == {*type(PLAN.criteria).model_fields, "checkout: failed"}
    assert names[-1] == "checkout: failed"


@pytest.mark.parametrize(("mine", "stables", "good"), [(20, 0, False), (20, 15, True), (9, 0, True), (40, 15, False)])
def test_4xx_are_held_against_those_that_stable_gives_in_the_same_run(mine, stables, good):
    samples = [
        sample(0, Version.CANARY, 1000, client_errors=mine),
        sample(0, Version.STABLE, 1000, client_errors=stables),
    ]
    found = named(over(samples))["client_errors"]

    assert found.good is good and found.stable == stables / 1000


def test_a_gap_is_time_that_was_not_measured():
    samples = told([(10, 0, 0, 0.1)] * 100)

    assert over(samples[:20] + samples[80:]).seconds == (40.0, 100.0)
