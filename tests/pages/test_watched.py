"""Watched lines and long watches as rows: what is not good first, each with its worst moment."""

from dataclasses import replace

from golive.core.folding import fold
from golive.core.record import Kind
from golive.core.watched import Seen, Watched
from golive.pages.answer import Answer
from golive.pages.retold import soaked
from golive.pages.watched import summaries_table, watched_table
from tests.builders import Story, sandbox

GOOD = Seen("2026-01-01T12:00:05.000Z", "pass", "0.4", "≤ 0.8", -0.4)
BAD = Seen("2026-01-01T12:03:07.000Z", "fail", "0.95", "≤ 0.8", 0.15)


def told(*looks, called="database-pool"):
    line = Watched.begun(called, looks[0])
    for look in looks[1:]:
        line = line.after(look)
    return line.to_json()


def test_a_line_that_is_not_good_comes_first_and_one_that_is_good_again_tells_when_it_was_not():
    table = watched_table([told(GOOD, BAD, GOOD), told(BAD, called="cdn-hit-ratio")])

    assert table is not None
    assert [row[:2] for row in table.rows] == [("✖", "cdn-hit-ratio"), ("✔", "database-pool")]
    assert table.rows[1][4:] == ("3, 1 not good", "12:03:07 UTC", "fail: 0.95")


def test_where_nothing_was_watched_there_is_no_table():
    assert watched_table([]) is None and summaries_table([]) is None


def test_what_a_site_has_answered_is_text_on_the_page():
    hostile = replace_seen("<script>alert(1)</script>")
    page = Answer("HOLD", "x", table=watched_table([told(hostile)])).html()

    assert "<script>" not in page and "&lt;script&gt;" in page


def replace_seen(text):
    return BAD._replace(seen=text)


def test_a_stretch_without_visitors_says_so():
    table = summaries_table([{"since": "2026-01-01T06:00:00Z", "until": "2026-01-01T07:00:00Z", "versions": {}}])

    assert table is not None
    assert table.rows[0][:4] == ("06:00", "07:00", "0", "not measured")


def test_a_soak_that_ended_in_a_hold_says_first_what_holds():
    story = Story().open()
    reason = "database-pool: 0.95, where ≤ 0.8 was expected"
    body = {"seconds": 68.0, "word": "HOLD", "reason": reason, "seen": {}, "watched": [told(BAD)]}
    story.tell(Kind.SOAKED, body, "canary-25")
    here = fold(story.entries).named("canary-25")
    answer = soaked(here, (), sandbox(), "")
    good = soaked(replace(here, soaked={**here.soaked, "word": "PROCEED"}), (), sandbox(), "")

    assert (answer.word, answer.headline) == ("HOLD", reason)
    assert answer.table is not None and answer.table.rows[0][1] == "database-pool"
    assert good.word == "DONE" and good.headline != reason
