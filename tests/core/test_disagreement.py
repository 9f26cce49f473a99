"""A router that sent the canary more than it reports could not be measured."""

from hypothesis import given
from hypothesis import strategies as st

from golive.core.disagreement import FEWEST, Agreement, disagreement
from golive.core.samples import Unmeasured

COUNTS = st.integers(0, 1_000_000)


def test_over_five_percent_more_is_said_with_both_numbers():
    assert disagreement(1050, 1000) is None
    found = disagreement(1051, 1000)

    assert found is not None and found.why is Unmeasured.DISAGREES
    assert "1051" in found.detail and "1000" in found.detail


def test_a_canary_that_reports_nothing_is_said():
    assert disagreement(FEWEST, 0) is not None


@given(COUNTS, COUNTS)
def test_a_canary_that_reports_as_many_or_more_never_disagrees(sent, more):
    assert disagreement(sent, sent + more) is None


@given(st.integers(0, FEWEST - 1), COUNTS)
def test_few_requests_say_nothing(sent, reported):
    assert disagreement(sent, reported) is None


@given(st.integers(FEWEST, 1_000_000), COUNTS, st.integers(0, 1000))
def test_requests_in_flight_are_given_the_benefit_of_the_doubt(sent, reported, in_flight):
    strict, lenient = disagreement(sent, reported), disagreement(sent, reported, in_flight)

    assert lenient is None or strict is not None
    assert (strict is not None) == (sent - reported > 0.05 * reported)


def test_a_disagreement_stands_until_a_whole_stretch_agrees_again():
    agreement = Agreement()

    assert agreement.take(FEWEST - 1, 0) is None
    assert agreement.take(1, 0) is not None
    assert agreement.take(FEWEST - 1, FEWEST - 1) is not None
    assert agreement.take(1, 1) is None


def test_a_stretch_that_begins_anew_forgets_what_was_counted():
    agreement = Agreement()
    agreement.take(FEWEST - 1, 0)
    agreement.begin()

    assert agreement.take(1, 0) is None


@given(st.lists(st.integers(0, 500), min_size=1, max_size=50), st.integers(0, 500))
def test_a_canary_that_reports_a_moment_later_never_disagrees(each, late):
    """Two that are scraped at different moments: up to `late` of each moment's requests are reported with the next."""
    agreement, waiting, said = Agreement(), 0, []
    for sent in each:
        reported, waiting = waiting + max(0, sent - late), min(sent, late)
        said.append(agreement.take(sent, reported, sent))

    assert not any(said)


def test_half_of_the_requests_missing_is_found_although_each_moment_may_be_late():
    agreement = Agreement()

    assert any(agreement.take(100, 50, 100) for _ in range(50))
