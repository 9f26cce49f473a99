"""An answer reads the same in text and in HTML, and is safe to show."""

import re
import time
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.core.errors import Stopped
from golive.core.samples import Version
from golive.pages import charts, evidence
from golive.pages.answer import LONGEST, Answer, Table
from golive.pages.charts import Event, soak_chart
from golive.pages.looks import GROUNDS, PAPER, PLAIN, WHITE, contrast, line_of
from golive.pages.words import GLYPHS, both, glyph
from tests.builders import sample, sandbox


def test_numbers_keep_their_unit_on_one_line_and_long_texts_wrap():
    html = Answer("DONE", "x", [("failed", "0.09 %")], Table(("why",), [("a long sentence that must wrap",)])).html()

    assert 'white-space:nowrap;"><bdi>0.09 %' in html
    assert 'overflow-wrap:anywhere;"><bdi>a long sentence' in html


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

    assert "<img" not in html and len(html) < LONGEST + 1200


class Seen(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")


NASTY = st.text() | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        "<!-- --><svg/onload=alert(1)>",
        "</bdi></td></table><style>*{display:none}</style>",
        "\x1b[2J\x1b]0;owned\x07",
        "\u202egnihtyreve si llew\u202c",
        "line\r\nNEXT  rm -rf",
        "\u05d0\u05de\u05ea 🎉 👩\u200d🚒",
        "\x00\x9b31m\ud800",
    ]
)
SHOWN = {"div", "b", "bdi", "table", "thead", "tbody", "tr", "td", "code", "img"}


@given(NASTY, NASTY)
def test_whatever_is_typed_or_logged_is_inert_in_html_and_moves_nothing_in_a_terminal(typed, logged):
    table = Table(("line", typed), [(logged, typed)])
    answer = Answer("DONE", f"proceed, signed {typed}: {logged}", [(typed, logged)], table, b"png", typed, logged)
    seen, shown = Seen(answer.html()), str(answer)

    assert seen.tags <= SHOWN
    assert {(tag, name) for tag, name, _ in seen.attributes} <= {(t, "style") for t in SHOWN} | {
        ("img", "alt"),
        ("img", "src"),
    }
    assert all(value.startswith("data:") for _, name, value in seen.attributes if name == "src")
    for text in (shown, *seen.text):
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"]
    assert len([line for line in shown.splitlines() if line.startswith("NEXT")]) <= 1
    shown.encode()


@given(NASTY)
def test_a_stop_is_two_lines_whatever_it_quotes(typed):
    lines = Stopped(f"because {typed}", f"go.decide({typed})")._render_traceback_()

    assert [line.split()[0] for line in lines] == ["STOPPED", "NEXT"]
    assert not [c for line in lines for c in line if unicodedata.category(c) in ("Cc", "Cf")]


def test_what_people_typed_can_still_be_read():
    shown = str(Answer("DONE", 'it\'s "fine" 🎉 \u05d0\u05de\u05ea'))

    assert 'it\'s "fine" 🎉 \u05d0\u05de\u05ea' in shown


@pytest.mark.parametrize("title", ["$\\frac{1}", "costs $5 and $6_^", "<b>\x1b[2J\u202e", ""])
def test_a_chart_is_drawn_whatever_stands_in_its_title(title):
    made = [sample(at, version, 40, 1) for at in range(1, 9) for version in Version]
    picture = soak_chart(made, criteria=sandbox().criteria, title=title, events=[Event(1_700_000_003, title)])

    assert picture.startswith(b"\x89PNG")


# Looks


def test_every_text_has_the_contrast_that_tired_eyes_need():
    grounds = {GROUNDS.get(word, PLAIN) for word in [*GLYPHS, "SANDBOX"]}
    inks = [style["color"] for style in (*charts.STYLES.values(), *evidence.STYLES) if style["color"] != "black"]

    assert min(contrast(WHITE, ground) for ground in grounds) >= 4.5
    assert min(contrast(ink, PAPER) for ink in inks) >= 4.5


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_words_that_differ_in_what_they_mean_differ_without_colour():
    meanings = {word: (glyph(word), line_of(word)) for word in ("PROCEED", "HOLD", "ROLLBACK", "STOPPED", "WAITING")}

    assert len({glyph for glyph, _ in meanings.values()}) == 5
    assert [meanings[word][1] for word in ("PROCEED", "HOLD", "ROLLBACK")] == ["solid", "dashed", "double"]


def test_lines_of_a_chart_differ_by_more_than_colour():
    for styles in (list(charts.STYLES.values()), evidence.STYLES):
        drawn = [(str(style["linestyle"]), style["linewidth"]) for style in styles]
        assert len(set(drawn)) == len(drawn)


def test_a_picture_keeps_its_place_before_it_is_drawn():
    made = [sample(at, version, 40) for at in range(1, 9) for version in Version]
    empty, full = (soak_chart(s, criteria=sandbox().criteria, title="t" * n) for s, n in (([], 1), (made, 300)))
    sizes = [
        re.search(r'width="(\d+)" height="(\d+)"', Answer("HOLD", "x", picture=p).html()).groups()
        for p in (empty, full)
    ]

    assert sizes == [("820", "640")] * 2


def test_colours_are_those_of_the_theme_that_is_on():
    html = Answer("DONE", "x").html()

    assert "color:var(--jp-content-font-color1,inherit)" in html and "background:var(--jp-layout-color1," in html


@pytest.mark.parametrize(
    ("zone", "said"),
    [("UTC", "22:13:20 UTC"), ("Europe/Istanbul", "22:13:20 UTC (01:13:20 +03)")],
)
def test_a_time_of_day_is_utc_with_local_time_beside_it_where_that_differs(zone, said, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert both("2023-11-14T22:13:20.000Z") == said
    finally:
        monkeypatch.undo()
        time.tzset()
