"""Evidence holds however often it is looked at."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golive.core.judging.beginnings import Beginnings, Parts, Schedule, spent_after
from golive.core.judging.bursts import GRID, Ratio, plausible
from golive.core.judging.proceed_evidence import ProceedEvidence
from golive.core.judging.rollback_evidence import (
    BETWEEN,
    BETWEEN_WANTED,
    HEALTHY,
    RollbackEvidence,
    alternatives,
    between,
)
from golive.core.judging.stable_evidence import StableEvidence

WANTED = math.log(20)
SCHEDULE = Schedule(150.0, 3)
SECONDS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda p: (max(p), min(p))), max_size=30)


def draws(seed, share, looks, requests, correlation=0.0):
    chance = random.Random(seed)
    size = 1 / correlation - 1 if correlation else 0.0
    for _ in range(looks):
        here = chance.betavariate(share * size, (1 - share) * size) if correlation else share
        yield requests, sum(chance.random() < here for _ in range(requests))


def watch(evidence, requests, bad):
    """Let a second pass, and take in what it brought."""
    evidence.wait(1.0, True)
    evidence.add(requests, bad)


def crossed(make, seeds, share, looks, requests, correlation=0.0):
    number = 0
    for seed in range(seeds):
        evidence = make()
        for look in draws(seed, share, looks, requests, correlation):
            watch(evidence, *look)
            if evidence.log >= WANTED:
                number += 1
                break
    return number


def test_a_canary_at_its_limit_is_hardly_ever_called_sick():
    """300 canaries at the limit, looked at 150 times each: Ville allows 5 %, which is 15 on average."""
    assert crossed(lambda: RollbackEvidence(0.01, 0.05, (0.0,), WANTED, SCHEDULE), 300, 0.01, 150, 20) <= 15


def test_failures_in_bursts_roll_back_no_more_when_the_bursts_are_known():
    known = crossed(lambda: RollbackEvidence(0.01, 0.05, (0.02, 0.05, 0.1), WANTED, SCHEDULE), 200, 0.01, 150, 40, 0.05)
    plain = crossed(lambda: RollbackEvidence(0.01, 0.05, (0.0,), WANTED, SCHEDULE), 200, 0.01, 150, 40, 0.05)

    assert known <= 10 < plain


@pytest.mark.parametrize("correlation", [0.0, 0.1])
@pytest.mark.parametrize("against", [0.001, 0.05])
def test_what_a_look_may_bring_is_one_on_average_when_the_canary_is_at_the_limit(against, correlation):
    ratio = Ratio(against, [2 * against, 0.5, 0.95], correlation)
    for requests in (1, 7, 40):
        chances = [math.exp(ratio.log_chance(requests, bad)) for bad in range(requests + 1)]
        means = [
            sum(c * math.exp(ratio(requests, bad)[j]) for bad, c in enumerate(chances))
            for j in range(len(ratio.shares))
        ]
        assert sum(chances) == pytest.approx(1)
        assert means == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("history", [[], [(50, 1)], [(50, 2), (50, 0)], [(100, 0)] * 30 + [(100, 3)]])
@pytest.mark.parametrize("correlation", [0.0, 0.02])
def test_a_look_never_brings_more_than_one_on_average_even_when_it_is_raised_below_the_line(history, correlation):
    """The heart of the bound: what lies beyond the line counts as the line, and is given back below it."""

    def after(*more):
        evidence = RollbackEvidence(0.01, 0.05, (correlation,), WANTED, SCHEDULE)
        for look in (*history, *more):
            watch(evidence, *look)
        return evidence.log

    before, ratio = after(), Ratio(0.01, [0.5], correlation)
    outcomes = [(math.exp(ratio.log_chance(30, bad)), min(after((30, bad)), WANTED)) for bad in range(31)]

    assert before < WANTED
    assert sum(chance * math.exp(log - before) for chance, log in outcomes) <= 1 + 1e-9


@given(st.floats(1e-4, 0.2), SECONDS, st.sampled_from([0.0, 0.01, 0.1]))
def test_more_bad_requests_never_speak_for_the_canary(limit, seconds, correlation):
    well, less_well = (ProceedEvidence(2 * limit, limit, (correlation,)) for _ in range(2))
    for requests, bad in seconds:
        well.add(requests, bad, True)
        less_well.add(requests, min(requests, bad + 1), True)

    assert less_well.log <= well.log + 1e-9


def test_a_sick_canary_is_found_within_a_few_looks_and_its_start_is_named():
    evidence = RollbackEvidence(0.01, 0.05, (0.0,), math.log(800), SCHEDULE)
    for look in draws(1, 0.001, 60, 50):
        watch(evidence, *look)
    before, looks = evidence.requests, 0
    while evidence.log < evidence.wanted:
        watch(evidence, 50, 15)
        looks += 1

    assert looks <= 2
    assert evidence.stretch.requests == evidence.requests - before
    assert evidence.stretch.share == pytest.approx(0.3)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e5))
def test_the_stake_on_a_change_at_any_second_grows_and_never_exceeds_all_there_is(some, more, beyond, seconds):
    assert 0 <= spent_after(some, beyond, seconds) <= spent_after(some + more, beyond + more, seconds) < 1


@given(st.lists(st.sampled_from(["shift", "planned", "beyond", "look"]), max_size=60), st.integers(0, 4))
def test_whatever_a_go_live_does_no_more_is_staked_than_there_is(events, shifts):
    beginnings, staked = Beginnings(Schedule(20.0, shifts)), Parts(0.0, 0.0, 0.0)
    for event in events:
        if event == "shift":
            beginnings.shift()
        elif event == "look":
            now = beginnings.take()
            staked = Parts(staked.first + now.first, staked.shifts + now.shifts, staked.anywhere + now.anywhere)
        else:
            beginnings.wait(1.0, event == "planned")

    assert staked.first in (0.0, 1.0)
    assert 0 <= staked.shifts <= 1 + 1e-9
    assert 0 <= staked.anywhere < 1


def test_every_planned_second_gets_as_much_and_a_quiet_one_leaves_its_part_to_the_next_look():
    beginnings, found = Beginnings(Schedule(100.0, 0)), []
    for seconds in (1, 1, 3, 1):
        beginnings.wait(seconds, True)
        found.append(beginnings.take().anywhere)

    assert found == pytest.approx([found[0], found[0], 3 * found[0], found[0]])


@pytest.mark.parametrize("parts", [HEALTHY, BETWEEN])
def test_a_stake_is_no_more_than_one(parts):
    assert parts.first + parts.shifts + parts.anywhere <= 1 + 1e-12


@given(st.floats(1e-4, 0.4), st.floats(1, 20))
def test_a_canary_between_the_lines_lies_between_them(limit, times):
    trigger = min(limit * times, 0.9)

    assert limit <= between(limit, trigger) <= max(trigger, limit)


def test_a_canary_between_the_lines_is_held_by_what_speaks_for_one_that_is_no_worse():
    """200 canaries at twice the limit, 150 looks each: a third of them at most have evidence beyond it."""
    beyond = 0
    for seed in range(200):
        evidence = RollbackEvidence(0.01, 0.05, (0.0,), WANTED, SCHEDULE)
        looks = (watch(evidence, *look) or evidence.beyond >= BETWEEN_WANTED for look in draws(seed, 0.02, 150, 20))
        beyond += any(looks)

    assert beyond <= 66


@given(st.floats(1e-4, 0.5))
def test_alternatives_lie_beyond_the_trigger_and_their_weights_sum_to_one(trigger):
    shares = [share for share, _ in alternatives(trigger)]

    assert all(share > trigger for share in shares) and shares == sorted(shares)
    assert sum(weight for _, weight in alternatives(trigger)) == pytest.approx(1)


def test_a_canary_at_the_rollback_level_is_hardly_ever_let_through():
    """Sick from the start, or from the middle on after a perfect first half."""
    for good in (0, 100):
        passed = 0
        for seed in range(200):
            evidence = ProceedEvidence(0.05, 0.01, (0.0,))
            for _ in range(good):
                evidence.add(10, 0, True)
            looks = (evidence.add(*look, False) or evidence.log >= WANTED for look in draws(seed, 0.05, 150, 10))
            passed += any(looks)
        assert passed <= 10


@settings(max_examples=50)
@given(st.floats(0.001, 0.05), st.integers(1, 200), st.sampled_from([(0.0,), (0.0, 0.05)]), SECONDS)
def test_the_requests_said_to_be_needed_are_just_enough(good, each, correlations, seen):
    evidence = ProceedEvidence(min(5 * good, 0.9), good, correlations)
    for requests, bad in seen:
        evidence.add(requests, bad, False)
    needed = evidence.needed(WANTED, each)
    assert needed % each == 0 or needed == 0
    looks = needed // each
    if looks > 2000:
        return
    for _ in range(max(looks - 1, 0)):
        evidence.add(each, 0, False)

    assert evidence.log < WANTED or looks == 0
    evidence.add(each, 0, False)
    assert evidence.log >= WANTED


@given(SECONDS, st.sampled_from(GRID[1:]))
def test_the_correlations_that_stay_possible_lie_within_their_bound(seconds, most):
    found = plausible(seconds, most)

    assert 1 <= len(found) <= 3
    assert 0 <= found[0] <= found[-1] <= most


def test_independent_failures_teach_that_there_are_no_bursts_and_bursts_teach_theirs():
    calm = plausible(list(draws(3, 0.01, 600, 100)), 0.1)
    wild = plausible(list(draws(3, 0.01, 600, 100, 0.05)), 0.1)

    assert calm[-1] <= 0.005
    assert wild[0] >= 0.01 and wild[-1] >= 0.05


def test_a_baseline_without_failures_teaches_nothing():
    assert plausible([(100, 0)] * 600, 0.1) == plausible([], 0.1)
    assert (plausible([], 0.1)[0], plausible([], 0.1)[-1]) == (0.0, 0.1)


def test_a_canary_that_answers_404_more_often_than_stable_is_worse():
    evidence = StableEvidence()
    for _ in range(12):
        evidence.add((80, 20), (240, 1))

    assert evidence.worse_log > math.log(100)


def test_one_burst_is_no_proof_of_a_difference():
    """Thirty failures that share one fate weigh as one."""
    evidence = StableEvidence()
    evidence.add((10, 30), (990, 0))

    assert evidence.worse_log < math.log(100)


def test_a_stable_that_fails_as_often_is_as_sick():
    evidence = StableEvidence()
    for _ in range(200):
        evidence.add((100, 2), (100, 2))

    assert evidence.as_sick_log > math.log(20)
    assert evidence.worse_log <= 0


def test_a_version_that_never_appears_is_no_evidence():
    evidence = StableEvidence()
    evidence.add((0, 0), (300, 5))

    assert (evidence.worse_log, evidence.as_sick_log) == (0.0, 0.0)
