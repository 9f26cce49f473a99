"""Holds are told with their reason and how long they lasted; a soak that is not over yet is none."""

from datetime import timedelta

import pytest

from golive.core.holds import holds
from golive.core.record import Kind
from golive.core.verdict import Hold
from tests.builders import Story

ENDS = {
    "the next verdict": (Kind.VERDICT, {"word": "PROCEED", "hold": None, "reason": "good"}),
    "the end of its phase": (Kind.PHASE_CLOSED, {}),
    "a rollback": (Kind.OUTCOME, {"act": "rollback", "result": "done"}),
    "the end of the run": (Kind.RUN_CLOSED, {"result": "held", "why": "a test"}),
}


def told(*parts):
    story = Story().open()
    for minute, (kind, body) in enumerate(parts):
        story.tell(kind, body, "canary-5", f"2026-01-01T12:{minute:02}:00.000Z")
    return holds(story.entries)


def hold(which=Hold.BETWEEN, reason="2 % failed"):
    return Kind.VERDICT, {"word": "HOLD", "hold": which, "reason": reason}


@pytest.mark.parametrize("end", ENDS)
def test_a_hold_lasts_until(end):
    (held,) = told(hold(), (Kind.NOTE, {"text": "a remark"}), ENDS[end])

    assert (held.hold, held.reason, held.lasted) == ("between the lines", "2 % failed", timedelta(minutes=2))


def test_one_that_goes_on_has_no_end():
    assert told(hold())[0].lasted is None


def test_a_rollback_that_was_not_confirmed_ends_none():
    assert told(hold(), (Kind.OUTCOME, {"act": "rollback", "result": "unknown"}))[0].lasted is None


def test_a_soak_that_is_not_over_is_no_hold_and_ends_one():
    (held,) = told(hold(Hold.UNMEASURED), hold(Hold.SOAKING))

    assert (held.hold, held.lasted) == ("could not measure", timedelta(minutes=1))
