"""Whole rehearsals on real parts: HAProxy with Prometheus, and Envoy."""

import re
import signal
import subprocess
import sys
import time

import pytest

from golive.archive.verify import Standing, read_record, verify
from golive.core.folding import fold
from golive.core.record import Kind
from tests.parts.envoy import program_or_skip
from tests.parts.haproxy import program
from tests.parts.rehearsals import Rehearsal, ours, read_entries

pytestmark = [pytest.mark.staging, pytest.mark.timeout(400), pytest.mark.xdist_group("full-load")]


@pytest.fixture
def rehearse(tmp_path):
    """Rehearse in the test's folder; what a failed test leaves running is ended."""
    begun = []

    def begin(plan, *arguments):
        for name in ("haproxy", "prometheus") if plan == "staging" else ():
            program(name)
        begun.append(Rehearsal(tmp_path, plan, *arguments))
        return begun[-1]

    yield begin
    for rehearsal in begun:
        rehearsal.process.terminate()
        rehearsal.end()


def ended(rehearsal):
    """Give where the run stood in the end; nothing of it may be left, and its archive must hold."""
    assert ours(rehearsal.root) == []
    assert not list(rehearsal.root.glob("work/stack/prometheus"))
    assert verify(rehearsal.root).standing is Standing.CONSISTENT
    return fold(read_record(rehearsal.root / "record.jsonl"))


def closed_because(rehearsal):
    entries = read_record(rehearsal.root / "record.jsonl")
    return next(entry.body["why"] for entry in entries if entry.kind is Kind.RUN_CLOSED)


def test_the_whole_goes_live_on_haproxy_and_prometheus_and_its_archive_verifies(rehearse):
    rehearsal = rehearse("staging")

    assert rehearsal.end() == 0, rehearsal.log.read_text()
    state = ended(rehearsal)
    assert state.closed == "completed"
    assert all(phase.closed_at for phase in state.phases)


def test_a_sick_canary_behind_envoy_is_rolled_back(rehearse):
    program_or_skip()
    rehearsal = rehearse("staging-envoy", "--fault", "errors@1")

    assert rehearsal.end() == 3, rehearsal.log.read_text()
    state = ended(rehearsal)
    assert state.rollback.done
    assert state.rollback.detail["verified"]["counted_after"] == 0
    assert "requests that failed" in closed_because(rehearsal)


def test_a_sick_canary_behind_haproxy_is_rolled_back(rehearse):
    rehearsal = rehearse("staging", "--fault", "errors@1")

    assert rehearsal.end() == 3, rehearsal.log.read_text()
    state = ended(rehearsal)
    assert state.closed == "rolled-back"
    assert state.rollback.done
    assert state.rollback.detail["verified"]["read_back"] == 0.0
    assert "requests that failed" in closed_because(rehearsal)


def test_without_prometheus_nothing_goes_forward_and_after_a_while_everybody_goes_back(rehearse):
    rehearsal = rehearse("staging", "--fault", "metrics-refused@1")

    assert rehearsal.end() == 3, rehearsal.log.read_text()
    state = ended(rehearsal)
    assert state.rollback.done
    assert re.match(r"blind for 1\d s: metrics could not be measured: refused", closed_because(rehearsal))


def test_a_reload_in_mid_soak_is_noticed_and_said_in_the_record(rehearse):
    rehearsal = rehearse("staging")
    rehearsal.says("0 · Preflight")
    first(rehearsal, lambda entry: entry.kind is Kind.OUTCOME and entry.body["act"] == "prove")
    command = [sys.executable, "-m", "golive.cli", "fault", str(rehearsal.root), "reload-resets-weights"]
    subprocess.run(command, check=True, timeout=60)
    strayed = first(rehearsal, lambda entry: entry.kind is Kind.STRAYED)
    rehearsal.process.send_signal(signal.SIGINT)

    assert (strayed.phase, strayed.body["share"], strayed.body["recorded"]) == ("canary-1", 0.0, 0.01)
    assert rehearsal.end() == 130, rehearsal.log.read_text()
    state = ended(rehearsal)
    assert state.closed == "interrupted"
    assert state.rollback.done


def first(rehearsal, wanted):
    """Give the first entry of that kind, once it is there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = next(filter(wanted, read_entries(rehearsal.root)), None)
        if found is not None:
            return found
        time.sleep(0.2)
    raise AssertionError(rehearsal.log.read_text())
