"""The picture of the evidence: its title says what it shows, and a verdict page carries it."""

from dataclasses import replace

from golive.core.judging.judge import Alarms, judge
from golive.core.samples import Version
from golive.core.verdict import Word
from golive.pages.evidence import MOST_POINTS, Point, evidence_chart, evidence_title, points_of, thinned
from golive.pages.tables import verdict_answer
from golive.ports import EvidenceNote
from tests.builders import sample
from tests.core.test_judge import begun

PNG = b"\x89PNG"


def traced(seconds, requests=80, failed=0):
    seen, points = begun(), []
    for at in range(1, seconds + 1):
        seen.add(sample(at, Version.STABLE, 240), sample(at, Version.CANARY, requests, failed))
        verdict = judge(seen, Alarms())
        readings = [reading for reading in verdict.readings if reading.criterion in seen.counts]
        shares = {each.criterion: (each.rollback_evidence, each.proceed_evidence) for each in readings}
        points.append(Point(at, shares))
    return points, verdict


def test_a_healthy_canary_is_titled_as_one():
    assert evidence_title(*traced(9)) == "Nothing speaks against the canary, and what was counted is enough to proceed"


def test_too_early_says_how_many_requests_of_how_many():
    title = evidence_title(*traced(9, requests=2))

    assert title.startswith("Nothing speaks against the canary; 14 of about ")
    assert title.endswith("requests that are needed")


def test_a_sick_canary_says_when_the_line_was_crossed():
    points, verdict = traced(5, failed=25)
    crossed = next(point.second for point in points if point.shares["failed"][0] >= 1)

    assert verdict.word is Word.ROLLBACK
    assert evidence_title(points, verdict).endswith(f"too many requests fail crossed the line after {crossed - 1} s")


def test_between_the_lines_is_said_with_its_numbers():
    title = evidence_title(*traced(20, requests=100, failed=2))

    assert title.startswith("Too bad to proceed, not bad enough to roll back: 40 of 2000 requests failed: 2.00%")


def test_every_one_of_them_is_a_small_picture():
    for story in (traced(9), traced(9, requests=2), traced(5, failed=25), traced(20, requests=100, failed=2)):
        drawn = evidence_chart(*story)
        assert drawn.startswith(PNG) and len(drawn) < 60_000
    assert evidence_chart([], traced(2)[1]).startswith(PNG)


def test_a_long_soak_is_thinned_and_keeps_its_ends():
    points = [Point(second, {}) for second in range(86_400)]
    kept = thinned(points)

    assert len(kept) == MOST_POINTS
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]


def test_the_guards_notes_become_seconds_since_the_first():
    notes = [EvidenceNote(f"2026-01-01T00:00:0{n}.500Z", {"failed": [0.0, n / 10]}) for n in range(3)]

    assert [point.second for point in points_of(notes)] == [0.0, 1.0, 2.0]
    assert points_of([]) == []


def test_a_verdict_page_carries_both_pictures_and_says_how_much_evidence_there_is():
    _, verdict = traced(9, requests=2)
    answer = verdict_answer(verdict, code="KTRM", picture=PNG, note="", evidence=(PNG, "<what it shows>"))
    readings = [verdict.readings[0]._replace(rollback_evidence=evidence) for evidence in (0.4, 1.2)]
    said = [str(verdict_answer(replace(verdict, readings=(r,)), code="", picture=None, note="")) for r in readings]

    assert answer.html().count("<img") == 2
    assert "&lt;what it shows&gt;" in answer.html()
    assert "of what it takes to proceed" in str(answer) or "none yet" in str(answer)
    assert "40% of what a rollback takes" in said[0] and "enough to roll back" in said[1]
