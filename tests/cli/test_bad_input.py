"""Whatever is typed wrong, or lies damaged on the disk, is said in two lines with the next thing to type."""

import json
import re

import pytest
from click.testing import CliRunner

from golive import rescue
from golive.adapters.stores.late import LateBox
from golive.adapters.stores.sqlite import SqliteStore
from golive.cli import main
from golive.core.folding import fold
from golive.core.record import Kind
from golive.plans import find
from golive.ports import Done, Split
from tests.notebooks.desk import make_run


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "golive.toml").write_text("")
    (tmp_path / "params").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOLIVE_HOME", raising=False)
    monkeypatch.delenv("GOLIVE_RUNS", raising=False)
    return tmp_path


@pytest.fixture
def run(project):
    return make_run(project / "runs", name="known")


def golive(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def said(result, status):
    """Give the two lines of a trouble that was said as it should be."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 2 and lines[1].startswith("NEXT"), result.stderr
    return lines


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["plan", "sandbxo"], "unknown plan 'sandbxo': did you mean 'sandbox'"),
        (["rehearse", "sandbxo"], "unknown plan 'sandbxo': did you mean 'sandbox'"),
        (["rehearse", "--fault", "erors@3"], "unknown fault 'erors': did you mean 'errors'"),
        (["rehearse", "--fault", "errors@99"], "unknown phase 'errors@99'"),
        (["rehearse", "--fault", "errors"], "NAME@PHASE was expected"),
        (["resume", "knwn"], "unknown run 'knwn': did you mean 'known'"),
        (["status", "knwn"], "unknown run 'knwn': did you mean 'known'"),
        (["stop", "knwn"], "unknown run 'knwn': did you mean 'known'"),
        (["seal", "knwn"], "unknown run 'knwn': did you mean 'known'"),
        (["rollback", "knwn", "--because", "x"], "unknown run 'knwn': did you mean 'known'"),
        (["rollback", "known", "--because", " "], "nobody was moved"),
        (["rollback", "known"], "Missing option '--because'"),
        (["fault", "knwn", "errors"], "unknown run 'knwn'"),
        (["fault", "known", "erors"], "unknown fault 'erors': did you mean 'errors'"),
        (["verify", "knwn"], "unknown archive 'knwn': did you mean 'known'"),
        (["verify", "params"], "unknown archive 'params'"),
        (["addendum", "knwn", "golive.toml", "--because", "x"], "unknown archive 'knwn'"),
        (["addendum", "known", "nothing.txt", "--because", "x"], "does not exist"),
        (["rehears"], "unknown command 'rehears': did you mean 'rehearse'"),
        (["status", "--rnus", "x"], "No such option"),
        (["resume"], "Missing argument"),
    ],
)
def test_a_wrong_word_is_a_usage_error_that_names_the_nearest(run, words, why):
    assert re.search(why, said(golive(*words), 2)[0])
    assert fold(run.store.read()).rollback is None


@pytest.mark.parametrize("command", ["plan", "rehearse"])
def test_what_is_left_to_fill_in_is_listed_with_each_thing_on_a_line_of_its_own(run, command):
    result = golive(command, "production")
    first, *things, then = result.stderr.splitlines()

    assert result.exit_code == 2
    assert first == "golive: plan production may not start:" and then.startswith("NEXT")
    assert len(things) > 5 and all(thing.startswith("  ") for thing in things)


@pytest.mark.parametrize("command", ["status", "stop", "seal", "resume", "fault"])
def test_a_plan_that_was_changed_after_the_start_is_refused(run, command):
    run.folder.plan.write_text(run.folder.plan.read_text().replace("proceed_below: 1%", "proceed_below: 2%"))
    more = ["errors"] if command == "fault" else []
    why, then = said(golive(command, "known", *more), 1)

    assert "was changed after the start" in why and "fingerprint" in why
    assert "golive rollback known" in then


@pytest.mark.parametrize("text", ["nonsense: [", "\x00", ""])
def test_a_run_whose_plan_is_no_plan_any_more_is_refused(run, text):
    run.folder.plan.write_text(text)

    assert "the plan of known can't be read" in said(golive("status", "known"), 1)[0]


@pytest.mark.parametrize("command", ["status", "stop", "seal", "resume"])
def test_a_damaged_record_is_said_with_the_way_round_it(run, command):
    run.folder.record.write_bytes(b"this was a database" * 100)
    why, then = said(golive(command, "known"), 1)

    assert "record.db can't be used" in why
    assert "golive rollback known works without it" in then


def test_a_record_with_one_changed_entry_names_it(run):
    import sqlite3

    with sqlite3.connect(run.folder.record) as connection:
        connection.execute("DROP TRIGGER no_update")
        connection.execute("UPDATE entries SET text = replace(text, 'a test', 'a tale') WHERE seq = 2")

    assert "entry 2 (phase-assumed) was changed" in said(golive("status", "known"), 1)[0]


def test_an_empty_record_is_a_run_that_never_began(project):
    run = make_run(project / "runs", name="stub")
    run.folder.record.unlink()
    SqliteStore(run.folder.record, code="", plan="", clock=run.clock)

    assert "never began" in said(golive("status", "stub"), 1)[0]


def test_one_damaged_run_does_not_hide_the_others(run, project):
    make_run(project / "runs", name="broken").folder.record.write_bytes(b"x" * 5000)
    result = golive("status")

    assert result.exit_code == 0
    assert "broken  UNREADABLE" in result.output and "known  open" in result.output


def test_a_rollback_needs_neither_record_nor_plan(run, monkeypatch):
    class Router:
        async def rollback(self, reason):
            return Done(Split(0.0))

        async def read(self):
            return Split(0.0)

    monkeypatch.setattr(rescue, "router_of", lambda folder: Router())
    run.folder.record.write_bytes(b"this was a database" * 100)
    run.folder.plan.write_text("")
    result = golive("rollback", "known", "--because", "errors on checkout")

    assert result.exit_code == 0 and "ROLLED BACK" in result.output
    kept = [json.loads(path.read_text()) for path in run.folder.late.glob("*.json")]
    assert {entry["kind"] for entry in kept} == {"intent", "outcome"}
    fresh = make_run(run.folder.root.parent, name="mended")
    assert LateBox(run.folder.late).take_in(fresh.store) == 2
    assert fold(fresh.store.read()).rollback.done


def test_a_closed_run_is_not_rolled_back_again(run):
    run.append(Kind.RUN_CLOSED, {"result": "completed", "why": ""})
    result = golive("rollback", "known", "--because", "errors")

    assert result.exit_code == 1
    assert "NOTHING DONE  the run was closed as completed" in result.output


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (find("sandbox", None)[0].replace("notify: []", "notfy: []"), "notfy"),
        ("- a\n- list\n", "mine.yaml"),
        (b"\xff\xfe\x00", "can't be read as text"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "rehearse"])
def test_a_broken_plan_of_the_project_starts_nothing(project, command, text, why):
    path = project / "params" / "mine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = golive(command, "mine")

    assert result.exit_code == 2
    assert why in result.stderr and "NEXT" in result.stderr and "Traceback" not in result.stderr
    assert not (project / "runs").exists()


def test_a_runs_folder_that_can_not_be_written_is_said_before_anything_starts(project):
    (project / "taken").write_text("a file")
    why, then = said(golive("rehearse", "--runs", "taken"), 1)

    assert "no run can be made in" in why and "taken" in why
    assert "--runs" in then


def test_a_project_is_not_made_over_other_files(project, tmp_path):
    (tmp_path / "other" / "params").mkdir(parents=True)
    (tmp_path / "other" / "params" / "sandbox.yaml").write_text("mine")

    assert "is a project already" in said(golive("init", project), 1)[0]
    assert "is not overwritten" in said(golive("init", "other"), 1)[0]
    assert "golive.toml" in said(golive("init", "golive.toml"), 1)[0]
    assert (tmp_path / "other" / "params" / "sandbox.yaml").read_text() == "mine"


def test_an_open_run_is_not_sealed_and_a_world_that_is_gone_gets_no_fault(run):
    assert "is still open" in said(golive("seal", "known"), 1)[0]
    assert "does not answer" in said(golive("fault", "known", "errors"), 1)[0]


def test_a_run_that_is_not_sealed_says_so(run):
    result = golive("verify", "known")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "NOT SEALED  known has no SEAL"
    assert result.stdout.splitlines()[1].startswith("NEXT  golive seal")


def test_without_a_word_the_commands_are_shown():
    result = golive()

    assert result.exit_code == 0 and "rehearse" in result.output


async def test_the_router_of_a_rollback_comes_from_router_json_alone(run):
    run.folder.world.write_text(json.dumps({"control": "http://127.0.0.1:9", "token": "t"}))
    rescue.write_kit(run)
    for path in (run.folder.world, run.folder.plan, run.folder.record):
        path.unlink()

    kept = json.loads(run.folder.router.read_text())
    assert (kept["driver"], kept["settings"]) == ("sandbox", {"control": "http://127.0.0.1:9"})
    assert kept["claim"] == f"{run.folder.name}@host"
    assert "http://127.0.0.1:9/-/rollback" in rescue.router_of(run.folder).by_hand()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "its router had not answered yet, so this run moved nobody"),
        ("{", "gives no router"),
        ('{"driver": "sandbix"}', "unknown router driver 'sandbix': did you mean 'sandbox'"),
        ('{"driver": "sandbox", "settings": {"contrl": "x"}}', "settings.contrl is no setting"),
        ('{"driver": "sandbox"}', "the plan has no world of its own"),
    ],
)
def test_a_rollback_whose_router_is_not_known_says_what_to_do_by_hand(run, text, why):
    run.folder.router.unlink()
    if text is not None:
        run.folder.router.write_text(text)
    first, then = said(golive("rollback", "known", "--because", "errors"), 1)

    assert why in first
    assert "ROLLBACK.txt" in then
