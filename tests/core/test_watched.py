"""A watched line keeps its newest look, its worst moment, and how often it came to what."""

import hypothesis.strategies as st
from hypothesis import given

from golive.core.watched import Seen, Watched, from_json, seen_of

RESULTS = ("pass", "fail", "could not measure", "attested", "waived")
SEEN = st.builds(
    Seen,
    st.sampled_from(["2026-01-01T00:00:00.000Z", "2026-01-01T00:01:00.000Z"]),
    st.sampled_from(RESULTS),
    st.text(max_size=5),
    st.just("≤ 0.8"),
    st.none() | st.floats(-1, 1),
)


def line_of(looks):
    line = Watched.begun("database-pool", looks[0])
    for seen in looks[1:]:
        line = line.after(seen)
    return line


def seen(result, excess=None, at="2026-01-01T00:00:00.000Z"):
    return Seen(at, result, "seen", "expected", excess)


@given(st.lists(SEEN, min_size=1, max_size=20))
def test_nothing_is_worse_than_the_worst_moment_and_every_look_counts(looks):
    line = line_of(looks)

    assert line.worst in looks and line.newest == looks[-1]
    assert all(one.badness <= line.worst.badness for one in looks)
    assert sum(line.counts.values()) == len(looks)


@given(st.lists(SEEN, min_size=1, max_size=20))
def test_a_line_is_what_was_written_of_it(looks):
    line = line_of(looks)

    assert from_json(line.to_json()) == line


def test_within_its_limit_the_worst_moment_is_the_one_nearest_to_it():
    assert line_of([seen("pass", -0.5), seen("pass", -0.1), seen("pass", -0.3)]).worst.excess == -0.1


def test_a_failure_is_worse_than_what_could_not_be_measured_and_that_is_worse_than_a_pass():
    assert line_of([seen("pass"), seen("could not measure"), seen("fail"), seen("pass")]).worst.result == "fail"
    assert line_of([seen("pass"), seen("could not measure")]).worst.result == "could not measure"


def test_of_two_moments_that_are_as_bad_the_first_one_is_told():
    line = line_of([seen("fail", at="first"), seen("fail", at="second")])

    assert line.worst.at == "first"


def test_an_excess_that_is_no_number_is_none():
    body = {"result": "fail", "seen": "s", "expected": "e", "evidence": {"excess": "<script>"}}

    assert seen_of(body, "now").excess is None
    assert seen_of({**body, "evidence": {"excess": True}}, "now").excess is None
    assert seen_of({**body, "evidence": {"excess": 0.2}}, "now").excess == 0.2
