"""Who is called, and when each is due, counted from what the record tells of a beginning."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.core.errors import PlanError
from golive.core.escalation import Call, beginning, turns
from golive.core.plan_text import parse
from golive.core.record import Kind
from golive.core.units import say_duration
from golive.pages.calling import escalation
from golive.plans import packaged
from tests.builders import Story, sandbox

TEXT = packaged()["sandbox"]
WRITTEN = TEXT[TEXT.index("escalation:\n") : TEXT.index("criteria:\n")]
NOON = datetime.fromisoformat("2026-01-01T12:00:00+00:00")


def plan(escalation):
    return parse(TEXT.replace(WRITTEN, f"escalation: {escalation}\n"), "plan.yaml")


def at(minute):
    return f"2026-01-01T12:{minute:02}:00.000Z"


def shown(minutes, of=None):
    story = Story().open()
    story.tell(Kind.REQUEST, {"act": "rollback", "because": "5xx"}, "canary-5", at(0))
    return escalation(of or sandbox(), beginning(story.entries), NOON + timedelta(minutes=minutes))


def stands(answer):
    return [row[-1] for row in answer.table.rows]


# When each is due


def test_the_runbooks_own_times_say_who_is_due_in_words():
    answer = shown(12)

    assert [(row[0], row[1], row[6]) for row in answer.table.rows] == [
        ("1", "sre_engineer", "12:00:00 UTC"),
        ("2", "sre_lead", "12:05:00 UTC"),
        ("3", "devops_manager", "12:15:00 UTC"),
        ("3", "cto", "12:15:00 UTC"),
        ("4", "devops_manager", "12:30:00 UTC"),
    ]
    assert stands(answer) == ["DUE since 12 min", "DUE since 7 min", "due in 3 min", "due in 3 min", "due in 18 min"]
    assert "level 2 is due now, TBD (sre_lead); next, level 3 due in 3 min" in answer.headline
    assert "TBD (devops_manager) and TBD (cto)" in answer.headline


@pytest.mark.parametrize(("seconds", "level"), [(0, 1), (299, 1), (300, 2), (899, 2), (900, 3), (1800, 4), (86400, 4)])
def test_a_level_is_due_from_its_very_second_on(seconds, level):
    assert f"level {level} is due now" in shown(seconds / 60).headline


def test_a_beginning_that_has_not_been_yet_by_this_clock_makes_nobody_due():
    assert "nobody is due yet" in shown(-1).headline


def test_plain_roles_have_an_order_and_no_times():
    answer = shown(99, plan("[sre_lead, cto]"))

    assert [(row[0], row[6]) for row in answer.table.rows] == [("1", "in its turn"), ("2", "in its turn")]
    assert stands(answer) == ["", ""] and "the plan says no times" in answer.headline


def test_of_a_run_that_is_over_nobody_is_due():
    answer = escalation(sandbox(), None)

    assert answer.headline == "call in this order" and set(stands(answer)) == {""}
    assert [row[6] for row in answer.table.rows] == [
        "at once",
        "after 5min",
        "after 15min",
        "after 15min",
        "after 30min",
    ]


@given(st.lists(st.integers(0, 90), min_size=1, max_size=6), st.integers(-10, 200))
def test_levels_ascend_without_a_gap_and_who_is_due_was_due_before_who_is_not(minutes, now):
    calls = [Call(role="cto", after=timedelta(minutes=one)) for one in sorted(minutes)]
    found = turns(calls, NOON)
    moment = NOON + timedelta(minutes=now)
    due = [turn.since(moment) >= timedelta(0) for turn in found]

    assert due == sorted(due, reverse=True)
    assert sorted({turn.level for turn in found}) == list(range(1, len(set(minutes)) + 1))
    assert sum(due) == sum(one <= now for one in minutes)


# Since when


def told(*kinds):
    story = Story().open()
    for number, (kind, body) in enumerate(kinds, 1):
        story.tell(kind, body, "canary-5", at(number))
    return beginning(story.entries)


ALARM = (Kind.NOTICE, {"level": "alarm", "title": "NOBODY STANDS BY"})
WARNING = (Kind.NOTICE, {"level": "warning", "title": "HOLD"})
VERDICT = (Kind.VERDICT, {"word": "ROLLBACK", "hold": None, "reason": "5xx"})
HELD = (Kind.VERDICT, {"word": "HOLD", "hold": None, "reason": "5xx"})
ASKED = (Kind.NOTE, {"text": "somebody asked whom to call", "incident": True})
REQUEST = (Kind.REQUEST, {"act": "rollback", "because": "5xx"})
INTENT = (Kind.INTENT, {"act": "rollback", "because": "5xx"})
SHIFT = (Kind.REQUEST, {"act": "shift", "share": 0.05})


@pytest.mark.parametrize(
    ("kinds", "minute", "by"),
    [
        ((ASKED, VERDICT, INTENT, REQUEST), 3, "the rollback"),
        ((ASKED, ALARM, REQUEST, INTENT), 3, "the rollback that ada asked for"),
        ((SHIFT, WARNING, HELD, ASKED, VERDICT, ALARM), 5, "the guard's first verdict ROLLBACK"),
        ((ALARM, VERDICT), 1, "the first alarm, NOBODY STANDS BY"),
        ((HELD, ASKED, ASKED), 2, "the first look at whom to call, as nobody was sent back and nothing alarmed"),
        (((Kind.OUTCOME, {**INTENT[1], "late": True}),), 1, "the rollback, written down late"),
    ],
)
def test_it_is_counted_from_the_rollback_else_from_what_alarmed_else_from_the_first_look(kinds, minute, by):
    found = told(*kinds)

    assert (found.at.minute, found.by) == (minute, by)


def test_a_run_in_which_nothing_went_wrong_has_no_beginning():
    assert told(SHIFT, HELD, WARNING) is None


# In a plan


def test_a_plan_of_plain_roles_is_the_same_as_ever():
    plain = plan("[sre_lead, cto]")

    assert plain.model_dump()["escalation"] == ("sre_lead", "cto")
    assert plain.fingerprint == plan("[{role: sre_lead}, {role: cto}]").fingerprint
    assert plain.fingerprint != plan("[sre_lead, {role: cto, after: 5min}]").fingerprint
    assert say_duration(plan("[{role: cto, after: 5min}]").escalation[0].after) == "5min"


@pytest.mark.parametrize(
    ("escalation", "why"),
    [
        ("[nobody]", "escalation: role 'nobody' is not in roles"),
        ("[{role: cto, after: 5}]", r"escalation\[0\].after is '5': a duration"),
        ("[{role: cto, aftr: 5min}]", r"escalation\[0\].aftr is no key of a plan: did you mean 'after'"),
        ("[{after: 5min}]", r"escalation\[0\].role is missing"),
        ("[{role: cto, after: 5min}, {role: sre_lead, after: 1min}]", "sre_lead is due after 1min, and .* must ascend"),
        ("cto", "escalation"),
    ],
)
def test_a_wrong_escalation_is_refused_by_its_line(escalation, why):
    with pytest.raises(PlanError, match=why):
        plan(escalation)
