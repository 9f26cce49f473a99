"""The verdict: three outcomes, and no data is never a pass."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golive.core.judging.evidence import Evidence, Soak
from golive.core.judging.judge import Alarms, judge
from golive.core.plan import Rule
from golive.core.samples import Gauges, Tally, Version
from golive.core.verdict import Hold, Word, from_json
from tests.builders import sample, sandbox

PLAN = sandbox()
SOAK = Soak(since=0.0, settled=2.0, seconds=8.0, share=0.25, next_share=0.5)


def begun(plan=PLAN, **changes):
    seen = Evidence(plan)
    seen.learn([sample(at - 20, Version.STABLE, 300, failed=int(at % 5 == 0)) for at in range(20)])
    seen.begin(replace(SOAK, **changes))
    return seen


def evidence(
    seconds, requests=80, failed=0, slow=0, stable_failed=0, client_errors=0, stable_errors=0, plan=PLAN, **changes
):
    seen = begun(plan, **changes)
    for at in range(1, seconds + 1):
        stable = sample(at, Version.STABLE, 240, stable_failed, client_errors=stable_errors)
        seen.add(stable, sample(at, Version.CANARY, requests, failed, slow, client_errors=client_errors))
    return seen


def test_a_healthy_canary_proceeds_once_the_soak_is_over():
    assert judge(evidence(9), Alarms()).word is Word.PROCEED


def test_a_healthy_canary_holds_while_it_soaks():
    verdict = judge(evidence(5), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.SOAKING)


def test_a_failing_canary_rolls_back_before_the_soak_is_over():
    verdict = judge(evidence(3, failed=25), Alarms())

    assert verdict.word is Word.ROLLBACK
    assert "failed" in verdict.reason


def test_a_slow_canary_rolls_back():
    assert judge(evidence(7, slow=60), Alarms()).word is Word.ROLLBACK


def test_slowness_within_settle_is_forgiven():
    seen = begun()
    for at in range(1, 12):
        seen.add(sample(at, Version.STABLE, 240), sample(at, Version.CANARY, 80, slow=60 if at <= 2 else 0))

    assert judge(seen, Alarms()).word is Word.PROCEED


def test_few_requests_hold_and_say_how_many_more_are_needed():
    verdict = judge(evidence(9, requests=2), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.NOT_ENOUGH)
    assert verdict.more_requests and verdict.more_requests > 0


def test_no_canary_request_at_all_never_proceeds():
    verdict = judge(evidence(20, requests=0), Alarms())

    assert verdict.word is Word.HOLD


def test_between_the_lines_holds():
    verdict = judge(evidence(20, requests=100, failed=2), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.BETWEEN)


def test_more_404_than_stable_holds():
    verdict = judge(evidence(9, client_errors=20), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.BETWEEN)
    assert "4xx" in verdict.reason


@pytest.mark.parametrize("alarm", ["health", "critical_log", "blind"])
def test_an_alarm_rolls_back_at_once(alarm):
    verdict = judge(evidence(3), Alarms(**{alarm: "it is so"}))

    assert (verdict.word, verdict.reason) == (Word.ROLLBACK, "it is so")


def test_what_could_not_be_measured_holds():
    verdict = judge(evidence(9), Alarms(unmeasured="metrics were garbage"))

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.UNMEASURED)


def test_after_cutover_a_person_decides():
    verdict = judge(evidence(9, failed=25, after_cutover=True, share=1.0, next_share=1.0), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.AFTER_CUTOVER)


def test_both_sick_rolls_back_and_says_that_it_may_not_help():
    verdict = judge(evidence(9, failed=25, stable_failed=75), Alarms())

    assert verdict.word is Word.ROLLBACK
    assert "may not help" in verdict.reason


def test_a_much_sicker_stable_keeps_visitors_where_they_are():
    verdict = judge(evidence(9, failed=8, stable_failed=120), Alarms())

    assert verdict.word is Word.HOLD


def test_a_verdict_survives_the_record():
    verdict = judge(evidence(9), Alarms())

    assert from_json(verdict.to_json()) == verdict


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(0, 100), st.integers(0, 100))
def test_more_failures_never_help_the_canary(seconds, fewer, more):
    order = [Word.ROLLBACK, Word.HOLD, Word.PROCEED]
    few, many = sorted((fewer, more))
    better = judge(evidence(seconds, 100, few), Alarms()).word
    worse = judge(evidence(seconds, 100, many), Alarms()).word

    assert order.index(worse) <= order.index(better)


def test_a_dead_route_rolls_back_at_a_healthy_total():
    """Two of a thousand requests fail, far below the limit; they are the whole checkout."""
    seen = begun()
    for at in range(1, 30):
        canary = sample(at, Version.CANARY, 100, failed=2 if at % 5 == 0 else 0, dead=2)
        seen.add(sample(at, Version.STABLE, 300), canary)
        if judge(seen, Alarms()).word is Word.ROLLBACK:
            break
    verdict = judge(seen, Alarms())

    assert verdict.word is Word.ROLLBACK
    assert verdict.criterion == "checkout: failed"


def test_a_route_with_too_few_requests_does_not_hold_a_small_split_and_holds_a_large_one():
    few = evidence(9, requests=49)
    many = evidence(9, requests=49, share=0.5, next_share=1.0)

    assert judge(few, Alarms()).word is Word.PROCEED
    assert judge(many, Alarms()).criterion == "checkout: failed"


def test_a_canary_that_turns_sick_in_mid_soak_is_not_let_through_on_its_good_start():
    """At the rollback level for the second half, and a good first half that would carry the mean."""
    seen = begun(seconds=40.0)
    for at in range(1, 41):
        canary = sample(at, Version.CANARY, 20, failed=1 if at > 20 else 0)
        seen.add(sample(at, Version.STABLE, 60), canary)

    assert judge(seen, Alarms()).word is not Word.PROCEED


@pytest.mark.parametrize(("rule", "word"), [("show", Word.HOLD), ("hold", Word.HOLD), ("roll back", Word.ROLLBACK)])
def test_the_plan_says_what_follows_when_the_canary_fails_more_than_stable(rule, word):
    judging = PLAN.judging.model_copy(update={"worse_than_stable": rule})
    plan = PLAN.model_copy(update={"judging": judging})
    verdict = judge(evidence(60, requests=1000, failed=8, stable_failed=0, plan=plan), Alarms())
    reading = next(reading for reading in verdict.readings if reading.criterion == "worse_than_stable")

    assert reading.why == "fails more than stable in the same seconds"
    assert reading.word is (Word.PROCEED if rule == "show" else word)


def test_stable_that_is_as_sick_is_said():
    verdict = judge(evidence(60, requests=240, failed=5, stable_failed=5), Alarms())

    assert any("stable is as sick" in reading.why for reading in verdict.readings)


def test_requests_of_ours_can_roll_back_but_never_help_to_proceed():
    waiting, topped, sick = evidence(9, requests=2), evidence(9, requests=2), evidence(9, requests=2)
    topped.add_topped_up(Tally(5000))
    sick.add_topped_up(Tally(100, 60))

    assert judge(topped, Alarms()).word is judge(waiting, Alarms()).word is Word.HOLD
    assert judge(sick, Alarms()).word is Word.ROLLBACK
    assert judge(sick, Alarms()).criterion == "top_up"


def test_as_written_follows_the_letter_and_its_poll():
    judging = PLAN.judging.model_copy(update={"rule": Rule.AS_WRITTEN})
    plan = PLAN.model_copy(update={"judging": judging})
    spike = evidence(1, requests=20, failed=2, plan=plan)

    assert judge(spike, Alarms()).word is Word.ROLLBACK
    assert judge(evidence(1, requests=20, failed=2), Alarms()).word is Word.HOLD
    assert judge(evidence(9, plan=plan), Alarms()).word is Word.PROCEED


def test_a_long_gap_between_samples_is_no_soak_time():
    seen = begun()
    for at in (1, 2, 30):
        gap = 1.0 if at < 30 else 28.0
        for version in Version:
            late = replace(sample(at, version, 2000), seconds=gap)
            seen.add(late if version is Version.STABLE else None, late if version is Version.CANARY else None)

    assert judge(seen, Alarms()).hold is Hold.SOAKING


def gauged(stable, canary, **changes):
    seen = begun(**changes)
    for at in range(1, 10):
        other = replace(sample(at, Version.STABLE, 240), gauges=Gauges(stable, 0.2))
        seen.add(other, replace(sample(at, Version.CANARY, 80), gauges=Gauges(canary, 0.2)))
    return seen


def test_cpu_that_the_next_split_would_not_leave_room_for_holds():
    verdict = judge(gauged(0.95, 0.5), Alarms())

    assert (verdict.word, verdict.criterion) == (Word.HOLD, "cpu")
    assert "at the next split" in verdict.reason


def test_machines_that_follow_the_load_hold_nobody():
    assert judge(gauged(0.55, 0.55), Alarms()).word is Word.PROCEED


def test_at_an_even_split_the_slope_of_the_phase_before_counts():
    seen = gauged(0.6, 0.2)
    seen.begin(replace(SOAK, since=10.0, settled=10.0, share=0.5, next_share=1.0))
    for at in range(11, 25):
        both = replace(sample(at, Version.STABLE, 240), gauges=Gauges(0.4, 0.2))
        seen.add(both, replace(sample(at, Version.CANARY, 300), gauges=Gauges(0.4, 0.2)))
    verdict = judge(seen, Alarms())

    assert (verdict.word, verdict.criterion) == (Word.HOLD, "cpu")
    assert "about 80% at the next split" in verdict.reason


def test_a_gauge_nobody_measured_holds():
    seen = begun()
    for at in range(1, 10):
        canary = replace(sample(at, Version.CANARY, 80), gauges=Gauges())
        seen.add(sample(at, Version.STABLE, 240), canary)

    assert judge(seen, Alarms()).hold is Hold.UNMEASURED


LIES = [Tally(10, 11), Tally(-1), Tally(10, -1), Tally(10, 0, over={500: 11}), Tally(10, math.nan), Tally(math.inf)]


@pytest.mark.parametrize("lie", LIES)
def test_a_sample_that_can_not_be_true_counts_for_nobody(lie):
    seen, told = evidence(9), evidence(9)
    told.add(None, replace(sample(10, Version.CANARY, 1), tally=lie))

    assert judge(told, Alarms()) == judge(seen, Alarms())


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(-5, 200), st.integers(-5, 200), st.integers(-5, 200), st.sampled_from(list(Version))),
        max_size=30,
    )
)
def test_any_stream_of_samples_gives_a_verdict_and_none_without_canary_requests_proceeds(rows):
    seen = begun()
    for at, (requests, failed, slow, version) in enumerate(rows, 1):
        one = sample(at, version, requests, failed, slow)
        seen.add(one if version is Version.STABLE else None, one if version is Version.CANARY else None)
    verdict = judge(seen, Alarms())

    assert verdict.word in list(Word)
    assert seen.counts["failed"][0] > 0 or verdict.word is not Word.PROCEED


def test_α_has_two_halves_and_the_second_is_for_the_watch():
    seen = evidence(9, failed=10)
    before = seen.rollback["failed"].log
    seen.begin(replace(SOAK, after_cutover=True, share=1.0, next_share=1.0))

    assert before > 0
    assert seen.rollback["failed"].log == 0.0
    seen.begin(replace(SOAK, after_cutover=True, share=1.0, next_share=1.0))
    assert seen.rollback["failed"].requests == 0
