"""The first page of an archive says who decided what, when and why."""

import re

import pytest

from golive.core.folding import fold
from golive.core.record import Kind
from golive.core.samples import Version
from golive.pages.report import index_html
from tests.builders import Story, sample, sandbox

HOSTILE = "<script>alert(1)</script>"


def cells(html, heading):
    """Give the rows of the table below a heading, each as its cells' texts."""
    table = html.split(f"<h2>{heading}</h2>")[1].split("</table>")[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("<tr>")[1:]]
    return [[re.sub("<[^>]+>", "", cell) for cell in row] for row in rows if row]


@pytest.fixture
def html():
    story = Story().open({"world": "sandbox"})
    story.tell(Kind.PHASE_ASSUMED, {"why": "opened by itself"}, "preflight")
    story.tell(Kind.PHASE_OPENED, {"notebook": "01_canary_1"}, "canary-1")
    finding = {"stage": "start", "check": "router-reads-back", "sentence": "The router answers"}
    finding |= {"seen": HOSTILE, "expected": "an answer"}
    story.tell(Kind.FINDING, {**finding, "result": "fail"}, "canary-1")
    word = {"called": "router-reads-back", "code": "c0de", "was": "fail", "until": "2026-01-02T00:00:00.000Z"}
    story.tell(Kind.WAIVED, {**word, "because": "it is known", "second": "bob", "link": "", "file": ""}, "canary-1")
    verdict = {"word": "PROCEED", "reason": "all criteria met"}
    story.tell(Kind.JUDGED, {"code": "KTRM", "verdict": verdict}, "canary-1")
    decision = {"choice": "proceed", "code": "KTRM", "because": HOSTILE, "by_policy": False}
    story.tell(Kind.DECISION, decision, "canary-1", at="2023-11-14T22:13:30.000Z")
    by = {"name": "Grace", "user": "grace", "host": "elsewhere"}
    approval = {"code": "KTRM", "evidence": "1f0c", "by": by, "because": "\u202eI looked\x1b[2J", "pasted": True}
    story.tell(Kind.APPROVED, {**approval, "at": "2023-11-14T22:13:40.000Z", "good_for": 600.0}, "canary-1")
    story.tell(Kind.VERDICT, {"word": "ROLLBACK", "reason": "failed 31 %"}, "canary-1")
    body = {"act": "rollback", "request": "", "because": "failed 31 %", "share": 0.0}
    intent = story.tell(Kind.INTENT, body, "canary-1")
    story.tell(Kind.OUTCOME, {**body, "intent": intent.id, "result": "done"}, "canary-1", at="2023-11-14T22:13:50.000Z")
    story.tell(Kind.RUN_CLOSED, {"result": "rolled-back", "why": "failed 31 %"}, at="2023-11-14T22:13:59.000Z")
    samples = [sample(at, version, 80, 10) for at in range(1, 30) for version in Version]
    return index_html(
        state=fold(story.entries),
        entries=story.entries,
        samples=samples,
        criteria=sandbox().criteria,
        pages=[("1 · Canary at 1 %", "notebooks/01_canary_1.html")],
    )


def test_people_and_the_guard_stand_in_one_table_of_decisions_with_their_marks(html):
    waived, person, other, guard = cells(html, "Who decided what, when and why")

    assert waived[3:5] == ["waived router-reads-back", "ada (ada@host), with bob"]
    assert person[:5] == ["1", "22:13:30 UTC", "1 · Canary at 1 %", "proceed", "ada (ada@host)"]
    assert person[6] == "PROCEED (KTRM): all criteria met"
    assert other[3:5] == ["approves", "Grace (grace@elsewhere), as the line says that was pasted"]
    assert other[5] == "\\u202eI looked\\x1b[2J"
    assert guard[:4] == ["2", "22:13:50 UTC", "1 · Canary at 1 %", "roll back"]
    assert guard[5:] == ["failed 31 %", "ROLLBACK: failed 31 %"]


def test_what_a_site_or_a_person_says_is_escaped_and_nothing_is_fetched(html):
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"(src|href)=\"(https?:)?//", html)


def test_a_failed_check_is_open_to_the_eye_and_assumed_phases_are_named(html):
    assert "<details open><summary>0 of 1 checks passed" in html
    assert "not proven in this run: 0 · Preflight" in html
    assert "a rehearsal on the run's own sandbox" in html.replace("&#39;", "'")


def test_pages_and_files_are_linked(html):
    for name in ("notebooks/01_canary_1.html", "record.jsonl", "samples.csv", "MANIFEST.json"):
        assert f'href="{name}"' in html


def test_what_people_have_excused_stands_among_the_decisions(html):
    assert "waived router-reads-back" in html and "it is known" in html and "2026-01-02 00:00:00 UTC" in html
