"""An answer reads the same in text and in HTML, and is safe to show."""

import pytest

from golive.pages.answer import LONGEST, Answer, Table


def test_numbers_keep_their_unit_on_one_line_and_long_texts_wrap():
    html = Answer("DONE", "x", [("failed", "0.09 %")], Table(("why",), [("a long sentence that must wrap",)])).html()

    assert 'white-space:nowrap;">0.09 %' in html
    assert 'overflow-wrap:anywhere;">a long sentence' in html


@pytest.mark.parametrize(
    ("then", "typed"),
    [
        ("await go.soak()", True),
        ('go.decide("proceed", "KTRM", because="…")', True),
        ("golive verify run", True),
        ("04_canary_50.ipynb", True),
        ("the next cell", False),
        ("mend what failed, then run this cell again", False),
    ],
)
def test_only_what_can_be_typed_looks_like_it(then, typed):
    assert ("<code>" in Answer("DONE", "x", next=then).html()) is typed


def test_a_table_without_rows_is_not_shown():
    answer = Answer("PROCEED", "every check passed", table=Table(("criterion", "seen"), []))

    assert "criterion" not in str(answer) and "criterion" not in answer.html()


def test_what_a_site_sends_is_escaped_and_bounded():
    html = Answer("FAIL", "<img src=x onerror=alert(1)>" + "y" * 10_000).html()

    assert "<img" not in html and len(html) < LONGEST + 500
