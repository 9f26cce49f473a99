"""Making an entry never fails."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from golive.core.canonical import LONGEST_TEXT, canonical, tame

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4),
    max_leaves=12,
)


@given(ANYTHING)
def test_whatever_is_tamed_is_canonical_json(value):
    line = canonical(tame(value))

    assert canonical(json.loads(line)) == line


@given(ANYTHING)
def test_taming_twice_changes_nothing(value):
    assert tame(tame(value)) == tame(value)


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")


def test_a_repr_that_raises_is_told_as_such():
    assert tame(Hostile()) == {"not-json": "Hostile", "text": "repr raised RuntimeError"}


def test_a_cycle_ends():
    loop: list[object] = []
    loop.append(loop)

    canonical(tame(loop))


def test_a_long_text_is_cut_and_says_so():
    cut = tame("x" * 10_000)

    assert len(cut) <= LONGEST_TEXT
    assert cut.endswith("characters were cut")


def test_a_moment_is_utc_text():
    assert tame(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05Z"
