"""Guards that are killed, frozen and asked to end, as real processes on a real sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from golive import wiring
from golive.adapters.processes import ended
from golive.core.folding import fold
from golive.core.record import Kind, verify
from golive.watchman import Watchman
from tests.parts.guarded import GuardedRun, guards_of

pytestmark = [pytest.mark.rehearsal, pytest.mark.timeout(120)]

HOLDER = textwrap.dedent(
    """
    import sqlite3, sys, time
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    print("holds", flush=True)
    time.sleep(600)
    """
)


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLIVE_HOME", str(tmp_path))
    run = GuardedRun(tmp_path)
    yield run
    run.end()
    assert guards_of(run.run) == []
    verify(run.entries)


def test_the_standby_acts_at_once_when_the_acting_guard_is_killed_and_starts_another(guarded):
    acting, standby = guarded.pair()
    guarded.send(acting, signal.SIGKILL)
    _, seconds = guarded.until(lambda: guarded.acting() and guarded.acting().member == standby.member)
    guarded.until(lambda: guarded.standby())

    taken = guarded.of(Kind.LEASE_TAKEN)
    print(f"took over after {seconds:.2f} s")
    assert [one["fence"] for one in taken] == [1, 2]
    assert taken[1]["because"] == f"the process of {acting.member.guard} has ended"
    assert guarded.share() == 0.05 and fold(guarded.entries).rollback is None
    assert guarded.standby().member not in (acting.member, standby.member)


def test_a_frozen_guard_is_ended_before_another_acts(guarded):
    acting, standby = guarded.pair()
    guarded.send(acting, signal.SIGSTOP)
    _, seconds = guarded.until(lambda: guarded.acting() and guarded.acting().member == standby.member)

    print(f"took over after {seconds:.2f} s")
    assert ended(acting.member)
    assert "was silent for" in guarded.until(lambda: guarded.of(Kind.LEASE_TAKEN)[1:])[0][0]["because"]
    assert guarded.share() == 0.05


def test_a_guard_that_is_asked_to_end_hands_over(guarded):
    acting, standby = guarded.pair()
    guarded.send(acting, signal.SIGTERM)
    _, seconds = guarded.until(lambda: guarded.acting() and guarded.acting().member == standby.member)
    _, whole = guarded.until(lambda: guarded.standby())

    print(f"handed over in {seconds:.2f} s, whole again after {whole:.2f} s")
    stopped = guarded.of(Kind.GUARD_STOPPED)
    assert stopped == [{"guard": acting.member.guard, "why": "it was asked to end, and handed over"}]
    assert guarded.of(Kind.LEASE_TAKEN)[1]["because"] == f"{acting.member.guard} has let go"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_a_standby_that_is_lost_is_replaced_and_the_acting_guard_goes_on(guarded, number):
    acting, standby = guarded.pair()
    guarded.send(standby, number)
    guarded.until(lambda: guarded.standby() and guarded.standby().member != standby.member)

    assert guarded.acting().member == acting.member
    assert ended(standby.member)
    assert [one["fence"] for one in guarded.of(Kind.LEASE_TAKEN)] == [1]
    guarded.until(lambda: standby.member.guard in [one["guard"] for one in guarded.of(Kind.GUARD_STOPPED)])


def test_sigint_ends_no_guard(guarded):
    acting, standby = guarded.pair()
    for beat in (acting, standby):
        guarded.send(beat, signal.SIGINT)
    time.sleep(1.0)

    assert (guarded.acting().member, guarded.standby().member) == (acting.member, standby.member)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_when_both_are_lost_whoever_sees_it_sends_everybody_back_and_starts_a_guard(guarded, number):
    watchman = Watchman(wiring.open_run(str(guarded.run.folder.root), "ada", patience=wiring.GUARDS_PATIENCE))
    watchman.look()
    both = guarded.pair()
    begun = time.monotonic()
    for beat in both:
        guarded.send(beat, number)

    def safe():
        watchman.look()
        return guarded.share() == 0.0

    guarded.until(safe)
    print(f"safe after {time.monotonic() - begun:.2f} s")
    guarded.until(guarded.acting)
    rollback, _ = guarded.until(lambda: fold(guarded.entries).rollback)

    assert "no guard of this run has lived" in rollback.detail["because"]
    guarded.until(lambda: fold(guarded.entries).rollback.done)


def test_a_frozen_process_inside_the_record_keeps_no_guard_out_and_visitors_are_sent_back(guarded):
    guarded.pair()
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(guarded.run.folder.record)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"holds\n"
        os.kill(holder.pid, signal.SIGSTOP)
        acting = guarded.acting().member
        _, seconds = guarded.until(lambda: guarded.share() == 0.0)

        print(f"safe after {seconds:.2f} s")
        assert guarded.acting().member == acting
        assert list(guarded.run.folder.late.glob("*.json"))
    finally:
        holder.kill()
        holder.wait()
    guarded.until(lambda: fold(guarded.entries).rollback and fold(guarded.entries).rollback.done)
    assert list(guarded.run.folder.late.glob("*.json")) == []
    assert "could not be written" in fold(guarded.entries).rollback.detail["because"]
    assert psutil.pid_exists(acting.pid)
