"""The pair of guards as a pure function: who acts, who stands by, who ends whom."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.core.pair import (
    STARTS_WITHIN,
    Beat,
    GoOn,
    Lease,
    Leave,
    Member,
    Seen,
    StartStandby,
    StepDown,
    TakeOver,
    acting_silent,
    step,
    unguarded,
)

SILENT = 5.0


def member(name, host="web-1", started=1.0, boot="boot"):
    return Member(f"guard-{name}", host, boot, 100, started)


ADA, BOB, CY = member("ada"), member("bob", started=2.0), member("cy", started=3.0)


def beat(who, age=0.2, acting=False, fence=0):
    return Beat(who, acting, "2026-01-01T00:00:00.000Z", age, fence)


def stands_by(*beats, lease=None, me=BOB, ended=(), awake=100.0):
    return Seen(me, lease or Lease(1, ADA), tuple(beats), frozenset(ended), awake, SILENT)


def acts(*beats, lease=None, me=ADA, ended=(), awake=100.0, acting=50.0, started=None):
    beats = (beat(me, acting=True, fence=1), *beats)
    return Seen(me, lease or Lease(1, me), beats, frozenset(ended), awake, SILENT, acting, started)


def test_the_first_member_of_a_run_acts():
    assert step(Seen(ADA, None, (), frozenset(), 0.0, SILENT)) == TakeOver(0, "first", SILENT)


def test_a_standby_stands_by_while_the_acting_guard_beats():
    assert step(stands_by(beat(ADA, 4.9, acting=True), beat(BOB))) == GoOn()


def test_a_standby_ends_a_silent_guard_of_its_host_and_takes_over():
    move = step(stands_by(beat(ADA, 5.2, acting=True)))

    assert move == TakeOver(1, "guard-ada was silent for 5.2 s", SILENT, end=ADA)


@pytest.mark.parametrize("other", [member("ada", host="web-2"), member("ada", boot="later")])
def test_a_silent_guard_out_of_sight_is_not_ended(other):
    move = step(stands_by(beat(other, 5.2, acting=True), lease=Lease(1, other)))

    assert isinstance(move, TakeOver) and move.end is None


def test_what_a_standby_slept_through_it_holds_against_nobody():
    asleep = stands_by(beat(ADA, 2400.0, acting=True), awake=0.3)

    assert step(asleep) == GoOn()
    assert isinstance(step(replace(asleep, awake=5.1)), TakeOver)


def test_a_guard_whose_process_has_ended_is_not_waited_for():
    move = step(stands_by(beat(ADA, 0.3, acting=True), ended={"guard-ada"}, awake=0.0))

    assert move == TakeOver(1, "the process of guard-ada has ended", 0.0)


def test_a_lease_that_was_let_go_is_taken_at_once():
    assert step(stands_by(lease=Lease(4, ADA, released=True), awake=0.0)).over == 4
    assert step(stands_by(lease=Lease(4, ADA), awake=0.0)) == TakeOver(4, "guard-ada has left", SILENT)


def test_of_two_standbys_the_younger_leaves_and_the_older_stays():
    beats = (beat(ADA, acting=True), beat(BOB), beat(CY))

    assert step(stands_by(*beats, me=CY)) == Leave("guard-bob stands by already")
    assert step(stands_by(*beats, me=BOB)) == GoOn()


def test_a_standby_on_another_host_is_worth_more_than_an_older_one_beside_the_acting_guard():
    far = member("far", host="web-2", started=9.0)
    beats = (beat(ADA, acting=True), beat(BOB), beat(far))

    assert isinstance(step(stands_by(*beats, me=BOB)), Leave)
    assert step(stands_by(*beats, me=far)) == GoOn()


def test_a_standby_does_not_leave_for_a_frozen_one():
    beats = (beat(ADA, acting=True), beat(BOB, 6.0), beat(CY))

    assert step(stands_by(*beats, me=CY)) == GoOn()


def test_the_acting_guard_goes_on_while_somebody_stands_by():
    assert step(acts(beat(BOB, 4.0))) == GoOn()


def test_the_acting_guard_steps_down_when_another_holds_the_lease():
    assert isinstance(step(acts(beat(BOB), lease=Lease(2, BOB))), StepDown)
    assert isinstance(step(acts(beat(BOB), lease=Lease(1, ADA, released=True))), StepDown)


def test_the_acting_guard_starts_a_standby_when_none_lives():
    assert step(acts(lease=Lease(2, ADA), acting=0.1)) == StartStandby("nobody stands by")
    assert step(acts(beat(BOB, 0.5), ended={"guard-bob"})).gone == (BOB,)
    assert step(acts(beat(BOB, 5.5))) == StartStandby("guard-bob was silent for 5.5 s", (BOB,))


def test_the_acting_guard_of_a_new_run_lets_the_first_seconds_pass():
    assert step(acts(acting=4.0)) == GoOn()
    assert isinstance(step(acts(acting=5.1)), StartStandby)


def test_the_acting_guard_that_slept_does_not_count_its_standby_as_frozen():
    assert step(acts(beat(BOB, 2400.0), awake=0.5)) == GoOn()


def test_a_standby_that_was_just_started_is_given_time_to_beat():
    assert step(acts(started=1.0)) == GoOn()
    assert isinstance(step(acts(started=STARTS_WITHIN)), StartStandby)


AGES = st.one_of(st.floats(0, 20), st.just(math.inf))


@st.composite
def pairs(draw):
    people = [ADA, BOB, CY]
    holder = draw(st.sampled_from(people))
    lease = draw(st.one_of(st.none(), st.builds(Lease, st.integers(1, 9), st.just(holder), st.booleans())))
    acting = holder.guard if lease and not lease.released else ""
    shown = draw(st.lists(st.sampled_from(people), unique=True))
    beats = tuple(beat(who, draw(AGES), acting=who.guard == acting) for who in shown)
    ended = draw(st.frozensets(st.sampled_from([who.guard for who in people])))
    return Seen(draw(st.sampled_from(people)), lease, beats, ended, draw(st.floats(0, 20)), SILENT)


@given(pairs())
def test_nobody_is_ended_whose_beat_is_fresh(seen):
    move = step(seen)
    ages = {one.member: one.age for one in seen.beats}

    if isinstance(move, TakeOver) and move.end is not None:
        assert ages[move.end] > SILENT and move.end.beside(seen.me)


@given(pairs(), st.floats(0, 100), st.one_of(st.none(), st.floats(0, 100)))
def test_only_the_holder_of_the_lease_goes_on_acting_or_starts_anybody(seen, acting, started):
    move = step(replace(seen, acting=acting, started=started))
    holds = seen.lease is not None and not seen.lease.released and seen.lease.holder == seen.me

    assert isinstance(move, GoOn | StartStandby) == holds
    assert holds or isinstance(move, StepDown)


@given(pairs())
def test_a_standby_never_starts_anybody_and_never_steps_down(seen):
    assert isinstance(step(seen), GoOn | TakeOver | Leave)


@given(pairs())
def test_whoever_is_guarded_has_somebody_who_beats(seen):
    assert unguarded(seen.beats, SILENT) <= acting_silent(seen.beats, SILENT)
