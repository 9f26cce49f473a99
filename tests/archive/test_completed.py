"""An attended page in the archive has every answer that the record knows, and says which the browser had lost."""

import nbformat
import pytest
from nbformat.v4 import new_output

from golive.archive.completed import NEVER_OPENED, NOT_KEPT, UNREADABLE, complete, said
from golive.archive.verify import Standing, verify
from golive.core.record import Kind
from golive.core.samples import Version
from golive.core.verdict import Word
from golive.lab.prepared import prepare
from golive.pages.answer import Answer
from golive.pages.retold import Retold
from golive.plans import notebook
from golive.ports import Finding, LookNote, Member, Result
from golive.sealing import seal_run
from tests.builders import sample
from tests.notebooks.desk import make_run, shifted_and_proven, verdict

TEMPLATE = notebook("03_canary_25")
CHECKED = {"checks": Retold(Answer("PASS", "3 of 3 checks passed"), "3 of 3 checks passed")}


def cells_of(text):
    return {cell.id: cell for cell in nbformat.reads(text, as_version=4).cells}


def saved(**outputs):
    """Give the page as a browser saved it, with a cell's output as text by the cell's id."""
    nb = nbformat.reads(TEMPLATE, as_version=4)
    for cell in nb.cells:
        if cell.id in outputs:
            cell.execution_count = 1
            data = {"text/plain": outputs[cell.id]}
            cell.outputs = [new_output("execute_result", data=data, execution_count=1)]
    return nbformat.writes(nb)


def test_an_answer_that_the_browser_kept_stays_as_it_is():
    page = complete(saved(checks="✔ PASS   3 of 3 checks passed"), TEMPLATE, CHECKED, True)

    assert page.lacked == () and NOT_KEPT not in page.text


@pytest.mark.parametrize("kept", ["", "▸ WAITING   asked the guard", "✖ FAIL   2 of 3 checks passed"])
def test_an_answer_that_it_lost_or_kept_an_older_one_of_is_added_and_marked(kept):
    page = complete(saved(checks=kept), TEMPLATE, CHECKED, True)

    outputs = cells_of(page.text)["checks"].outputs
    assert page.lacked == ("checks",)
    assert [one.get("text") for one in outputs[-2:-1]] == [NOT_KEPT]
    assert "3 of 3 checks passed" in outputs[-1].data["text/html"]
    assert kept in said(cells_of(page.text)["checks"])
    assert "had not kept 1 answer" in cells_of(page.text)["golive-note-0"].source


def test_a_cell_that_somebody_deleted_is_put_back_with_what_it_answered():
    nb = nbformat.reads(TEMPLATE, as_version=4)
    nb.cells = [cell for cell in nb.cells if cell.id != "checks"]

    page = complete(nbformat.writes(nb), TEMPLATE, CHECKED, True)
    assert "3 of 3 checks passed" in said(cells_of(page.text)["checks"])


def test_a_page_that_nobody_opened_says_so_and_one_that_ran_never_does():
    assert NEVER_OPENED in complete(TEMPLATE, TEMPLATE, {}, False).text
    assert NEVER_OPENED not in complete(saved(timeline="x", checks="x"), TEMPLATE, {}, False).text


def test_a_file_that_is_no_notebook_any_more_is_said_and_completed_all_the_same():
    page = complete('{"cells": [', TEMPLATE, CHECKED, True)

    assert UNREADABLE in page.text and page.lacked == ("checks",)


@pytest.fixture
def run(tmp_path):
    """Give an attended run that was rolled back after the soak at 25 % and closed; no page was ever saved."""
    run = make_run(tmp_path, alone=False)
    prepare(run, "ada")
    run.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, "canary-25")
    finding = Finding("guard-watching", "The <guard> watches", Result.PASS, "a beat", "0.2 s ago")
    body = {**finding.__dict__, "stage": "start", "moment": run.clock.moment().to_json()}
    run.append(Kind.FINDING, body, "canary-25")
    shifted_and_proven(run)
    samples = [sample(at, version, 80) for at in range(1, 90) for version in Version]
    fence = run.book.take(Member("guard-1", "host", "boot", 1, 1.0), 0, 5.0)
    run.book.add(samples, LookNote(90.0, "2026-01-01T00:00:00.000Z", {}), fence)
    run.append(Kind.SOAKED, {"seconds": 88.0, "word": "PROCEED", "reason": "all is well", "seen": 1}, "canary-25")
    run.append(Kind.JUDGED, {"code": "KTRM", "verdict": verdict(Word.PROCEED).to_json()}, "canary-25")
    decided = {"choice": "proceed", "code": "KTRM", "because": "<b>fine</b>", "by_policy": False, "second": ""}
    run.append(Kind.DECISION, decided, "canary-25")
    asked = run.append(Kind.REQUEST, {"act": "rollback", "because": "5xx"}, "canary-25")
    body = {"act": "rollback", "request": asked.id, "because": "5xx"}
    intent = run.append(Kind.INTENT, body, "canary-25")
    run.append(Kind.OUTCOME, {**body, "intent": intent.id, "result": "done", "share": 0.0}, "canary-25")
    run.append(Kind.RUN_CLOSED, {"result": "rolled-back", "why": "5xx"})
    return run


def test_a_page_of_which_the_browser_saved_nothing_is_whole_in_an_archive_that_verifies(run):
    head = seal_run(run).head
    root = run.folder.root

    assert verify(root, head).standing is Standing.PROVEN
    cells = cells_of((root / "notebooks" / "03_canary_25.ipynb").read_text())
    answered = {"open", "checks", "shift", "prove", "soak", "judge", "decide", "close", "rollback"}
    assert {name for name, cell in cells.items() if NOT_KEPT in said(cell)} == answered
    assert "data:image/png" in cells["soak"].outputs[-1].data["text/html"]
    assert "KTRM" in said(cells["judge"]) and "closed as rolled-back" in said(cells["close"])
    assert "everybody is back on stable" in said(cells["rollback"])
    html = (root / "notebooks" / "03_canary_25.html").read_text()
    assert "FROM THE RECORD" in html and "&lt;b&gt;fine&lt;/b&gt;" in html and "<b>fine</b>" not in html
    incident = cells_of((root / "notebooks" / "91_incident.ipynb").read_text())
    assert "call in this order" in said(incident["escalation"])
    index = (root / "index.html").read_text()
    assert index.count("never opened") == 9


def test_the_record_names_each_completed_page_so_that_no_other_is_taken_for_it(run):
    seal_run(run)
    pages = {entry.body["notebook"]: entry.body for entry in run.store.read() if entry.kind is Kind.PAGE}

    assert len(pages) == 10
    assert (pages["07_completion"]["why"], pages["07_completion"]["complete"]) == ("never opened", False)
    assert "soak" in pages["03_canary_25"]["from_the_record"]


def test_a_seal_that_was_cut_off_takes_the_same_copies_again(run):
    seal_run(run)
    for name in ("SEAL", "MANIFEST.json"):
        (run.folder.root / name).unlink()
    page = run.folder.pages / "03_canary_25.ipynb"
    page.write_text(saved(checks="saved after the first seal"))

    seal_run(run)
    assert verify(run.folder.root).standing is Standing.CONSISTENT
    assert sum(entry.kind is Kind.PAGE for entry in run.store.read()) == 10


def test_a_copy_that_somebody_made_of_a_page_and_broke_keeps_nothing_from_being_sealed(run):
    (run.folder.pages / "03_canary_25-Copy1.ipynb").write_text("no notebook")

    seal_run(run)
    assert verify(run.folder.root).standing is Standing.CONSISTENT


def test_a_phase_that_was_judged_once_more_on_the_next_page_keeps_the_verdict_it_was_closed_on(tmp_path):
    run = make_run(tmp_path, alone=False)
    prepare(run, "ada")
    run.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, "canary-25")
    run.append(Kind.JUDGED, {"code": "KTRM", "verdict": verdict(Word.PROCEED).to_json()}, "canary-25")
    run.append(Kind.PHASE_CLOSED, {"choice": "proceed", "page": "03_canary_25"}, "canary-25")
    run.append(Kind.JUDGED, {"code": "ZZZZ", "verdict": verdict(Word.PROCEED).to_json()}, "canary-25")
    run.append(Kind.RUN_CLOSED, {"result": "abandoned", "why": "a test"})

    seal_run(run)
    judge = cells_of((run.folder.completed / "03_canary_25.ipynb").read_text())["judge"]
    assert "KTRM" in said(judge) and "ZZZZ" not in said(judge)
