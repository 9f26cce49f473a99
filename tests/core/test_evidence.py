"""Evidence holds however often it is looked at."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from golive.core.evidence import AgainstHealthy, AgainstSick, AgainstStable, dispersion
from golive.core.proof import counted, proves


def draws(seed, share, looks, requests):
    chance = random.Random(seed)
    return [(requests, sum(chance.random() < share for _ in range(requests))) for _ in range(looks)]


def test_a_canary_at_its_limit_is_hardly_ever_called_sick():
    """200 canaries, looked at 150 times each: Ville allows 5 % at log 20, and far fewer come."""
    crossed = 0
    for seed in range(200):
        evidence = AgainstHealthy.start(0.01)
        for requests, bad in draws(seed, 0.01, 150, 20):
            evidence = evidence.add(requests, bad)
            if evidence.log >= math.log(20):
                crossed += 1
                break

    assert crossed <= 20


def test_a_sick_canary_is_found_within_a_few_looks_and_its_start_is_named():
    evidence = AgainstHealthy.start(0.01)
    for requests, bad in draws(1, 0.0, 60, 50):
        evidence = evidence.add(requests, bad)
    looks = 0
    while evidence.log < math.log(800):
        evidence = evidence.add(50, 15)
        looks += 1

    assert looks <= 2
    assert abs(evidence.since - 61) <= 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda p: (max(p), min(p))), max_size=30))
def test_more_dispersion_never_strengthens_the_evidence_of_a_look_that_speaks_against_the_canary(seconds):
    plain, tempered = AgainstSick.start(0.05, 0.01), AgainstSick.start(0.05, 0.01)
    for requests, bad in seconds:
        plain, tempered = plain.add(requests, bad), tempered.add(requests, bad, 2.0)

    assert tempered.log <= max(plain.log, 0.0) + 1e-9


@given(st.floats(0.001, 0.05), st.floats(1.0, 4.0))
def test_the_requests_said_to_be_needed_are_just_enough(good, spread):
    wanted = math.log(20)
    evidence = AgainstSick.start(min(5 * good, 0.9), good)
    needed = evidence.needed(wanted, spread)

    assert evidence.add(needed, 0, spread).log >= wanted
    assert evidence.add(needed - 1, 0, spread).log < wanted


def test_a_canary_that_answers_404_more_often_than_stable_is_worse():
    evidence = AgainstStable()
    for _ in range(5):
        evidence = evidence.add((80, 20), (240, 1))

    assert evidence.log > math.log(100)


def test_a_version_that_never_appears_is_no_evidence():
    assert AgainstStable().add((0, 0), (300, 5)).log == AgainstStable().log


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 5)), max_size=40), st.floats(1, 10))
def test_dispersion_stays_between_one_and_its_bound(seconds, most):
    assert 1.0 <= dispersion([(n, min(n, x)) for n, x in seconds], most) <= most


@given(st.integers(1, 5000), st.floats(0, 1))
def test_the_range_of_a_count_holds_the_count(requests, part):
    seen = counted(int(requests * part), requests)

    assert 0 <= seen.low <= seen.share <= seen.high <= 1


def test_half_of_the_split_is_no_proof_of_it():
    assert proves(counted(250, 1000), 0.25)
    assert not proves(counted(125, 1000), 0.25)
    assert not proves(counted(0, 1000), 0.01)
