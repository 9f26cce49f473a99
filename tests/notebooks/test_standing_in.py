"""A phase that somebody closes for whom it belongs to says so: on its page, in the record and in the archive."""

from dataclasses import replace

import pytest

from golive.core.errors import Stopped
from golive.core.record import Kind, Who
from golive.core.verdict import Word
from golive.notebook import deciding, page as page_module
from golive.notebook.page import Page
from golive.pages.report import index_html
from golive.pages.tables import timeline
from tests.notebooks.desk import look, make_run, shifted_and_proven, signed_plan, verdict

WHY = "Bob is on a plane <script>"


@pytest.fixture(autouse=True)
def attended(monkeypatch):
    monkeypatch.setattr(deciding, "attended", lambda: True)
    monkeypatch.setattr(page_module, "attended", lambda: True)


@pytest.fixture
def run(tmp_path):
    plan = signed_plan(responsible="[sre_engineer]")
    return make_run(tmp_path, name="golive-1", operator="Ada", text=plan, alone=False)


@pytest.fixture
def page(run):
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    look(run, verdict(Word.PROCEED))
    page.judge()
    page.decide("proceed", page.here.judged.code, "nobody complained")
    return page


def closes(run):
    return [entry for entry in run.store.read() if entry.kind is Kind.PHASE_CLOSED]


def test_the_banner_names_who_is_responsible(page):
    assert "Bob (sre_engineer)" in str(page._banner())


def test_another_operator_is_refused_and_nothing_is_written(page, run):
    with pytest.raises(Stopped, match=r"is closed by Bob \(sre_engineer\), and you are Ada"):
        page.close()
    assert closes(run) == []


def test_a_reason_closes_it_and_says_on_the_page_and_in_the_record_for_whom(page, run):
    answer = page.close(because=WHY)

    assert f"Ada stood in for Bob (sre_engineer): {WHY}" in str(answer)
    (entry,) = closes(run)
    assert entry.body["stands_in_for"] == [["sre_engineer", "Bob"]] and entry.body["because"] == WHY


def test_the_archive_tells_it_in_the_story_and_among_the_decisions_escaped(page, run):
    page.close(because=WHY)
    entries = run.store.read()
    html = index_html(state=run.state(), entries=entries, samples=[], criteria=run.plan.criteria, pages=[])

    assert "closed; Ada stood in for Bob (sre_engineer)" in str(timeline(entries))
    assert "closes the phase" in html and "stood in for Bob (sre_engineer)" in html
    assert "<script>" not in html


def test_who_is_responsible_takes_the_wheel_that_was_handed_over_and_closes_without_a_reason(page, run):
    page.hand_over(to="Bob", because="it is his to close")
    bob = Page(replace(run, who=Who("Bob", "bob", "elsewhere", "7")), "canary-25")
    bob.take_wheel()
    bob.close()

    (entry,) = closes(run)
    assert entry.who["name"] == "Bob" and "stands_in_for" not in entry.body
    assert run.state().named("canary-25").stood_in == ""


def test_it_is_asked_once_more_under_the_records_write_lock(page, run, monkeypatch):
    monkeypatch.setattr(Page, "_may", lambda self, *given, **named: None)

    with pytest.raises(Stopped, match="is closed by Bob"):
        page.close()
    assert closes(run) == []
