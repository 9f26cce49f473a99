"""Recorded samples: a wrong form is one clear error, and nothing else comes out of any text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.core import recorded
from golive.core.digest import row, write_rows
from golive.core.errors import SamplesWrong
from golive.core.recorded import parse
from golive.core.samples import Tally, Version
from tests.builders import sample, sandbox

HEADER = "second,version,requests,failed,over_500ms,over_1000ms"
ROW = "1,canary,10,0,0,0"


def parsed(*lines):
    return parse([f"{line}\n" for line in lines], "x.csv")


def test_a_samples_file_gives_its_samples_back():
    samples = [sample(at, version, 100, 3, 2, dead=1) for at in (1, 2) for version in Version]
    found = parse(write_rows(row(each) for each in samples).splitlines(keepends=True), "samples.csv")

    assert [(s.version, s.tally, s.gauges, s.phase, s.share, s.seconds) for s in found.samples] == [
        (s.version, s.tally, s.gauges, s.phase, s.share, s.seconds) for s in samples
    ]
    assert [s.routes["checkout"].failed for s in found.samples] == [1] * 4
    assert found.without(sandbox()) == ()


def test_what_was_not_recorded_is_named():
    assert parsed(HEADER, ROW).without(sandbox()) == ("client_errors", "cpu", "memory", "checkout: failed")


def test_without_a_column_for_it_a_stretch_is_as_long_as_most_steps():
    rows = [f"{second},canary,10,0,0,0" for second in (0, 5, 10, 15, 60)]

    assert {each.seconds for each in parsed(HEADER, *rows).samples} == {5.0}
    assert {each.seconds for each in parsed(HEADER, ROW).samples} == {1.0}


WRONG = {
    "nothing at all": ((), "x.csv is empty: a header was expected"),
    "a header alone": ((HEADER,), "no sample"),
    "a missing column": (("second,version,requests", "1,canary,1"), "no column failed, over_500ms, over_1000ms among"),
    "another delimiter": ((HEADER.replace(",", ";"), ROW.replace(",", ";")), "divided by ';': ',' was expected"),
    "tabs": ((HEADER.replace(",", "\t"),), r"divided by '\\t'"),
    "a column twice": ((HEADER + ",failed", ROW + ",0"), "column 'failed' stands twice"),
    "an unknown version": ((HEADER, "1,cannary,1,0,0,0"), "line 2, column version: 'cannary': .*did you mean 'canary'"),
    "a word for a count": ((HEADER, ROW, "2,canary,many,0,0,0"), "line 3, column requests: 'many': a number was"),
    "a rate for a count": ((HEADER, "1,canary,1.5,0,0,0"), "column requests: '1.5': a whole number"),
    "a word for an edge": ((HEADER, "1,canary,1,0,x,0"), "line 2, column over_500ms: 'x'"),
    "no second": ((HEADER, "nan,canary,1,0,0,0"), "line 2, column second: 'nan': seconds as a plain number"),
    "a cell too few": ((HEADER, "1,canary,1,0,0"), "line 2: 5 cells: 6 were expected"),
    "a share above one": ((HEADER + ",share", ROW + ",25"), "column share: '25': a share from 0 to 1"),
    "a stretch of no length": ((HEADER + ",seconds", ROW + ",0"), "column seconds: '0'"),
    "a NUL byte": ((HEADER, "1,canary\0,1,0,0,0"), "line 2: a NUL byte"),
    "a line without end": ((HEADER, "1" * 30_000), "line 2: 30001 characters"),
}


@pytest.mark.parametrize(("lines", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_form_is_said_in_two_lines(lines, said):
    with pytest.raises(SamplesWrong, match=said) as error:
        parsed(*lines)

    assert len(str(error.value).splitlines()) == 2
    assert str(error.value).splitlines()[1].startswith("NEXT ")


def test_bytes_that_are_no_text_are_said(tmp_path):
    place = tmp_path / "x.csv"
    place.write_bytes(b"\x89PNG\r\n\xff\xfe")
    with place.open(encoding="utf-8", newline="") as lines, pytest.raises(SamplesWrong, match=r"no UTF-8 text.*0x89"):
        parse(lines, "x.csv")


def test_more_samples_than_can_be_held_are_refused(monkeypatch):
    monkeypatch.setattr(recorded, "MOST_ROWS", 3)
    with pytest.raises(SamplesWrong, match="more than 3 samples"):
        parsed(HEADER, *[ROW] * 4)


@pytest.mark.parametrize(
    ("cell", "count"), [("nan", math.nan), ("", math.nan), ("inf", math.inf), ("9" * 400, math.inf), ("-1", -1)]
)
def test_a_count_that_can_not_be_true_is_kept_for_whoever_judges(cell, count):
    (found,) = parsed(HEADER, f"1,canary,{cell},0,0,0").samples

    assert found.tally.requests == count or math.isnan(count)
    assert isinstance(found.tally, Tally)


CELLS = st.one_of(
    st.text(max_size=12), st.integers().map(str), st.floats().map(str), st.sampled_from(["canary", "stable", "1", ""])
)


@given(st.lists(st.lists(CELLS, max_size=8).map(",".join), max_size=8), st.booleans())
def test_any_text_gives_samples_or_the_one_error(lines, headed):
    try:
        found = parsed(*([HEADER] if headed else []), *lines)
    except SamplesWrong as error:
        assert len(str(error).splitlines()) <= 3
        assert "x.csv" in str(error) and len(str(error)) < 900
    else:
        assert found.samples
