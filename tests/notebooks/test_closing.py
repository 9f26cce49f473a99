"""From page to page: what close() leads to, how a whole run ends, and what a cell shows that is run again after that."""

import pytest

from golive.archive.verify import Standing, verify
from golive.core.errors import Stopped
from golive.core.record import Kind
from golive.core.samples import Version
from golive.core.verdict import Word
from golive.notebook import closing, opening
from golive.notebook import page as page_module
from golive.notebook.emergency import Emergency
from golive.notebook.page import Page
from golive.ports import LookNote, Member
from tests.builders import sample
from tests.notebooks.desk import make_run, shifted_and_proven, verdict


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path, alone=False)


@pytest.fixture(autouse=True)
def attended(monkeypatch):
    monkeypatch.setattr(page_module, "attended", lambda: True)


def decided(run, phase, code="KTRM"):
    """Let the record say that a phase is ready to be closed, and give its page."""
    page = Page(run, phase)
    run.append(Kind.JUDGED, {"code": code, "verdict": verdict(Word.PROCEED).to_json()}, phase)
    moment = run.clock.moment().to_json()
    body = {"choice": "proceed", "code": code, "because": "fine", "by_policy": False, "moment": moment}
    run.append(Kind.DECISION, body, phase)
    return page


def to_the_last(run):
    for phase in ("canary-25", "canary-50", "cutover", "watch"):
        run.append(Kind.PHASE_ASSUMED, {"why": "a test"}, phase)
    return decided(run, "completion")


def rolled_back(run, result="done", phase="canary-25"):
    body = {"act": "rollback", "request": "asked", "because": "5xx", "share": 0.0, "result": result, "seen": ""}
    intent = run.append(Kind.INTENT, body, phase)
    run.append(Kind.OUTCOME, {**body, "intent": intent.id}, phase)


def test_a_closed_phase_leads_to_the_next_page_by_a_link_to_the_file_beside_it(run):
    answer = decided(run, "canary-25").close()

    assert (answer.word, answer.next) == ("DONE", "04_canary_50.ipynb")
    assert '<a href="04_canary_50.ipynb">' in answer.html()
    again = Page(run, "canary-25").close()
    assert (again.word, again.next) == ("NOTHING DONE", "04_canary_50.ipynb")


def test_the_last_phase_closes_the_run_as_completed_and_seals_an_archive_with_the_head_that_it_says(run):
    answer = to_the_last(run).close()

    state = run.state()
    assert state.closed == "completed" and answer.word == "COMPLETED"
    head = dict(answer.facts)["head"]
    assert verify(run.folder.root, head).standing is Standing.PROVEN
    assert '<a href="../../index.html">' in answer.html()


def test_closing_again_says_the_same_archive_and_one_that_was_cut_off_before_the_seal_is_sealed(run, monkeypatch):
    page = to_the_last(run)
    monkeypatch.setattr(closing, "sealed", lambda run: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        page.close()
    monkeypatch.undo()
    assert run.state().closed == "completed" and not (run.folder.root / "SEAL").exists()

    first, second = page.close(), page.close()
    assert first.facts == second.facts
    assert verify(run.folder.root).standing is Standing.CONSISTENT


def test_an_archive_that_can_not_be_sealed_is_said_with_what_to_type(run, monkeypatch):
    from golive import sealing

    def full(*given, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealing, "seal", full)
    with pytest.raises(Stopped) as stop:
        to_the_last(run).close()
    assert "its archive is not sealed: [Errno 28]" in stop.value.why
    assert stop.value.next == f"golive seal {run.folder.root}"


def test_after_a_rollback_its_page_and_the_incidents_close_the_run_as_rolled_back(run):
    page = Page(run, "canary-25")
    rolled_back(run)
    with pytest.raises(Stopped) as stop:
        page._may(page_module.Step.SOAK)
    assert stop.value.next == "go.close()"
    assert "91_incident.ipynb" in closing.ending(page._banner()).html()

    answer = page.close()
    assert run.state().closed == "rolled-back" and answer.word == "ROLLED BACK"
    assert '<a href="91_incident.ipynb">' in answer.html()
    assert dict(Emergency(run, "OPEN RUN").close().facts) == dict(answer.facts)


def test_the_incidents_page_says_how_to_close_the_run_and_does_it(run):
    rolled_back(run)
    incident = Emergency(run, "OPEN RUN")

    assert incident.escalation().next == "go.close()"
    assert incident.close().word == "ROLLED BACK"
    assert run.state().closed == "rolled-back"


def test_a_rollback_that_is_not_confirmed_closes_nothing(run):
    page = Page(run, "canary-25")
    rolled_back(run, "unknown")

    with pytest.raises(Stopped):
        page.close()
    assert Emergency(run, "OPEN RUN").close().word == "NOTHING DONE"
    assert not run.state().closed


def test_a_runner_closes_its_own_run_and_no_page_does(tmp_path):
    run = make_run(tmp_path, alone=False, unattended=True)
    answer = to_the_last(run).close()

    assert not run.state().closed
    assert answer.next == "golive seal run"


async def test_every_cell_of_a_closed_phase_shows_what_was_and_does_nothing(run):
    shifted_and_proven(run)
    samples = [sample(at, version, 80) for at in range(1, 60) for version in Version]
    fence = run.book.take(Member("guard-1", "host", "boot", 1, 1.0), 0, 5.0)
    run.book.add(samples, LookNote(60.0, "2026-01-01T00:00:00.000Z", {}), fence)
    run.append(Kind.SOAKED, {"seconds": 58.0, "word": "PROCEED", "reason": "all is well", "seen": 1}, "canary-25")
    page = decided(run, "canary-25")
    page.close()
    before = len(run.store.read())

    page = Page(run, "canary-25")
    answers = {name: await getattr(page, name)() for name in ("shift", "prove", "soak")}
    answers["judge"] = page.judge()
    assert len(run.store.read()) == before
    assert all("nothing was done now" in str(answer) for answer in answers.values())
    assert answers["soak"].picture and "all is well" in str(answers["soak"])
    assert "KTRM" in str(answers["judge"])


def test_a_page_of_a_sealed_run_says_where_its_archive_is(run, monkeypatch):
    to_the_last(run).close()
    monkeypatch.setattr(opening.wiring, "open_run", lambda name, operator: run)

    with pytest.raises(Stopped) as stop:
        opening.open_phase("sandbox", "completion", "run", "ada")
    assert stop.value.next == f"read {run.folder.root}/index.html"
