"""The lessons-learned page is begun from the record: the same every time, verified first, and never over a file."""

import re

import mistune
import pytest
from click.testing import CliRunner

from golive.archive.verify import Standing, verify
from golive.cli import main
from golive.core.record import Kind
from golive.core.samples import Version
from golive.core.verdict import Hold
from golive.ports import LookNote, Member
from golive.sealing import seal_run
from tests.builders import sample
from tests.notebooks.desk import make_run, shifted_and_proven

HOSTILE = "<script>alert(1)</script>\u202e | `x` [a](javascript:b)\n# big"
SECTIONS = [
    "What went well",
    "What to change",
    "Actions",
    "Rollbacks",
    "Holds",
    "Waivers and attestations",
    "Faults and alarms",
    "Worst moments",
    "Timeline",
]


def later(run, minutes):
    run.clock.advance_minutes(minutes)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Give an open run in which much has gone wrong and everybody was sent back."""
    monkeypatch.setenv("GOLIVE_RUNS", str(tmp_path))
    run = make_run(tmp_path, name="golive-1", alone=False)
    run.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, "canary-25")
    shifted_and_proven(run)
    fence = run.book.take(Member("guard-1", "host", "boot", 1, 1.0), 0, 5.0)
    samples = [sample(at, version, 80, failed=4 if at == 50 else 0) for at in range(1, 90) for version in Version]
    run.book.add(samples, LookNote(90.0, "2026-01-01T00:00:00.000Z", {}), fence)
    word = {"called": "scan", "code": "c0de", "was": "could not measure", "because": HOSTILE, "second": "Grace"}
    word |= {"until": "2026-01-02T00:00:00.000Z", "link": "https://tickets.example/7", "file": "", "sha256": ""}
    run.append(Kind.WAIVED, word, "canary-25")
    run.append(Kind.VERDICT, {"word": "HOLD", "hold": Hold.BETWEEN, "reason": HOSTILE}, "canary-25")
    later(run, minutes=3)
    run.append(Kind.FAULT, {"fault": "errors"}, "canary-25")
    run.append(Kind.NOTICE, {"level": "alarm", "title": "ROLLED BACK", "text": HOSTILE}, "canary-25")
    body = {"act": "rollback", "request": "", "because": HOSTILE}
    intent = run.append(Kind.INTENT, body, "canary-25")
    verified = {"seconds_to_safe": 1.62, "tries": 2}
    ended = {**body, "intent": intent.id, "result": "done", "share": 0.0, "seen": "0 % read back", "verified": verified}
    run.append(Kind.OUTCOME, ended, "canary-25")
    return run


def closed(run):
    run.append(Kind.RUN_CLOSED, {"result": "rolled-back", "why": "5xx"})
    return run


def lessons(*words):
    return CliRunner().invoke(main, ["lessons", *map(str, words)])


def rows(page, heading):
    part = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("| ")][2:]


def test_it_has_what_happened_and_empty_sections_for_people(run):
    page = lessons("golive-1").output

    assert re.findall("(?m)^## (.+)$", page) == SECTIONS
    (back,) = rows(page, "Rollbacks")
    assert "| guard |" not in back and "done: 0 % read back" in back and "| 1.6 s | 2 |" in back
    (held,) = rows(page, "Holds")
    assert "| between the lines |" in held and held.endswith("| 3 min |")
    (let,) = rows(page, "Waivers and attestations")
    assert "| scan | waived | could not measure |" in let and "with Grace" in let and "tickets.example/7" in let
    assert len(rows(page, "Faults and alarms")) == 2
    assert "| failed | 0.10 % | 4000 requests | 2023-11-14 22:14:00 UTC |" in page
    assert "run-opened" in rows(page, "Timeline")[0] and "still open" in page
    assert rows(page, "Actions") == ["|  |  |  |"]


def test_the_same_record_gives_the_same_page(run):
    assert lessons("golive-1").output == lessons(run.folder.root).output


def test_what_people_and_sites_say_is_text_and_nothing_else(run):
    page = lessons("golive-1").output

    assert "<script>" not in page and "\u202e" not in page
    shown = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])(page)
    assert "javascript:b" in shown and not re.search(r"<(script|a|code|em|del|h1>big)", shown)
    for heading in ("Rollbacks", "Holds", "Waivers and attestations"):
        columns = page.split(f"## {heading}\n")[1].strip().splitlines()[0].count("|")
        assert all(len(re.findall(r"(?<!\\)\|", row)) == columns for row in rows(page, heading))


def test_a_run_in_which_nothing_happened_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLIVE_RUNS", str(tmp_path))
    make_run(tmp_path, name="golive-2", alone=False)
    page = lessons("golive-2").output

    for heading in ("Rollbacks", "Holds", "Waivers and attestations", "Faults and alarms"):
        assert page.split(f"## {heading}\n\n")[1].startswith("None")
    assert "No canary request was seen." in page


def test_a_sealed_archive_is_verified_first_and_a_changed_one_is_refused(run):
    before = lessons("golive-1").output
    seal_run(closed(run))
    root = run.folder.root
    page = lessons("golive-1").output
    assert "sealed, and verified" in page and "closed as rolled-back" in page
    assert rows(page, "Worst moments") == rows(before, "Worst moments")

    (root / "samples.csv").write_text((root / "samples.csv").read_text().replace("canary-25", "canary-50"))
    refused = lessons("golive-1")
    assert verify(root).standing is Standing.BROKEN
    assert refused.exit_code == 1 and "does not verify: samples.csv was changed" in refused.output


def test_a_file_that_is_there_is_left_as_it_is_unless_that_is_said(run, tmp_path):
    place = tmp_path / "our lessons.md"
    first = lessons("golive-1", "--to", place)
    assert first.exit_code == 0 and f"golive addendum golive-1 '{place}'" in first.output
    place.write_text("what we wrote")

    refused = lessons("golive-1", "--to", place)
    assert refused.exit_code == 2 and "--overwrite" in refused.output
    assert place.read_text() == "what we wrote"
    assert lessons("golive-1", "--to", place, "--overwrite").exit_code == 0
    assert place.read_text() == lessons("golive-1").output


def test_a_wrong_name_names_the_nearest(run):
    refused = lessons("golive-11")

    assert refused.exit_code == 2 and "did you mean 'golive-1'" in refused.output


def test_a_place_that_can_not_be_written_is_said_in_words(run, tmp_path):
    refused = lessons("golive-1", "--to", tmp_path / "nowhere" / "page.md")

    assert refused.exit_code == 1 and "No such file or directory" in refused.output
