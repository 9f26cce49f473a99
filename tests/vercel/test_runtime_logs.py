"""Lines of a runtime log: delimiters, repeats, cuts and hostile bytes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.vercel.runtime_logs import (
    LONGEST_LINE,
    REMEMBERED,
    Delimiter,
    Line,
    Lines,
    Seen,
    Unreadable,
    line_of,
)


def row(**changed: object) -> bytes:
    said = {"rowId": "r1", "timestampInMs": 1, "level": "error", "source": "serverless", "message": "panic: no map"}
    return json.dumps({**said, "requestPath": "/api/x", "responseStatusCode": 500, **changed}).encode()


def test_a_row_gives_its_level_its_message_and_its_answer() -> None:
    assert line_of(row()) == Line("r1", 1.0, "error", "panic: no map", "/api/x", 500)


def test_delimiters_and_empty_lines_are_no_rows() -> None:
    assert line_of(row(source="delimiter", message="")) == Delimiter()
    assert line_of(b"  ") is None


def test_a_row_is_critical_by_its_level_or_its_message() -> None:
    line = line_of(row(level="fatal", message="Out Of Memory"))
    assert isinstance(line, Line)
    assert line.critical(("fatal",)) and line.critical(("out of memory",)) and not line.critical(("panic",))


def test_a_row_without_an_answer_has_no_status() -> None:
    for status in (None, "500", float("nan"), True, 10**400):
        line = line_of(row(responseStatusCode=status))
        assert isinstance(line, Line) and line.status == 0


def test_a_row_that_stands_again_in_a_stream_opened_again_is_no_news() -> None:
    seen, line = Seen(), line_of(row())
    assert isinstance(line, Line)
    assert [seen.news(line), seen.news(line)] == [True, False]


def test_what_is_remembered_is_bounded() -> None:
    seen, first = Seen(), Line("first", 0, "", "", "", 0)
    assert seen.news(first)
    assert all(seen.news(Line(str(number), 0, "", "", "", 0)) for number in range(REMEMBERED))
    assert seen.news(first)


def test_a_line_that_never_ends_is_told_once_and_the_next_one_is_read() -> None:
    lines = Lines()
    found = [one for _ in range(5) for one in lines.feed(b"x" * LONGEST_LINE)]
    assert len(found) == 1 and isinstance(found[0], Unreadable)
    assert lines.feed(b"end\n" + row() + b"\n") == [line_of(row())]


@given(st.lists(st.sampled_from((row(), row(rowId="r2"), b"", b"{", row(source="delimiter"))), max_size=8), st.data())
def test_how_a_stream_is_cut_changes_nothing(texts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(text + b"\n" for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    lines, found = Lines(), []
    for begun, over in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += lines.feed(stream[begun:over])
    assert found == [line for text in texts if (line := line_of(text)) is not None]


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_line_or_none_or_unreadable(text: bytes) -> None:
    assert isinstance(line_of(text), Line | Delimiter | Unreadable | None)


@given(st.dictionaries(st.sampled_from(("rowId", "level", "message", "source")), st.none() | st.integers() | st.text()))
def test_whatever_stands_in_a_row_is_bounded(changed: dict[str, object]) -> None:
    line = line_of(row(**changed))
    if isinstance(line, Line):
        assert max(map(len, (line.id, line.level, line.message, line.path))) <= 300
