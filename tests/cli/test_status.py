"""Where runs stand: all on one screen, whatever has become of one of them, with what to type next."""

import fcntl
import sqlite3
import unicodedata
from dataclasses import replace

import pytest
from click.testing import CliRunner

from golive import overview
from golive.cli import main
from golive.core.record import Kind
from golive.core.verdict import Hold, Word
from golive.ports import LookNote
from tests.notebooks.desk import beat, look, make_run, shifted_and_proven, verdict


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


def status(root, *arguments):
    result = CliRunner().invoke(main, ["status", "--runs", str(root), *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def opened(root, name):
    """Give a run with the canary's page open; its own clock is the machine's, as every command's is."""
    run = make_run(root, name=name)
    run.append(Kind.PHASE_OPENED, {"notebook": "03_canary_25", "operator": "ada"}, "canary-25")
    return run


def test_an_open_run_says_split_phase_verdict_guard_wheel_and_what_to_type(root):
    run = opened(root, "golive-1")
    shifted_and_proven(run)
    said = verdict(Word.HOLD)
    look(run, said)
    run.append(Kind.VERDICT, replace(said, hold=Hold.UNMEASURED).to_json(), "canary-25")
    text = status(root)
    lines = text.splitlines()

    assert lines[0].startswith("▸ golive-1  open  25.0 % on canary  3 · Canary at 25 %")
    assert "verdict  HOLD, could not measure" in text
    assert "guard-1 on host acts" in text or "none beats" in text
    assert "wheel    ada since 00:00:00 UTC; nobody is at it now" in text
    assert "NEXT     " in lines[-1]


def test_every_line_fits_a_screen_of_a_hundred_columns(root):
    for number in range(4):
        run = opened(root, f"20260101T00000{number}Z-a-plan-with-a-rather-long-name")
        body = {"phase": "canary-25", "share": 0.25, "verdict": None, "canary_requests": 0, "blind": BLIND}
        run.book.add([], LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", body), beat(run) or 1)
    lines = status(root).splitlines()

    assert max(map(len, lines)) <= 100
    assert len(lines) <= 4 * 8


BLIND = {"of": "metrics", "why": "frozen", "detail": "the same counts for 12 s, or no visitors", "seconds": 12.0}


def test_what_can_not_be_seen_is_said_with_its_name_and_since_when(root):
    run = opened(root, "golive-1")
    body = {"phase": "canary-25", "share": 0.25, "verdict": None, "canary_requests": 0, "blind": BLIND}
    beat(run)
    assert run.book.add([], LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", body), run.book.lease().fence)

    assert "blind for 12 s: metrics frozen (the same counts" in " ".join(status(root).split())


def test_the_newest_run_comes_first_and_closed_ones_take_a_line(root):
    for name in ("20260101T000001Z-a", "20260101T000002Z-b"):
        make_run(root, name=name).append(Kind.RUN_CLOSED, {"result": "completed", "why": ""})
    opened(root, "20260101T000003Z-c")
    lines = status(root).splitlines()

    assert lines[0].startswith("▸ 20260101T000003Z-c")
    assert [line[:20] for line in lines[-2:]] == ["- 20260101T000002Z-b", "- 20260101T000001Z-a"]
    assert "completed" in lines[-1] and "golive seal 20260101T000001Z-a" in lines[-1]


def test_of_many_closed_runs_the_newest_are_shown_and_the_others_counted(root):
    for number in range(13):
        make_run(root, name=f"run-{number:02}").append(Kind.RUN_CLOSED, {"result": "held", "why": ""})

    assert status(root).splitlines()[-1] == "and 3 older ones that are closed: golive status --all"
    assert len(status(root, "--all").splitlines()) == 13


def test_a_damaged_run_is_a_row_that_says_how_to_send_back_without_it(root):
    opened(root, "good")
    opened(root, "bad").folder.record.write_bytes(b"this was a database" * 100)
    text = status(root)

    assert "? bad  UNREADABLE" in text and "golive rollback bad works without it" in " ".join(text.split())
    assert "▸ good  open" in text


def test_a_run_that_is_locked_keeps_nobody_waiting(root):
    opened(root, "good")
    locked = opened(root, "locked")
    other = sqlite3.connect(locked.folder.record, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    found = {one.name: one for one in overview.overviews(root, within=2.0)}
    other.execute("ROLLBACK")

    assert found["locked"].trouble == "no answer in 2 s"
    assert found["good"].trouble == ""


def test_one_run_in_detail_says_what_is_done_what_is_half_done_and_what_has_expired(root):
    run = opened(root, "golive-1")
    good = {"stage": "start", "passed": True, "counts": {}, "good_until": "2020-01-01T00:00:00Z"}
    run.append(Kind.CHECKED, good, "canary-25")
    text = " ".join(status(root, "golive-1").split())
    assert "stands checks of 00:00:00 UTC expired · no shift yet · no proof yet · soak not over" in text
    body = {"act": "shift", "request": "", "share": 0.25}
    run.append(Kind.INTENT, body, "canary-25")
    text = " ".join(status(root, "golive-1").split())

    assert "shift half done: begun at 00:00:00 UTC, its end is not known" in text


def test_other_code_and_where_the_guard_stands_are_named(root):
    run = opened(root, "golive-1")
    stands = {"scope": "session-3.scope", "dangers": ["a logout may end it"]}
    run.append(Kind.GUARD_STARTED, {"guard": "guard-1", "pid": "1", "code": "other", "stands": stands})
    text = status(root, "golive-1")

    assert "the guard runs other, the run was opened with test" in text
    assert "guards stand on host, in session-3.scope" in text and "a logout may end it" in text


def test_visitors_on_a_canary_without_a_guard_come_first_in_what_to_type(root):
    run = opened(root, "golive-1")
    shifted_and_proven(run)

    assert 'NEXT     golive rollback golive-1 --because "no guard answers"' in status(root)


def test_who_is_at_it_is_named(root):
    run = opened(root, "golive-1")
    path = run.folder.operators / "x.json"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write('{"name": "ada"}')
        file.flush()
        assert "at it now: ada" in status(root)


@pytest.mark.parametrize("other", [False, True])
def test_whose_go_live_the_router_shows_is_said(root, other):
    run = opened(root, "golive-1")
    claim = "golive-2@beta" if other else run.state().claim
    beat(run)
    body = {"phase": "canary-25", "share": 0.25, "verdict": None, "canary_requests": 0, "claim": claim}
    run.book.add([], LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", body), run.book.lease().fence)

    assert ("ANOTHER'S, golive-2@beta" in status(root)) is other
    assert f"claim    the router shows {claim}" in status(root) or other


def test_what_a_site_logs_and_a_person_types_moves_no_cursor_and_breaks_no_line(root):
    hostile = "<script>alert(1)</script>\x1b[2J\x07\u202etnemom eno\nNEXT     golive stop golive-1"
    run = opened(root, "golive-1")
    shifted_and_proven(run)
    said = replace(verdict(Word.HOLD, hostile), hold=None)
    look(run, said)
    run.append(Kind.VERDICT, said.to_json(), "canary-25")
    body = {"from": "ada", "to": hostile, "because": hostile}
    run.append(Kind.HANDED_OVER, body)
    text = status(root) + status(root, "golive-1")

    assert "\\x1b[2J\\x07\\u202etnemom eno" in text.replace("\n" + " " * 13, " ")
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
    assert sum(line.startswith("    NEXT") for line in text.splitlines()) == 2
