"""Whole rehearsals with `router: vercel`, on the double."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx
import pytest

from golive.archive.verify import Standing, read_record, verify
from golive.core.folding import fold
from golive.core.record import Kind
from tests.parts.rehearsals import Rehearsal, ours, read_entries
from tests.vercel.double.world import installed

PLAN = "vercel-rehearsal"
pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(400)]


@pytest.fixture
def rehearse(tmp_path, monkeypatch):
    """Rehearse in the test's folder; what a failed test leaves running is ended."""
    for name, value in installed(tmp_path / "installed").items():
        monkeypatch.setenv(name, value)
    (tmp_path / "runs").mkdir()
    begun = []

    def begin(*arguments):
        begun.append(Rehearsal(tmp_path / "runs", PLAN, *arguments))
        return begun[-1]

    yield begin
    for rehearsal in begun:
        rehearsal.process.terminate()
        rehearsal.end()


def ended(rehearsal):
    """Give the record of a rehearsal of which nothing is left but an archive that holds."""
    assert ours(rehearsal.root) == []
    assert verify(rehearsal.root).standing is Standing.CONSISTENT
    return read_record(rehearsal.root / "record.jsonl")


def control(rehearsal):
    return json.loads((rehearsal.root / "work" / "world.json").read_text())["control"]


def typed(rehearsal, act, name):
    """Type a named act until a phase is open for it, and give what was answered."""
    words = [act, str(rehearsal.root), name, "--because", "a test", "--who", "Grace"]
    for _ in range(10):
        command = [sys.executable, "-m", "golive.cli", "deployment", *words]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        if said.returncode == 0:
            return said.stdout
        assert "no phase of this run is open" in said.stderr, said.stderr
        time.sleep(0.5)
    raise AssertionError(said.stderr)


def shifted(rehearsal, phase):
    """Return once a phase's shift is done."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        shift = fold(read_entries(rehearsal.root)).named(phase).shift
        if shift is not None and shift.done:
            return
        time.sleep(0.1)
    raise AssertionError(rehearsal.log.read_text())


def test_the_whole_goes_live_stage_by_stage_and_its_archive_verifies(rehearse):
    rehearsal = rehearse()
    rehearsal.says("Cutover to 100 %", 200)
    shifted(rehearsal, "cutover")
    given = typed(rehearsal, "alias", "shop.example.com")
    seen = httpx.get(control(rehearsal) + "/-/calls").json()

    assert rehearsal.end() == 0, rehearsal.log.read_text()
    entries = ended(rehearsal)
    state = fold(entries)
    assert state.closed == "completed"
    proofs = [e.body for e in entries if e.kind is Kind.OUTCOME and e.body["act"] == "prove"]
    assert len(proofs) == 5 and all("forced to canary: met canary" in one["seen"] for one in proofs)
    assert "which is no proof of the share" in proofs[0]["seen"] or "no visitor counted yet" in proofs[0]["seen"]
    assert all(phase.closed_at for phase in state.phases)
    writes = [call.rpartition("/")[2] for call in seen["calls"] if not call.startswith("GET")]
    assert writes == ["config", "start", "approve-stage", "approve-stage", "approve-stage", "complete", "aliases"]
    assert "shop.example.com is served by dpl_canary" in given
    bracket = [(e.kind, e.who["name"]) for e in entries if e.body.get("act") == "alias"]
    assert bracket == [(Kind.REQUEST, "Grace"), (Kind.INTENT, "guard"), (Kind.OUTCOME, "guard")]
    assert seen["broken"] == []


def test_a_sick_canary_is_rolled_back_to_the_base_and_counted_gone(rehearse):
    rehearsal = rehearse("--fault", "errors@2")
    rehearsal.says("0 · Preflight")
    httpx.put(control(rehearsal) + "/-/ways", json={"rollback_takes": 3.0})

    assert rehearsal.end() == 3, rehearsal.log.read_text()
    entries = ended(rehearsal)
    state = fold(entries)
    assert state.closed == "rolled-back"
    assert state.rollback.done
    verified = state.rollback.detail["verified"]
    assert verified["read_back"] == 0.0 and verified["counted_after"] == 0 and verified["stable_healthy"]
    assert 3.0 <= verified["seconds_to_safe"] < 12.0
    assert "requests that failed" in next(e.body["why"] for e in entries if e.kind is Kind.RUN_CLOSED)


def test_a_click_on_abort_in_the_dashboard_holds_and_goes_no_further(rehearse):
    rehearsal = rehearse()
    shifted_at_one(rehearsal)
    httpx.post(control(rehearsal) + "/-/others/abort")

    assert rehearsal.end() in (3, 4), rehearsal.log.read_text()
    entries = ended(rehearsal)
    state = fold(entries)
    assert state.closed in ("rolled-back", "held")
    assert state.named("canary-5").shift is None
    said = [e.body for e in entries if e.kind is Kind.NOTICE]
    assert any("Vercel shows our release as aborted" in one["text"] for one in said), said


def shifted_at_one(rehearsal):
    rehearsal.says("0 · Preflight")
    shifted(rehearsal, "canary-1")
