"""The chain shows every change."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.core.errors import RecordBroken
from golive.core.record import Kind, from_json, verify
from tests.builders import Story


def story(length):
    told = Story().open()
    for number in range(length):
        told.tell(Kind.NOTE, {"text": f"note {number}"})
    return told.entries


@given(st.integers(0, 5))
def test_an_untouched_chain_verifies_to_its_head(length):
    entries = story(length)

    assert verify(entries) == entries[-1]


@given(st.integers(0, 4), st.text(min_size=1))
def test_a_changed_body_is_found(at, text):
    entries = story(4)
    entries[at] = replace(entries[at], body={"changed": text})

    with pytest.raises(RecordBroken, match=f"entry {at + 1}"):
        verify(entries)


@given(st.integers(0, 3))
def test_a_missing_entry_is_found(at):
    entries = story(4)
    del entries[at]

    with pytest.raises(RecordBroken):
        verify(entries)


@given(st.permutations(range(4)).filter(lambda order: list(order) != [0, 1, 2, 3]))
def test_another_order_is_found(order):
    entries = story(3)

    with pytest.raises(RecordBroken):
        verify([entries[i] for i in order])


def test_an_entry_survives_its_own_line():
    entry = story(1)[1]

    assert from_json(entry.to_json()) == entry


def test_a_line_that_is_no_entry_is_named():
    with pytest.raises(RecordBroken, match="entry 7"):
        from_json({"seq": 7, "kind": "nonsense"})
