"""The field's rules act as their documents say, on streams made by hand."""

import numpy as np
import pytest
from benchmarks.field import Argo, AsWritten, Flagger, fresh_rules
from benchmarks.outcomes import Outcome, judge
from benchmarks.streams import Scenario, Streams

from tests.benchmarks.made import EMPTY, SICK, SLOW, WELL, Made, Minute


def ended(rule, *minutes, **more):
    """Give outcome, second of the rollback and failed requests seen of one run."""
    streams = Made(list(minutes), **more)
    [outcomes] = judge(streams, [rule(streams)])
    return Outcome(outcomes.outcome[0]), outcomes.rolled_back_at[0], outcomes.failed_seen[0]


def flagger(threshold):
    return lambda streams: Flagger(streams, threshold)


def argo(failure_limit):
    return lambda streams: Argo(streams, failure_limit)


@pytest.mark.parametrize("rule", [AsWritten, flagger(1), flagger(5), argo(0), argo(3)])
def test_every_rule_completes_a_go_live_without_a_bad_request(rule):
    outcome, at, seen = ended(rule, *[WELL] * 6, phases=2)

    assert (outcome, seen) == (Outcome.COMPLETED, 0)
    assert np.isnan(at)


def test_as_written_rolls_back_at_the_next_look_and_counts_what_visitors_saw():
    minute = Minute(failed={2: 4, 21: 40, 25: 60})

    assert ended(AsWritten, Minute(failed={2: 2}), minute) == (Outcome.ROLLED_BACK, 85.0, 46)


def test_as_written_rolls_back_above_the_limit_not_at_it():
    # 6000 requests a minute: 30 failed are exactly 0.5 %.
    assert ended(AsWritten, WELL, Minute(failed={0: 30}), WELL)[0] is Outcome.COMPLETED
    assert ended(AsWritten, WELL, Minute(failed={0: 31}), WELL)[:2] == (Outcome.ROLLED_BACK, 65.0)


def test_as_written_looks_back_sixty_seconds_within_the_phase():
    late, early = Minute(failed={57: 20}), Minute(failed={2: 20})

    assert ended(AsWritten, WELL, late, early, WELL)[:2] == (Outcome.ROLLED_BACK, 125.0)
    assert ended(AsWritten, WELL, late, late, WELL)[0] is Outcome.COMPLETED


def test_as_written_judges_the_few_seconds_there_are_after_a_shift():
    # 3 of 500 requests since the shift, or 8 of 6000 in the minute.
    minutes = [WELL, Minute(failed={57: 5}), Minute(failed={2: 3}), WELL]

    assert ended(AsWritten, *minutes, phases=2)[:2] == (Outcome.ROLLED_BACK, 125.0)
    assert ended(AsWritten, *minutes)[0] is Outcome.COMPLETED


def test_as_written_rolls_back_on_slow_requests():
    # 6 % of each second: the eleventh look at it is the first that finds more than 5 % of the minute.
    assert ended(AsWritten, WELL, SLOW)[:2] == (Outcome.ROLLED_BACK, 115.0)


def test_as_written_rolls_back_on_three_lost_probes_in_a_row_even_across_minutes():
    lost_two = Minute(lost=(4, 5, 8, 9))

    assert ended(AsWritten, Minute(lost=(3, 4, 5)), WELL)[:2] == (Outcome.ROLLED_BACK, 30.0)
    assert ended(AsWritten, Minute(lost=(10, 11)), Minute(lost=(0,)), phases=2)[:2] == (Outcome.ROLLED_BACK, 65.0)
    assert ended(AsWritten, lost_two, WELL)[0] is Outcome.COMPLETED


@pytest.mark.parametrize(
    "between",
    [Minute(failed={30: 6}), Minute(over_1000=1), Minute(over_500=5), EMPTY],
    ids=["failed", "over 1000 ms", "over 500 ms", "nobody"],
)
def test_as_written_holds_at_the_soaks_end_when_its_last_minute_is_not_below_each_limit(between):
    assert ended(AsWritten, between, WELL, phases=1)[0] is Outcome.COMPLETED
    outcome, at, _ = ended(AsWritten, between, WELL, phases=2)
    assert outcome is Outcome.HELD
    assert np.isnan(at)


def test_flagger_acts_one_tick_after_the_threshold_is_reached():
    assert ended(flagger(1), WELL, SICK, WELL, WELL)[:2] == (Outcome.ROLLED_BACK, 180.0)
    assert ended(flagger(2), WELL, SICK, SICK, WELL)[:2] == (Outcome.ROLLED_BACK, 240.0)


def test_flagger_counts_what_visitors_saw_until_that_tick():
    assert ended(flagger(1), Minute(failed={0: 50}), Minute(failed={1: 1, 59: 2}), SICK)[2] == 53


def test_flaggers_failed_checks_are_never_taken_back_by_a_success():
    minutes = [SICK, WELL, WELL, SICK, WELL, SICK, WELL, WELL]

    assert ended(flagger(3), *minutes)[:2] == (Outcome.ROLLED_BACK, 420.0)
    assert ended(flagger(3), *minutes, phases=4)[:2] == (Outcome.ROLLED_BACK, 420.0)
    assert ended(flagger(4), *minutes)[0] is Outcome.COMPLETED


def test_flagger_takes_no_data_and_slowness_for_a_failed_check_and_counts_one_a_tick():
    both = Minute(failed={0: 60}, over_1000=10)

    assert ended(flagger(1), EMPTY, WELL, WELL)[:2] == (Outcome.ROLLED_BACK, 120.0)
    assert ended(flagger(1), SLOW, WELL, WELL)[:2] == (Outcome.ROLLED_BACK, 120.0)
    assert ended(flagger(2), both, WELL, WELL)[0] is Outcome.COMPLETED


def test_flagger_does_not_promote_after_a_last_check_that_reached_the_threshold():
    sick, well = [WELL, WELL, Minute(failed={0: 60})], [WELL] * 3
    streams = Made(sick, well)

    [outcomes] = judge(streams, [Flagger(streams, 1)])

    assert outcomes.outcome.tolist() == [Outcome.ROLLED_BACK, Outcome.COMPLETED]
    assert outcomes.rolled_back_at[0] == 240.0
    assert outcomes.failed_seen.tolist() == [60 + 10, 0]


def test_argo_needs_one_failed_measurement_more_than_its_limit_in_a_row_or_not():
    assert ended(argo(0), WELL, SICK, WELL)[:2] == (Outcome.ROLLED_BACK, 120.0)
    minutes = [SICK, WELL, SICK, WELL, SICK, WELL, SICK, WELL]
    assert ended(argo(3), *minutes)[:2] == (Outcome.ROLLED_BACK, 420.0)
    assert ended(argo(3), *minutes, phases=4)[:2] == (Outcome.ROLLED_BACK, 420.0)
    assert ended(argo(3), *minutes[:6], WELL)[0] is Outcome.COMPLETED


def test_argo_counts_each_metric_by_itself():
    assert ended(argo(1), SICK, SLOW, WELL)[0] is Outcome.COMPLETED
    assert ended(argo(1), SICK, SLOW, SLOW)[:2] == (Outcome.ROLLED_BACK, 180.0)


def test_argo_aborts_with_its_fifth_empty_result_in_a_row():
    # Empty at 60, 70, 80, 90 and 100 s.
    assert ended(argo(3), EMPTY, EMPTY, WELL)[:2] == (Outcome.ROLLED_BACK, 100.0)


def test_argos_errors_must_be_in_a_row():
    # Empty at 60, 70, 80 and 90 s, a result at 100 s; empty again at 280, 290 and 300 s.
    assert ended(argo(0), EMPTY, Minute(since=30), WELL, EMPTY, EMPTY, WELL, WELL)[0] is Outcome.COMPLETED


def test_argo_measures_again_a_minute_after_a_late_result():
    # Empty at 60 s; from 70 s there are requests, so the next measurement is at 130 s, not at 120 s.
    late = Minute(failed={5: 60})

    assert ended(argo(0), EMPTY, WELL, Minute(failed={11: 60}), WELL, EMPTY)[:2] == (Outcome.ROLLED_BACK, 190.0)
    assert ended(argo(0), EMPTY, WELL, late, WELL)[:2] == (Outcome.ROLLED_BACK, 130.0)
    assert ended(argo(0), EMPTY, WELL, EMPTY, WELL, EMPTY, WELL)[0] is Outcome.COMPLETED


def test_one_walk_judges_each_rule_as_if_it_were_alone_and_each_run_by_itself():
    streams = Streams(Scenario(60, 0.004, shares=(0.05, 0.5), soaks=(120, 180)), 60, 5)

    together = judge(streams, list(fresh_rules(streams, 10).values()))

    for name, expected in zip(fresh_rules(streams, 10), together, strict=True):
        [alone] = judge(streams, [fresh_rules(streams, 10)[name]])
        assert np.array_equal(alone.outcome, expected.outcome)
        assert np.array_equal(alone.rolled_back_at, expected.rolled_back_at, equal_nan=True)
        assert np.array_equal(alone.failed_seen, expected.failed_seen)
        assert np.array_equal(expected.outcome == Outcome.ROLLED_BACK, ~np.isnan(expected.rolled_back_at))
    assert 0 < together[0].share(Outcome.ROLLED_BACK) < 1


def test_a_run_that_never_rolls_back_has_seen_all_the_canarys_failures():
    streams = Streams(Scenario(300, 0.002, shares=(0.25, 0.5), soaks=(120, 120)), 20, 5)

    [outcomes] = judge(streams, [Flagger(streams, 99)])

    failed = sum(streams.phase(phase, chunk).canary.failed.sum(axis=1) for phase in (0, 1) for chunk in (0, 1))
    assert np.array_equal(outcomes.failed_seen, failed)
