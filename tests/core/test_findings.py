"""A finding stands while it is good and fresh, or while a person's word on this very finding holds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from golive.core.findings import Excuse, Found, code_of, problem, problems

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER, EARLIER = (NOW + timedelta(minutes=1)).isoformat(), (NOW - timedelta(minutes=1)).isoformat()
BAD = Found("id", "scan", "fail", "c0de", LATER)
WORD = Excuse("waived", "scan", "c0de", LATER, "ada", "it is a false alarm")


def test_a_fresh_pass_stands_and_an_old_one_does_not():
    assert problem(Found("id", "scan", "pass", "x", LATER), (), NOW) == ""
    assert "was good until" in problem(Found("id", "scan", "pass", "x", EARLIER), (), NOW)


def test_a_failure_stands_only_while_somebody_excuses_it():
    assert problem(BAD, (), NOW) == "scan: fail"
    assert problem(BAD, (WORD,), NOW) == ""
    assert "has ended" in problem(BAD, (WORD,), NOW + timedelta(minutes=2))


def test_a_word_covers_one_finding_and_no_other():
    other = Found("id", "scan", "fail", "0ther", LATER)

    assert problem(other, (WORD,), NOW) == "scan: fail"
    assert problem(Found("id", "sast", "fail", "c0de", LATER), (WORD,), NOW) == "sast: fail"


def test_the_newest_word_counts():
    withdrawn = Excuse("waived", "scan", "c0de", EARLIER, "ada", "no longer")

    assert problem(BAD, (WORD, withdrawn), NOW) != ""


def test_every_problem_is_named():
    found = {"scan": BAD, "dns": Found("id", "dns", "could not measure", "x", LATER)}

    assert problems(found, (WORD,), NOW) == ["dns: could not measure"]


@given(st.lists(st.text(), min_size=4, max_size=4), st.integers(0, 3), st.text())
def test_what_differs_in_anything_has_another_code(texts, place, instead):
    other = [*texts]
    other[place] = instead

    assert (code_of(*texts) == code_of(*other)) == (texts == other)
