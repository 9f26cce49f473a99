"""Kayenta's judge gives the numbers that were published of it, and the verdicts it is known for."""

import math

import numpy as np
import pytest
from benchmarks.kayenta import AllTied, Kayenta, Label, classify, find_root, mann_whitney
from benchmarks.outcomes import Outcome, judge
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.made import EMPTY, SICK, WELL, Made, Minute

ONES = [1.0] * 10
POINTS = st.lists(st.integers(0, 9).map(float), min_size=2, max_size=12)


def label(canary, stable):
    return classify(canary, stable, np.random.default_rng(1))


def test_the_numbers_published_by_its_users_are_reproduced():
    # https://github.com/spinnaker/spinnaker/issues/6278
    shift = mann_whitney([100.0] * 7 + [1.0] * 3, ONES)

    assert shift.low == pytest.approx(6.825022991538781e-05, rel=1e-12)
    assert shift.high == 99.0
    assert shift.estimate == pytest.approx(98.99992904170193, rel=1e-14)


@pytest.mark.parametrize(("sick", "expected"), [(7, Label.PASS), (8, Label.HIGH)])
def test_seven_of_ten_points_a_hundred_times_as_high_pass_and_eight_do_not(sick, expected):
    assert label([100.0] * sick + [1.0] * (10 - sick), ONES) is expected


def test_sparse_errors_against_none_pass():
    # https://github.com/spinnaker/kayenta/issues/426
    assert label([0.0, 1, 2, 1, 0, 0], [0.0] * 6) is Label.PASS


def test_a_clear_increase_is_high_and_a_clear_decrease_is_not():
    low, high = [1.0, 1.2, 0.9, 1.1, 1.3, 0.8], [5.0, 5.2, 4.9, 5.1, 5.3, 4.8]

    assert label(high, low) is Label.HIGH
    assert label(low, high) is Label.PASS
    assert label(low, low[::-1]) is Label.PASS


def test_two_constants_are_told_apart():
    assert label([2.0] * 8, [1.0] * 8) is Label.HIGH
    assert label([1.0] * 8, [0.0] * 8) is Label.HIGH
    assert label([0.0] * 8, [0.0] * 5) is Label.PASS


def test_points_that_are_not_numbers_are_no_points():
    nothing = [math.nan] * 5

    assert label(nothing, ONES) is Label.NO_DATA
    assert label(ONES, nothing) is Label.NO_DATA
    assert label([*nothing, *[2.0] * 8], [1.0] * 8) is Label.HIGH


def test_one_point_on_each_side_cannot_be_computed():
    assert label([2.0, math.nan], [1.0]) is Label.ERROR
    with pytest.raises(AllTied):
        mann_whitney([2.0], [1.0])


@given(POINTS, POINTS, st.integers(-5, 5))
def test_the_interval_moves_with_the_canarys_points_and_holds_the_estimate(canary, stable, by):
    if len({*canary}) == 1 and len({*stable}) == 1:
        return

    shift = mann_whitney(canary, stable)
    moved = mann_whitney([point + by for point in canary], stable)

    assert shift.low - 2e-4 <= shift.estimate <= shift.high + 2e-4
    assert moved.low == pytest.approx(shift.low + by, abs=2e-4)
    assert moved.high == pytest.approx(shift.high + by, abs=2e-4)


@given(st.floats(-50, 50), st.floats(0.1, 100), st.floats(0.1, 100))
def test_a_root_is_found_to_a_ten_thousandth(root, left, right):
    found = find_root(lambda x: root**3 - x**3 + root - x, root - left, root + right)

    assert found == pytest.approx(root, abs=1e-4)


def test_a_soak_is_judged_at_its_end_and_a_clear_increase_rolls_back():
    some = [Minute(failed={0: number}, stable_failed=0) for number in (3, 4, 5, 6, 7)]
    sick = [Minute(failed={0: number}, stable_failed=0) for number in (300, 310, 320, 330, 340)]
    alike = [Minute(failed={0: number}, stable_failed=1) for number in (3, 9, 5, 7, 6)]
    streams = Made([*alike, *sick], [*alike, *alike], [*some[:1], *[WELL] * 9])
    two = Made([*alike, *sick], [*alike, *alike], phases=2)

    [whole], [phased] = judge(streams, [Kayenta(streams, 3)]), judge(two, [Kayenta(two, 2)])

    assert phased.outcome.tolist() == [Outcome.ROLLED_BACK, Outcome.COMPLETED]
    assert phased.rolled_back_at[0] == 600.0
    assert phased.failed_seen.tolist() == [30 + 1600, 60]
    assert whole.outcome.tolist() == [Outcome.COMPLETED] * 3


def test_a_soak_without_one_request_fails_the_critical_metric():
    streams = Made([EMPTY] * 5, [*[EMPTY] * 2, *[WELL] * 3])

    [outcomes] = judge(streams, [Kayenta(streams, 2)])

    assert outcomes.outcome.tolist() == [Outcome.ROLLED_BACK, Outcome.COMPLETED]


def test_it_judges_the_first_runs_only_when_asked():
    streams = Made([SICK] * 5, [WELL] * 5, [SICK] * 5)

    [outcomes] = judge(streams, [Kayenta(streams, 2)])

    assert outcomes.outcome.tolist() == [Outcome.ROLLED_BACK, Outcome.COMPLETED]
