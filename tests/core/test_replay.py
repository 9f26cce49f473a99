"""Recorded samples judged again: as the guard would have, and nothing wrong with them ever helps the canary."""

import math
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golive.core.errors import NameUnknown
from golive.core.judging.replay import replay
from golive.core.samples import Gauges, Tally, Version
from golive.core.verdict import Hold, Word
from tests.builders import sample, sandbox

PLAN = sandbox()


def bare(at, version, requests, failed=0, slow=0, **more):
    """Give a sample without a phase and a split, as a CSV of last month has it."""
    return replace(sample(at, version, requests, failed, slow, **more), phase="", share=None)


def recording(seconds=40, baseline=8, **canary):
    """Give a recording: stable from the start, the canary after a baseline."""
    told = []
    for at in range(seconds):
        told.append(bare(at, Version.STABLE, 240, failed=int(at % 5 == 0)))
        told.append(bare(at, Version.CANARY, 80 if at >= baseline else 0, **(canary if at >= baseline else {})))
    return told


def changes(samples, **how):
    """Give each change of verdict: second, word, hold, criterion."""
    told = [(second, v.word, v.hold, v.criterion) for second, v in replay(samples, PLAN, **how)]
    return [next(group) for _, group in groupby(told, key=lambda each: each[1:])]


def test_a_healthy_recording_soaks_and_proceeds():
    assert [change[1:3] for change in changes(recording())] == [(Word.HOLD, Hold.SOAKING), (Word.PROCEED, None)]


def test_the_first_verdict_is_at_the_first_request_of_the_canary():
    assert changes(recording())[0][0] == 8


def test_a_sick_recording_is_rolled_back_and_ends_there():
    told = list(replay(recording(failed=20), PLAN))

    assert (told[-1][1].word, told[-1][1].criterion) == (Word.ROLLBACK, "failed")
    assert told[-1][0] < 12
    assert all(verdict.word is not Word.ROLLBACK for _, verdict in told[:-1])


def test_a_recording_grouped_by_version_is_judged_alike():
    told = recording()

    assert changes(sorted(told, key=lambda each: each.version)) == changes(told)


def test_seconds_of_the_two_versions_that_are_not_quite_the_same_are_one_look():
    told = [replace(each, second=each.second + 0.2) if each.version is Version.CANARY else each for each in recording()]

    assert [change[1:] for change in changes(told)] == [change[1:] for change in changes(recording())]


def test_one_phase_may_be_asked_for_and_an_unknown_one_is_refused():
    longer, asked = changes(recording()), changes(recording(), phase="canary-5")

    assert asked[-1][1] is Word.PROCEED and asked[-1][0] < longer[-1][0]
    with pytest.raises(NameUnknown, match="did you mean 'canary-5'"):
        list(replay(recording(), PLAN, phase="canary5"))
    with pytest.raises(NameUnknown, match="canary-26"):
        list(replay([replace(each, phase="canary-26") for each in recording()], PLAN))


def go_live():
    """Give a run by hand: preflight, and each phase's shift two seconds after it was opened."""
    told, at, split = [], 0, 0.0
    for name, share, seconds in (
        ("preflight", None, 8),
        ("canary-1", 0.01, 30),
        ("canary-5", 0.05, 14),
        ("cutover", 1.0, 12),
        ("watch", None, 12),
    ):
        for second in range(seconds):
            split = share if share and second >= 2 else split
            for version in Version:
                part = split if version is Version.CANARY else 1 - split
                one = sample(at, version, round(4000 * part), dead=0)
                told.append(replace(one, phase=name, share=split))
            at += 1
    return told


def test_each_phase_of_a_run_begins_its_soak_when_its_split_arrives():
    told = [(round(second), v.word, v.hold) for second, v in replay(go_live(), PLAN)]
    proceeds = [second for second, word, _ in told if word is Word.PROCEED]

    assert all(second not in range(10, 34) for second in proceeds)
    assert 37 in proceeds and 51 in proceeds
    assert (40, Word.HOLD, Hold.SOAKING) in told


def test_a_sick_canary_after_cutover_waits_for_a_person():
    told = [
        replace(each, tally=replace(each.tally, failed=each.tally.requests // 3))
        if each.share == 1 and each.version is Version.CANARY
        else each
        for each in go_live()
    ]

    assert list(replay(told, PLAN))[-1][1].hold is Hold.AFTER_CUTOVER


def test_a_dead_route_is_seen_in_a_replay():
    assert changes(recording(60, dead=1))[-1][1:] == (Word.ROLLBACK, None, "checkout: failed")


def test_what_was_not_recorded_is_not_judged():
    told = [replace(each, gauges=Gauges()) for each in recording()]

    assert changes(told)[-1][2:] == (Hold.UNMEASURED, "cpu")
    assert changes(told, without=("cpu", "memory"))[-1][1] is Word.PROCEED


def spoiled(samples, second, **wrong):
    """Give the recording with what the canary has at one second changed."""
    return [
        replace(each, tally=replace(each.tally, **wrong))
        if each.version is Version.CANARY and each.at == second
        else each
        for each in samples
    ]


CASES = {
    "more failures than requests": {"failed": 90},
    "a count below zero": {"requests": -5},
    "NaN": {"requests": math.nan},
    "infinity": {"requests": math.inf},
    "more than anybody believes": {"requests": 10**9},
    "more over 1000 ms than over 500 ms": {"over": {500: 0, 1000: 1}},
}


@pytest.mark.parametrize("wrong", CASES.values(), ids=CASES)
def test_a_row_that_can_not_be_true_is_could_not_measure_and_no_soak_time(wrong):
    told, good = changes(spoiled(recording(), 20, **wrong)), changes(recording())

    assert (20, Word.HOLD, Hold.UNMEASURED, "") in told
    assert told[-1][0] == good[-1][0] + 1


def last_readings(samples):
    return [verdict.readings for _, verdict in replay(samples, PLAN)][-1]


def said(samples, second):
    return next(verdict.reason for at, verdict in replay(samples, PLAN) if at == second)


def test_a_second_that_is_repeated_is_named_and_counts_for_nobody():
    told = recording()
    twice = [*told, *[each for each in told if each.at == 39]]

    assert "stable: a second that is repeated" in said(twice, 39)
    assert last_readings(twice) == last_readings([each for each in told if each.at < 39])


def test_a_late_row_is_named_and_the_second_it_came_in_counts_for_nobody():
    told = recording()
    late = [*told, bare(30, Version.CANARY, 1000)]

    assert "canary: a row that is 9 s late" in said(late, 39)
    assert last_readings(late) == last_readings([each for each in told if each.at < 39])


def test_skipped_seconds_are_could_not_measure_and_no_soak_time():
    told = [each for each in recording(50) if not 15 <= each.at < 22]
    found = changes(told)

    assert (18, Word.HOLD, Hold.UNMEASURED, "") in found
    assert found[-1][1] is Word.PROCEED
    assert found[-1][0] == changes(recording())[-1][0] + 7


def test_a_recording_that_is_silent_for_too_long_is_rolled_back_as_blindness_is():
    told = [each for each in recording(60) if not 15 <= each.at < 40]
    *_, (second, verdict) = replay(told, PLAN)

    assert (verdict.word, verdict.criterion) == (Word.ROLLBACK, "blind")
    assert second == 23


def test_minutes_without_any_traffic_are_could_not_measure():
    told = [replace(each, tally=Tally()) if each.at >= 15 else each for each in recording(20)]

    assert "no request of either version" in said(told, 19)


@pytest.mark.parametrize("version", list(Version))
def test_a_version_that_never_appears_is_could_not_measure_and_never_proceeds(version):
    told = [each for each in recording(200, failed=0) if each.version is not version]
    found = list(replay(told, PLAN))

    assert found[-1][1].hold is Hold.UNMEASURED
    assert "could not measure" in found[-1][1].reason
    assert all(verdict.word is Word.HOLD for _, verdict in found)


NUMBERS = st.one_of(st.integers(-5, 300), st.sampled_from([math.nan, math.inf, -math.inf, 10**12]))
ROWS = st.tuples(st.integers(0, 60), st.sampled_from(list(Version)), NUMBERS, NUMBERS, NUMBERS)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=40))
def test_any_rows_in_any_order_give_a_verdict_and_none_proceeds_without_canary_requests(rows):
    told = [
        replace(bare(at, version, 0), tally=Tally(n, bad, over={500: slow, 1000: 0}))
        for at, version, n, bad, slow in rows
    ]
    verdicts = [verdict for _, verdict in replay(told, PLAN)]

    assert verdicts
    good = sum(each.tally.requests for each in told if each.version is Version.CANARY and each.tally.requests > 0)
    assert good or all(verdict.word is Word.HOLD for verdict in verdicts)


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 39), st.sampled_from(list(CASES.values())), st.booleans(), st.booleans())
def test_nothing_wrong_with_a_recording_lets_a_canary_proceed_sooner(second, wrong, late, twice):
    told = spoiled(recording(), second, **wrong)
    told += [bare(second, Version.CANARY, 5000)] * late + [told[-1]] * twice
    proceeds = [at for at, verdict in replay(told, PLAN) if verdict.word is Word.PROCEED]
    first = next(at for at, verdict in replay(recording(), PLAN) if verdict.word is Word.PROCEED)

    assert all(at >= first for at in proceeds)
