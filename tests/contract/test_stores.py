"""What every store promises, held against the real thing: a file, and a PostgreSQL of the tests' own."""

import signal

import pytest

from golive.core.errors import Stopped, StoreUnavailable
from golive.core.record import verify
from tests.parts.stores import Kept, note

pytestmark = pytest.mark.timeout(120)
HOLD = """
def may(entries):
    print("inside", flush=True)
    sys.stdin.read()
store.append(note("held", "held"), may)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.staging)])
def kept(request, tmp_path):
    """Give a place that holds nothing yet."""
    if request.param == "sqlite":
        return Kept("sqlite", str(tmp_path / "record.db"), tmp_path)
    return Kept("postgres", request.getfixturevalue("postgres").database(), tmp_path)


def test_the_same_id_is_never_entered_twice(kept):
    store = kept.store()

    assert store.append(note(id="a")) == store.append(note(id="a"))
    assert len(store.read()) == 1


def test_an_entry_that_may_not_be_made_leaves_nothing(kept):
    store = kept.store()

    def refuse(entries):
        raise Stopped("no", "nothing")

    with pytest.raises(Stopped):
        store.append(note(), refuse)
    assert store.read() == ()
    assert store.append(note()).seq == 1


def test_who_asks_whether_it_may_sees_every_entry_before_it(kept):
    one, two = kept.store(), kept.store()
    seen = []
    for number, store in enumerate((one, two, one)):
        store.append(note(), lambda entries, number=number: seen.append(len(entries) == number))

    assert seen == [True, True, True]
    assert verify(two.read()).seq == 3
    assert len(one.read(after=2)) == 1


def test_what_an_entry_says_comes_back_as_it_was(kept):
    store, text = kept.store(), "zero \x00, quote ', emoji 🦜, lone \udc80"
    entry = store.append(note(text))

    assert kept.store().read() == (entry,)
    verify(kept.store().read())


def test_four_processes_make_one_chain_and_nothing_acknowledged_is_lost(kept):
    writers = [kept.process("for _ in range(int(number)): append(store)", 100) for _ in range(4)]

    assert [writer.wait() for writer in writers] == [0] * 4
    entries = kept.store().read()
    assert verify(entries).seq == 400
    assert set(kept.told()) == {entry.id for entry in entries}


def test_killed_writers_lose_nothing_that_was_acknowledged(kept):
    kept.store().append(note())
    killer = """
        draw = random.Random(7)
        for _ in range(int(number)):
            child = os.fork()
            if child == 0:
                mine = open_store(kind, where)
                while True:
                    append(mine)
            time.sleep(draw.uniform(0.05, 0.25))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        """
    beside = kept.process("for _ in range(int(number)): append(store)", 100)

    assert (kept.process(killer, 25).wait(), beside.wait()) == (0, 0)
    entries = kept.store().read()
    verify(entries)
    assert len(kept.told()) > 100
    assert set(kept.told()) <= {entry.id for entry in entries}


def test_a_frozen_writer_in_mid_append_hangs_nobody_and_its_entry_is_whole_or_absent(kept):
    kept.store().append(note(id="before"))
    holder = kept.process(HOLD)
    assert holder.stdout.readline() == "inside\n"
    holder.send_signal(signal.SIGSTOP)
    other = kept.store(timeout=0.2)
    try:
        other.append(note(id="beside"))
    except StoreUnavailable as error:
        assert "\nNEXT" in str(error)
        assert len(other.read()) == 1  # who only reads is not locked out
        holder.kill()
        holder.wait()
        other.append(note(id="beside"))
    else:
        holder.kill()
        holder.wait()

    assert [entry.id for entry in other.read()] == ["before", "beside"]


def test_a_store_that_was_carried_over_a_fork_loses_nothing(kept):
    script = """
        append(store)
        child = os.fork()
        for _ in range(20):
            append(store)
        if child == 0:
            os._exit(0)
        sys.exit(os.waitpid(child, 0)[1])
        """

    assert kept.process(script).wait() == 0
    entries = kept.store().read()
    assert verify(entries).seq == 41
    assert set(kept.told()) == {entry.id for entry in entries}
