"""Whole rehearsals on a real world: what ends how, and that the archive says so."""

import json
import os
import signal
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from golive.archive.verify import Standing, read_record, verify
from golive.core.folding import fold
from golive.core.record import Kind
from golive.sandbox.address import WorldAddress
from tests.parts.rehearsals import Rehearsal, ours, read_entries

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(400)]


@pytest.fixture
def rehearse(tmp_path):
    """Rehearse in the test's folder; what a failed test leaves running is ended."""
    begun = []

    def begin(*arguments):
        begun.append(Rehearsal(tmp_path, "sandbox", *arguments))
        return begun[-1]

    yield begin
    for rehearsal in begun:
        rehearsal.process.terminate()
        rehearsal.end()


def world(root):
    return WorldAddress.load(root / "work" / "world.json")


def test_a_sick_canary_is_rolled_back_even_with_the_notebooks_kernel_killed(rehearse):
    rehearsal = rehearse("--fault", "errors@2")
    rehearsal.says("1 · Canary")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        state = fold(read_entries(rehearsal.root))
        shift = state.named("canary-5").shift
        if shift is not None and shift.done:
            break
        time.sleep(0.1)
    kernels = [
        p for p in psutil.Process(rehearsal.process.pid).children(True) if "ipykernel_launcher" in " ".join(p.cmdline())
    ]
    for kernel in kernels:
        kernel.kill()
    seen = httpx.get(world(rehearsal.root).visitors + "/-/seen")

    assert kernels
    assert seen.status_code == 200
    assert rehearsal.end() == 3, rehearsal.log.read_text()
    state = fold(read_record(rehearsal.root / "record.jsonl"))
    assert state.closed == "rolled-back"
    assert state.split == 0.0
    assert state.rollback.done
    assert state.rollback.detail["verified"]["counted_after"] == 0
    assert verify(rehearsal.root).standing is Standing.CONSISTENT
    page = rehearsal.root / "notebooks" / "02_canary_5.ipynb"
    assert json.loads(page.read_text())["metadata"]["papermill"]["golive"]["complete"] is False
    assert ours(rehearsal.root) == []


def test_a_critical_log_entry_that_stable_does_not_log_rolls_back(rehearse):
    rehearsal = rehearse("--fault", "critical-log@1")

    assert rehearsal.end() == 3, rehearsal.log.read_text()
    entries = read_record(rehearsal.root / "record.jsonl")
    assert "critical log entry" in next(e for e in entries if e.kind is Kind.RUN_CLOSED).body["why"]
    assert (rehearsal.root / "notebooks" / "91_incident.html").exists()
    text = (rehearsal.root / "index.html").read_text()
    assert "ROLLED BACK" in text and "<script" not in text and "http://" not in text


def test_blindness_before_cutover_rolls_back(rehearse):
    rehearsal = rehearse("--fault", "metrics-refused@1")

    assert rehearsal.end() == 3, rehearsal.log.read_text()
    assert "blind for" in rehearsal.log.read_text()


def family(rehearsal):
    """Give every process of a rehearsal but its runner: kernels, guard, sandbox."""
    roots = [psutil.Process(rehearsal.process.pid), *ours(rehearsal.root)]
    found = {process for root in roots for process in (root, *root.children(recursive=True))}
    return {process for process in found if process.pid != rehearsal.process.pid}


def lives(process):
    """Say whether a process runs; one that has ended and waits for its parent to notice does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def shifted(rehearsal):
    """Return once the first shift is done: visitors are on the canary."""
    rehearsal.says("world  ")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        shift = fold(read_entries(rehearsal.root)).named("canary-1").shift
        if shift is not None and shift.done:
            return
        time.sleep(0.1)
    raise AssertionError(rehearsal.log.read_text())


MOMENTS = {
    "the world starts": lambda rehearsal: rehearsal.says("run  "),
    "the preflight runs": lambda rehearsal: rehearsal.says("world  "),
    "one page has ended and the next has not begun": lambda rehearsal: rehearsal.says("0 · Preflight"),
    "a soak runs": shifted,
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_rolls_back_closes_and_leaves_no_process(rehearse, moment, number):
    rehearsal = rehearse()
    MOMENTS[moment](rehearsal)
    before = family(rehearsal)
    began = time.monotonic()
    os.kill(rehearsal.process.pid, number)
    rehearsal.says("sealing", 60)  # all that is left then is to write the archive
    took = time.monotonic() - began

    assert [process for process in before if lives(process)] == []
    assert took < 10
    assert rehearsal.end() == 128 + number, rehearsal.log.read_text()
    assert ours(rehearsal.root) == []
    state = fold(read_record(rehearsal.root / "record.jsonl"))
    assert state.closed == "interrupted"
    assert state.split == 0.0
    assert (state.rollback is not None and state.rollback.done) is (moment == "a soak runs")
    assert verify(rehearsal.root).standing is Standing.CONSISTENT


def test_signals_that_come_again_and_again_break_nothing(rehearse):
    rehearsal = rehearse()
    shifted(rehearsal)
    before = family(rehearsal)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGINT):
        os.kill(rehearsal.process.pid, number)
        time.sleep(1.0)

    assert rehearsal.end() == 130, rehearsal.log.read_text()
    assert "Traceback" not in rehearsal.log.read_text()
    assert [process for process in before if lives(process)] == []
    state = fold(read_record(rehearsal.root / "record.jsonl"))
    assert state.closed == "interrupted"
    assert state.rollback.done
    assert verify(rehearsal.root).standing is Standing.CONSISTENT


def test_a_killed_runner_leaves_a_run_that_resume_ends_well(rehearse):
    rehearsal = rehearse()
    shifted(rehearsal)
    rehearsal.process.kill()
    rehearsal.end()
    assert ours(rehearsal.root)
    command = [sys.executable, "-m", "golive.cli", "resume", str(rehearsal.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stdout + done.stderr
    assert fold(read_record(rehearsal.root / "record.jsonl")).closed == "completed"
    assert verify(rehearsal.root).standing is Standing.CONSISTENT
    assert ours(rehearsal.root) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sandbxo"], "unknown plan 'sandbxo': did you mean 'sandbox'"),
        (["production"], "router driver 'vercel' is not installed"),
        (["--fault", "erors@3"], "unknown fault 'erors': did you mean 'errors'"),
        (["--fault", "errors@99"], "unknown phase"),
        (["--fault", "errors"], "NAME@PHASE was expected"),
    ],
)
def test_bad_input_is_said_clearly_and_leaves_nothing(tmp_path, arguments, says):
    done = subprocess.run(
        [sys.executable, "-m", "golive.cli", "rehearse", "--runs", str(tmp_path / "runs"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("runs/*"))
