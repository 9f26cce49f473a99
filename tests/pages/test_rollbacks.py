"""What a page says of a rollback: what was seen, what is left to undo, and that another run's router was left alone."""

from golive.core.state import Act
from golive.pages.rollbacks import asked_once_more, rollback_answer, unrecorded_rollback

ROWS = [
    {"name": "nightly job", "sentence": "switch it off", "result": "fail", "seen": "it is on"},
    {"name": "old tabs", "sentence": "ask people to reload", "result": "not checked", "seen": ""},
]


def rolled(result="done", **verified):
    seen = {"read_back": 0.0, "seconds_to_safe": 0.03, "tries": 1, "stable_healthy": True, **verified}
    detail = {"because": "errors", "verified": seen, "seen": "left alone: claimed by b@there"}
    return Act("rollback", "", "", "", "i", result, detail, "2026-01-01T00:00:05.000Z")


def test_what_moving_visitors_does_not_undo_stands_under_the_answer_with_what_was_seen_of_it():
    said = str(rollback_answer(rolled(also_undo=ROWS)))

    assert "ROLLED BACK" in said
    assert "nightly job" in said and "switch it off" in said and "it is on" in said
    assert "old tabs" in said and "not checked" in said


def test_visitors_that_nobody_counted_are_not_none():
    assert ("visitors on the canary after", "not counted") in rollback_answer(rolled(counted_after=None)).facts
    assert ("visitors on the canary after", "0") in rollback_answer(rolled(counted_after=0)).facts


def test_a_rollback_that_was_left_alone_says_whose_the_router_is_and_is_none():
    answer = rollback_answer(rolled("superseded"))

    assert (answer.word, answer.next) == ("LEFT ALONE", "golive status")
    assert "claimed by b@there" in answer.headline


def test_what_a_last_resort_did_is_told_beside_a_rollback_that_is_not_confirmed():
    answer = rollback_answer(rolled("failed", last_resort=["command: pkill canary ended with status 0"]))

    assert answer.word == "FAIL" and "ROLLBACK.txt" in answer.headline
    assert ("last resort", "command: pkill canary ended with status 0") in answer.facts


def test_a_rollback_that_could_not_be_recorded_says_where_it_is_kept():
    answer = unrecorded_rollback(True, False, "", {"read_back": 0.0, "also_undo": ROWS}, "kept in late")

    assert ("not recorded", "kept in late") in answer.facts and answer.table.rows[0][1] == "nightly job"


def test_the_second_question_gives_what_to_type_as_it_would_be_typed():
    answer = asked_once_more(("stable is sick",), 'a "quoted" reason')

    assert answer.next.startswith('await go.rollback(because="a \\"quoted\\" reason", even_though=')
