"""A finding stands while it is good and fresh, or while a person's word on this very finding holds."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from golive.core.findings import Excuse, Found, code_of, problem, problems
from golive.core.moments import Moment

THEN = Moment(datetime(2026, 1, 1, tzinfo=UTC), "boot", 1000.0)


def later(minutes):
    return Moment(THEN.at, "boot", THEN.seconds + 60 * minutes)


NOW = later(1)
BAD = Found("id", "scan", "fail", "c0de", THEN, 120.0)
WORD = Excuse("waived", "scan", "c0de", THEN, 120.0, "2026-01-01T00:02:00.000Z", "ada", "it is a false alarm")


def test_a_fresh_pass_stands_and_an_old_one_does_not_whatever_becomes_of_the_clock():
    good = Found("id", "scan", "pass", "x", THEN, 120.0, "2026-01-01T00:02:00.000Z")

    assert problem(good, (), NOW) == ""
    assert "was good until" in problem(good, (), later(3))


def test_a_failure_stands_only_while_somebody_excuses_it():
    assert problem(BAD, (), NOW) == "scan: fail"
    assert problem(BAD, (WORD,), NOW) == ""
    assert "has ended" in problem(BAD, (WORD,), later(3))


def test_a_word_covers_one_finding_and_no_other():
    other = replace(BAD, code="0ther")

    assert problem(other, (WORD,), NOW) == "scan: fail"
    assert problem(replace(BAD, called="sast"), (WORD,), NOW) == "sast: fail"


def test_the_newest_word_counts():
    withdrawn = replace(WORD, good_for=1.0)

    assert problem(BAD, (WORD, withdrawn), NOW) != ""


def test_every_problem_is_named():
    found = {"scan": BAD, "dns": Found("id", "dns", "could not measure", "x", THEN)}

    assert problems(found, (WORD,), NOW) == ["dns: could not measure"]


@given(st.lists(st.text(), min_size=4, max_size=4), st.integers(0, 3), st.text())
def test_what_differs_in_anything_has_another_code(texts, place, instead):
    other = [*texts]
    other[place] = instead

    assert (code_of(*texts) == code_of(*other)) == (texts == other)
