"""The verdict: three outcomes, and no data is never a pass."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golive.core.judge import Alarms, Evidence, Watch, judge
from golive.core.samples import Version
from golive.core.verdict import Hold, Word, from_json
from tests.builders import sample, sandbox

PLAN = sandbox()


def watch(now, soak=8.0, **more):
    values = {"first_shift": 0.0, "since": 0.0, "settled": 2.0, "share": 0.25, "next_share": 0.5} | more
    return Watch(now=now, soak=soak, **values)


def evidence(seconds, requests=80, failed=0, slow=0, stable_failed=0, client_errors=0):
    seen = Evidence(PLAN)
    seen.begin_phase()
    for at in range(1, seconds + 1):
        stable = sample(at, Version.STABLE, 240, stable_failed)
        canary = sample(at, Version.CANARY, requests, failed, slow, client_errors=client_errors)
        seen.add(stable, canary, 2.0)
    return seen


def test_a_healthy_canary_proceeds_once_the_soak_is_over():
    assert judge(evidence(9), watch(9), Alarms()).word is Word.PROCEED


def test_a_healthy_canary_holds_while_it_soaks():
    verdict = judge(evidence(5), watch(5), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.SOAKING)


def test_a_failing_canary_rolls_back_before_the_soak_is_over():
    verdict = judge(evidence(3, failed=25), watch(3), Alarms())

    assert verdict.word is Word.ROLLBACK
    assert "failed" in verdict.reason


def test_a_slow_canary_rolls_back():
    assert judge(evidence(7, slow=60), watch(7), Alarms()).word is Word.ROLLBACK


def test_slowness_within_settle_is_forgiven():
    seen = Evidence(PLAN)
    seen.begin_phase()
    for at in range(1, 12):
        seen.add(sample(at, Version.STABLE, 240), sample(at, Version.CANARY, 80, slow=60 if at <= 2 else 0), 2.0)

    assert judge(seen, watch(11), Alarms()).word is Word.PROCEED


def test_few_requests_hold_and_say_how_many_more_are_needed():
    verdict = judge(evidence(9, requests=2), watch(9), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.NOT_ENOUGH)
    assert verdict.more_requests and verdict.more_requests > 0


def test_no_canary_request_at_all_never_proceeds():
    verdict = judge(evidence(20, requests=0), watch(20), Alarms())

    assert verdict.word is Word.HOLD


def test_between_the_lines_holds():
    verdict = judge(evidence(20, requests=100, failed=2), watch(20), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.BETWEEN)


def test_more_404_than_stable_holds():
    verdict = judge(evidence(9, client_errors=20), watch(9), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.BETWEEN)
    assert "4xx" in verdict.reason


@pytest.mark.parametrize("alarm", ["health", "critical_log", "blind"])
def test_an_alarm_rolls_back_at_once(alarm):
    verdict = judge(evidence(3), watch(3), Alarms(**{alarm: "it is so"}))

    assert (verdict.word, verdict.reason) == (Word.ROLLBACK, "it is so")


def test_what_could_not_be_measured_holds():
    verdict = judge(evidence(9), watch(9), Alarms(unmeasured="metrics were garbage"))

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.UNMEASURED)


def test_after_cutover_a_person_decides():
    verdict = judge(evidence(9, failed=25), watch(9, after_cutover=True, share=1.0, next_share=1.0), Alarms())

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.AFTER_CUTOVER)


def test_both_sick_rolls_back_and_says_that_it_may_not_help():
    verdict = judge(evidence(9, failed=25, stable_failed=75), watch(9), Alarms())

    assert verdict.word is Word.ROLLBACK
    assert "may not help" in verdict.reason


def test_a_much_sicker_stable_keeps_visitors_where_they_are():
    verdict = judge(evidence(9, failed=8, stable_failed=120), watch(9), Alarms())

    assert verdict.word is Word.HOLD


def test_a_verdict_survives_the_record():
    verdict = judge(evidence(9), watch(9), Alarms())

    assert from_json(verdict.to_json()) == verdict


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(0, 100), st.integers(0, 100))
def test_more_failures_never_help_the_canary(seconds, fewer, more):
    order = [Word.ROLLBACK, Word.HOLD, Word.PROCEED]
    few, many = sorted((fewer, more))
    better = judge(evidence(seconds, 100, few), watch(seconds), Alarms()).word
    worse = judge(evidence(seconds, 100, many), watch(seconds), Alarms()).word

    assert order.index(worse) <= order.index(better)
