"""What speaks against going back to stable: nothing that is not measured, after the cutover also what is unproven."""

from datetime import UTC, datetime, timedelta

import pytest

from golive.core.doubts import StableNow, doubts, unproven
from golive.core.state import Act, State
from golive.core.way_back import AfterCutover

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PLAN = AfterCutover(rollback="hold", rollback_safe_until=timedelta(hours=24))
PROVEN = StableNow("", "")


def after_the_cutover(hours):
    at = (NOW - timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return State(run="run", split=1.0, cutover_at=at)


def test_before_the_cutover_only_a_sick_stable_speaks_against_it():
    assert doubts(State(run="run", split=0.25), PLAN, StableNow(), NOW) == ()
    (said,) = doubts(State(run="run", split=0.25), PLAN, StableNow("stable fails 30.0% too"), NOW)
    assert said == "stable is measured bad now: stable fails 30.0% too"


def test_after_the_cutover_the_way_back_is_open_for_a_proven_stable_and_for_as_long_as_the_plan_says():
    assert doubts(after_the_cutover(23), PLAN, PROVEN, NOW) == ()
    (late,) = doubts(after_the_cutover(25), PLAN, PROVEN, NOW)
    assert "going back was safe for 1d" in late


def test_after_the_cutover_a_stable_that_nobody_has_looked_at_is_not_proven():
    (said,) = doubts(after_the_cutover(1), PLAN, StableNow(), NOW)
    assert "not proven to carry everybody: no guard has looked at it just now" in said


def test_once_a_rollback_has_begun_nobody_is_asked_again():
    state = after_the_cutover(48)
    begun = State(**{**state.__dict__, "rollback": Act("rollback", "", "", "")})
    assert doubts(begun, PLAN, StableNow(), NOW) == ()


@pytest.mark.parametrize(
    ("well", "carried", "coming", "why"),
    [
        (3, 300.0, 320.0, ""),
        (3, 300.0, 331.0, "331 requests a second come now, and it is known to carry 300"),
        (2, 300.0, 100.0, "it answered 2 health probes in a row, and 3 are needed"),
        (3, None, 100.0, "nobody has measured what it carries alone"),
        (3, 300.0, None, "how many visitors come now could not be measured"),
    ],
)
def test_stable_is_proven_by_health_probes_just_now_and_by_having_carried_as_many(well, carried, coming, why):
    said = unproven(well, 3, carried, coming)
    assert (why in said) if why else said == ""


def test_what_a_guard_saw_is_read_back_as_it_was_and_of_nothing_nobody_knows():
    seen = StableNow("sick", "unproven")
    assert StableNow.from_json(seen.to_json()) == seen
    assert StableNow.from_json(None) == StableNow()
