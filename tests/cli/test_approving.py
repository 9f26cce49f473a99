"""The second person's command: an entry where the run is reached, a line to paste where it is not."""

import pytest
from click.testing import CliRunner

from golive import provenance, wiring
from golive.adapters import clocks
from golive.cli import main
from golive.core.record import Kind, Who
from golive.core.verdict import Word
from golive.notebook import deciding
from golive.notebook.page import Page
from tests.notebooks.desk import look, make_run, shifted_and_proven, signed_plan, verdict


def elsewhere(name):
    return Who(name, "grace", "elsewhere", "9")


@pytest.fixture
def waiting(tmp_path, monkeypatch):
    """Give a page whose decision waits for Grace, and the verdict's code."""
    monkeypatch.setattr(deciding, "attended", lambda: True)
    plan = signed_plan(wants="[sre_lead, devops_manager]")
    run = make_run(tmp_path / "runs", name="golive-1", operator="Ada", text=plan)
    page = Page(run, "canary-25")
    shifted_and_proven(run)
    look(run, verdict(Word.PROCEED))
    page.judge()
    page.decide("proceed", page.here.judged.code, "all is well")
    monkeypatch.setattr(wiring, "SystemClock", lambda: run.clock)
    monkeypatch.setattr(wiring, "who", elsewhere)
    monkeypatch.setenv("GOLIVE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(clocks, "SystemClock", lambda: run.clock)
    monkeypatch.setattr(provenance, "who", elsewhere)
    return page, page.here.judged


def typed(*words):
    return CliRunner().invoke(main, ["approve", "golive-1", *words])


def test_an_approval_from_a_terminal_is_an_entry_signed_by_who_gave_it(waiting):
    page, judged = waiting
    said = typed(judged.code, "--operator", "Grace", "--because", "I looked myself")

    assert said.exit_code == 0, said.output
    assert f"Grace approves {judged.code}" in said.output and "NEXT  go.close() on their page" in said.output
    entry = next(e for e in page.run.store.read() if e.kind is Kind.APPROVED)
    assert (entry.who["name"], entry.body["by"]["user"], entry.body["pasted"]) == ("Grace", "grace", False)


def test_what_it_prints_is_one_line_that_the_first_persons_cell_takes(waiting):
    page, judged = waiting
    known = ["--phase", "canary-25", "--evidence", judged.evidence]
    said = typed(judged.code, "--print", *known, "--operator", "Grace", "--because", 'it\'s "fine" 🎉\nאמת')

    assert said.exit_code == 0
    (printed,) = said.stdout.splitlines()
    assert "paste" in said.stderr
    exec(printed, {"go": page})
    assert page.close().word == "DONE"


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["KTRM", "--because", "yes", "--run"], 2, "No such option"),
        (["ZZZZ", "--because", "yes"], 1, "no newest verdict of this run has the code 'ZZZZ'"),
        (["ZZZZ", "--because", "yes", "--phase", "canary-25"], 2, "go with --print"),
        (["ZZZZ", "--because", "yes", "--print"], 1, "needs --phase and --evidence"),
        (["ZZZZ"], 2, "Missing option '--because'"),
    ],
)
def test_what_can_not_be_meant_is_said_in_two_lines(waiting, words, status, why):
    said = typed(*words)

    assert said.exit_code == status
    assert why in said.stderr and "NEXT" in said.stderr
    assert len(said.stderr.splitlines()) == 2


def test_a_name_that_the_plan_does_not_know_gets_the_nearest_and_writes_nothing(waiting):
    page, judged = waiting
    said = typed(judged.code, "--operator", "Grase", "--because", "yes")

    assert said.exit_code == 1 and "did you mean 'Grace'" in said.stderr
    assert Kind.APPROVED not in [entry.kind for entry in page.run.store.read()]


def test_a_run_that_there_is_not_gets_the_nearest(waiting):
    said = CliRunner().invoke(main, ["approve", "golive-2", "KTRM", "--because", "yes"])

    assert said.exit_code == 2 and "did you mean 'golive-1'" in said.stderr
