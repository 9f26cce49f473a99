"""Somebody's text in Markdown is text, whatever it is."""

import html
import re

import mistune
from hypothesis import given
from hypothesis import strategies as st

from golive.core.plain import plain
from golive.pages.markdown import table, text

RENDER = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])
NASTY = st.text(st.sampled_from("ab <>&*_`[]()|\\~!#:/\n\u202e\x1b-1."), max_size=40)


@given(NASTY)
def test_it_makes_no_element_and_is_read_as_it_was_typed(said):
    shown = RENDER(f"so: {text(said)}")

    assert re.findall(r"<([a-z0-9]+)", shown) == ["p"]
    assert html.unescape(shown.removeprefix("<p>").removesuffix("</p>\n")) == f"so: {plain(said)}".strip()


@given(st.lists(st.tuples(NASTY, NASTY), min_size=1, max_size=4))
def test_a_table_has_its_rows_and_columns_whatever_its_cells_say(rows):
    shown = RENDER(table(("one", "two"), rows))

    assert shown.count("<tr>") == len(rows) + 1
    assert shown.count("<td>") == 2 * len(rows)
    assert set(re.findall(r"<([a-z0-9]+)", shown)) == {"table", "thead", "tbody", "tr", "th", "td"}


def test_it_is_bounded():
    assert len(text("x" * 10_000)) == 600
