"""Cells skipped, reordered, run again, edited, in two tabs or by two people: the record decides, and the page says so."""

import asyncio
from dataclasses import replace

import pytest

from golive.core.errors import NameUnknown, Stopped
from golive.core.record import Kind, Who
from golive.core.verdict import Word
from golive.notebook import deciding
from golive.notebook.approvals import approve_here
from golive.notebook.page import Page
from tests.notebooks.desk import look, make_run, shifted_and_proven, signed_plan, verdict


@pytest.fixture(autouse=True)
def attended(monkeypatch):
    monkeypatch.setattr(deciding, "attended", lambda: True)


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path, name="golive-1", operator="Ada", text=signed_plan(wants="[devops_manager]"), alone=False)


def entries(run):
    return [entry.kind for entry in run.store.read()]


def typed(page, cell):
    """Run one cell of a page, and give the stop that it comes to."""
    with pytest.raises(Stopped) as stop:
        said = eval(cell, {"go": page})
        if hasattr(said, "_begin"):
            asyncio.run(said._begin())
    return stop.value


SKIPPED = [
    ("go.shift()", "nobody has checked whether this phase may start", "await go.checks()"),
    ("go.prove()", "nothing has been shifted", "await go.shift()"),
    ("go.soak()", "the split is not proven", "await go.prove()"),
    ("go.judge()", "has not been checked", "await go.checks()"),
    ('go.decide("proceed", "KTRM", because="yes")', "there is no verdict to answer", "go.judge()"),
    ("go.close()", "is undecided", "go.decide("),
]


@pytest.mark.parametrize(("cell", "why", "then"), SKIPPED)
def test_a_cell_whose_cells_before_it_were_skipped_does_nothing_and_says_which_one_comes_first(run, cell, why, then):
    page = Page(run, "canary-25")
    before = entries(run)
    stop = typed(page, cell)

    assert why in stop.why and stop.next.startswith(then)
    assert entries(run) == before


def test_a_page_whose_page_before_it_was_skipped_does_not_open_and_names_that_one(run):
    Page(run, "canary-25")
    with pytest.raises(Stopped, match="comes after 3 · Canary at 25 %, which is not closed") as stop:
        Page(run, "canary-50")

    assert stop.value.next == "go on in 03_canary_25.ipynb"


def test_a_page_whose_parameters_were_edited_to_a_phase_that_is_none_names_the_nearest(run):
    with pytest.raises(NameUnknown, match="did you mean 'canary-25'"):
        Page(run, "canary-26")


def test_cells_run_again_move_nobody_twice_and_close_nothing_twice(tmp_path):
    run = make_run(tmp_path, operator="Ada")
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    moved = entries(run)
    for cell in (page.shift, page.prove):
        assert asyncio.run(cell()._begin()).word == "NOTHING DONE"
    assert entries(run) == moved

    look(run, verdict(Word.PROCEED))
    page.judge()
    page.decide("proceed", page.here.judged.code, "nobody complained")
    assert page.close().word == "DONE"
    closed = entries(run)
    assert page.close().word == "NOTHING DONE"
    assert entries(run) == closed


def test_a_decided_cell_that_is_edited_afterwards_is_another_decision_and_the_newest_counts(tmp_path):
    page = judged(make_run(tmp_path, operator="Ada"))
    code = page.here.judged.code
    page.decide("proceed", code, "nobody complained")
    page.decide("hold", code, "somebody has complained now")

    assert "Ada decided to hold" in typed(page, "go.close()").why


def judged(run):
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    run.append(Kind.SOAKED, {"seconds": 9.0, "word": "PROCEED", "reason": "all criteria met", "seen": {}}, "canary-25")
    look(run, verdict(Word.PROCEED))
    page.judge()
    return page


def test_another_person_with_the_same_notebook_neither_decides_nor_closes_without_the_wheel(run):
    page = judged(run)
    code = page.here.judged.code
    bob = Page(replace(run, who=Who("Bob", "bob", "elsewhere", "2")), "canary-25")
    assert "Ada has the wheel" in typed(bob, f'go.decide("proceed", "{code}", because="yes")').why
    page.decide("proceed", code, "nobody complained")
    approve_here(replace(run, who=Who("Grace", "grace", "elsewhere", "3")), code, "me neither")

    assert "Ada has the wheel" in typed(bob, "go.close()").why
    assert Kind.PHASE_CLOSED not in entries(run)


def test_a_restarted_kernel_shows_that_the_decision_still_misses_its_second_person(run):
    page = judged(run)
    code = page.here.judged.code
    page.decide("proceed", code, "nobody complained")
    text = str(Page(run, "canary-25"))

    assert "Grace (devops_manager) has not approved it" in text
    assert f"NEXT  they type: golive approve golive-1 {code} --operator Grace" in text
    approve_here(replace(run, who=Who("Grace", "grace", "elsewhere", "3")), code, "me neither")
    assert str(Page(run, "canary-25")).endswith("NEXT  go.close()")
