"""The record survives writers that die, and the book is cheap to read."""

import sqlite3
import subprocess
import sys
import textwrap

import pytest

from golive.adapters.clocks import FakeClock, SystemClock
from golive.adapters.stores.book import SqliteBook
from golive.adapters.stores.late import LateBox
from golive.adapters.stores.sqlite import SqliteStore
from golive.core.errors import Stopped, StoreUnavailable
from golive.core.record import Draft, Kind, Who, verify
from golive.core.samples import Version
from golive.folders import RunFolder
from golive.ports import LookNote, Member
from tests.builders import sample

WRITER = textwrap.dedent(
    """
    import os, sys, uuid
    from pathlib import Path
    from golive.adapters.clocks import SystemClock
    from golive.adapters.stores.sqlite import SqliteStore
    from golive.core.record import Draft, Kind, Who
    store = SqliteStore(Path(sys.argv[1]), code="t", plan="p", clock=SystemClock(), timeout=60)
    told = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in range(int(sys.argv[3])):
        entry = store.append(Draft(uuid.uuid4().hex, Kind.NOTE, Who("w"), {"n": number}))
        os.write(told, (entry.id + "\\n").encode())
    """
)

KILLER = WRITER.split("store = ")[0] + textwrap.dedent(
    """
        import random, signal, time
        draw = random.Random(7)
        for _ in range(100):
            child = os.fork()
            if child == 0:
                store = SqliteStore(Path(sys.argv[1]), code="t", plan="p", clock=SystemClock(), timeout=60)
                told = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                while True:
                    entry = store.append(Draft(uuid.uuid4().hex, Kind.NOTE, Who("w"), {}))
                    os.write(told, (entry.id + "\\n").encode())
            time.sleep(draw.uniform(0.02, 0.25))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        """
)


def store_at(path, clock=None):
    return SqliteStore(path, code="test", plan="plan", clock=clock or SystemClock())


def note(text="x", id="a"):
    return Draft(id, Kind.NOTE, Who("ada"), {"text": text})


def writer(tmp_path, number):
    return subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "r.db"), str(tmp_path / "told"), str(number)])


def test_the_same_id_is_never_entered_twice(tmp_path):
    store = store_at(tmp_path / "r.db")

    assert store.append(note()) == store.append(note())
    assert len(store.read()) == 1


def test_an_entry_that_may_not_be_made_leaves_nothing(tmp_path):
    store = store_at(tmp_path / "r.db")

    def refuse(entries):
        raise Stopped("no", "nothing")

    with pytest.raises(Stopped):
        store.append(note(), refuse)
    assert store.read() == ()


def test_two_processes_eyes_see_one_chain(tmp_path):
    one, two = store_at(tmp_path / "r.db"), store_at(tmp_path / "r.db")
    one.append(note("1", "a"))
    two.append(note("2", "b"))
    one.append(note("3", "c"))

    assert verify(two.read()).seq == 3


@pytest.mark.parametrize("statement", ["UPDATE entries SET text='x'", "DELETE FROM entries"])
def test_the_file_itself_refuses_changes(tmp_path, statement):
    store_at(tmp_path / "r.db").append(note())

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sqlite3.connect(tmp_path / "r.db").execute(statement)


def test_times_never_go_backwards(tmp_path):
    clock = FakeClock()
    store = store_at(tmp_path / "r.db", clock)
    first = store.append(note("1", "a"))
    clock.advance(-3600)

    assert store.append(note("2", "b")).at == first.at


def test_a_locked_record_says_so_and_the_late_box_keeps_what_could_not_be_entered(tmp_path):
    store = SqliteStore(tmp_path / "r.db", code="t", plan="p", clock=SystemClock(), timeout=0.05)
    holder = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.append(note())
    box = LateBox(tmp_path / "late")
    box.write(note())
    holder.execute("ROLLBACK")

    assert box.take_in(store) == 1
    assert box.take_in(store) == 0
    assert store.read()[0].body == {"text": "x", "late": True}


@pytest.mark.timeout(300)
def test_four_writers_make_one_chain_and_nothing_acknowledged_is_lost(tmp_path):
    store_at(tmp_path / "r.db")
    for child in [writer(tmp_path, 2000) for _ in range(4)]:
        assert child.wait() == 0
    entries = store_at(tmp_path / "r.db").read()

    assert verify(entries).seq == 8000
    assert set((tmp_path / "told").read_text().split()) == {entry.id for entry in entries}


@pytest.mark.timeout(300)
def test_a_hundred_killed_writers_lose_nothing_that_was_acknowledged(tmp_path):
    store_at(tmp_path / "r.db")
    beside = writer(tmp_path, 300)
    killer = subprocess.run([sys.executable, "-c", KILLER, str(tmp_path / "r.db"), str(tmp_path / "told")])
    assert (killer.returncode, beside.wait()) == (0, 0)
    entries = store_at(tmp_path / "r.db").read()
    told = [line for line in (tmp_path / "told").read_text().split("\n") if len(line) == 32]

    verify(entries)
    assert len(told) > 300
    assert set(told) <= {entry.id for entry in entries}


def test_the_book_gives_back_what_a_look_wrote(tmp_path):
    folder = RunFolder(tmp_path)
    folder.work.mkdir()
    book, guard = SqliteBook(folder, FakeClock(), "boot"), Member("guard-1", "host", "boot", 1, 1.0)
    fence = book.take(guard, 0, 5.0)
    samples = [sample(1.0, Version.CANARY, 5, 1), sample(2.0, Version.CANARY, 6)]
    book.add(samples, LookNote(2.0, "2026-01-01T00:00:00Z", {"verdict": None}), fence)
    book.beat(guard, fence)

    assert book.samples() == samples
    assert book.samples(after=1) == samples[1:]
    assert book.last_look().at == 2.0
    assert [beat.member.guard for beat in book.beats()] == ["guard-1"]
    assert folder.alive.exists()
