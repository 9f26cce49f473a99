"""`golive replay`, from the command line."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from golive.adapters.clocks import SystemClock
from golive.adapters.processes import boot_id, this_process
from golive.adapters.stores.book import SqliteBook
from golive.cli import main
from golive.core.digest import row, write_rows
from golive.folders import RunFolder
from golive.plans import packaged
from golive.ports import LookNote
from tests.core.test_replay import go_live, recording


def csv_of(samples):
    """Give a CSV with the needed columns alone."""
    lines = ["second,version,requests,failed,over_500ms,over_1000ms"]
    for each in samples:
        tally = each.tally
        lines.append(f"{each.at},{each.version},{tally.requests},{tally.failed},{tally.over[500]},{tally.over[1000]}")
    return "\n".join(lines)


def replayed(*arguments):
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


@pytest.fixture
def sick(tmp_path):
    place = tmp_path / "incident.csv"
    place.write_text(csv_of(recording(60, failed=8)))
    return place


def test_a_csv_gives_one_line_for_each_change_of_verdict(sick):
    ended = replayed(sick, "--plan", "sandbox")
    first, last = ended.stdout.splitlines()[0], ended.stdout.splitlines()[-1]

    assert ended.exit_code == 0
    assert first.split(" ", 3)[:3] == ["8", "HOLD", "-"]
    assert last.split(" ", 3)[1:3] == ["ROLLBACK", "failed"]
    assert "not judged, nothing was recorded of them: client_errors, cpu, memory, checkout: failed" in ended.stderr


def test_json_has_the_same_facts_and_the_evidence(sick):
    told = [json.loads(line) for line in replayed(sick, "--plan", "sandbox", "--json").stdout.splitlines()]
    lines = replayed(sick, "--plan", "sandbox").stdout.splitlines()

    assert [f"{fact['second']:.0f} {fact['verdict']} {fact['criterion'] or '-'}" for fact in told] == [
        " ".join(line.split()[:3]) for line in lines
    ]
    assert told[-1]["evidence"]["failed"]["rollback"] >= 1
    assert told[-1]["phase"] == "canary-1"


def test_production_is_the_plan_of_a_csv_and_an_unknown_one_is_refused(sick):
    wrong = replayed(sick, "--plan", "prodution")

    assert "plan production" in replayed(sick).stderr
    assert wrong.exit_code == 2 and "did you mean 'production'" in wrong.stderr
    assert replayed(sick, "--phase", "canary-6").exit_code == 2


def test_the_picture_is_drawn(sick, tmp_path):
    replayed(sick, "--picture", tmp_path / "x.png")

    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_an_archive_its_samples_and_a_run_are_judged_alike_under_their_own_plan(tmp_path):
    samples = [replace(each, at=each.at + 1) for each in go_live()]
    archive, run = tmp_path / "sealed", RunFolder(tmp_path / "open")
    archive.mkdir()
    run.work.mkdir(parents=True)
    (archive / "samples.csv").write_text(write_rows(row(each) for each in samples))
    (archive / "record.jsonl").write_text("")
    for plan in (archive / "plan.yaml", run.plan):
        plan.write_text(packaged()["sandbox"])
    book, guard = SqliteBook(run, SystemClock(), boot_id()), this_process("guard-1")
    fence = book.take(guard, 0, 5.0)
    for each in samples:
        book.add([each], LookNote(each.at, "", {}), fence)
    ended = [replayed(place) for place in (archive, archive / "samples.csv", run.root)]

    assert all("plan sandbox" in each.stderr for each in ended)
    assert len({each.stdout for each in ended}) == 1
    assert "PROCEED" in ended[0].stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"\x00\x01\x02", "NUL"), (b"\xff\xfe\x01", "no UTF-8"), (b"a;b\n1;2\n", "divided by ';'")],
)
def test_a_file_of_another_form_is_two_lines(tmp_path, content, said):
    place = tmp_path / "x.csv"
    place.write_bytes(content)
    ended = replayed(place)

    assert ended.exit_code == 1
    assert said in ended.stderr and "NEXT" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2


def test_no_such_file_a_folder_that_is_no_run_and_a_file_too_large_are_said(tmp_path):
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(300_000_000)

    assert "unknown file or run" in replayed(tmp_path / "nothing.csv").stderr
    assert "no run and no archive" in replayed(tmp_path).stderr
    assert "has 300 MB: at most 200 were expected" in replayed(large).stderr
