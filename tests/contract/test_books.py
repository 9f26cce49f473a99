"""What every guards' book does: one lease at a time, whose fences only grow, and beats by the store's own clock."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from golive.core.pair import acting_beat, acting_silent, unguarded
from golive.core.samples import Version
from golive.ports import LookNote
from tests.builders import sample
from tests.contract.benches.books import BookBench, SqliteBench

LOOK = LookNote(
    1.0,
    "2026-01-01T00:00:00.000Z",
    {"verdict": None, "phase": "canary-5", "evidence": {"failed": [0.5, 0.1]}},
)


def _benches():
    kinds = [kind for kind in BookBench.__subclasses__() if kind.name]
    return [
        pytest.param(kind, id=kind.name, marks=[getattr(pytest.mark, mark) for mark in kind.marks]) for kind in kinds
    ]


@pytest.fixture(params=_benches())
def bench(request, tmp_path):
    kind = request.param
    return kind(tmp_path, request.getfixturevalue(kind.server)) if kind.server else kind(tmp_path)


def test_nobody_acts_before_the_first_lease(bench):
    book = bench.book()

    assert book.lease() is None
    assert list(book.beats()) == []
    assert acting_silent(book.beats(), bench.silent) and unguarded(book.beats(), bench.silent)


def test_the_first_member_takes_the_lease_and_the_second_does_not(bench):
    ada, bob = bench.member("a"), bench.member("b")

    assert bench.book().take(ada, 0, bench.silent) == 1
    assert bench.book().take(bob, 0, bench.silent) is None
    assert bench.book().take(bob, 1, bench.silent) is None
    assert bench.book().lease().holder == ada
    assert acting_beat(bench.book().beats()).member == ada


def test_of_many_that_want_the_same_fence_at_once_one_gets_it(bench):
    handles = [bench.book() for _ in range(8)]
    start, got = threading.Barrier(8), []

    def want(number, book):
        member = bench.member("x" * number)
        start.wait()
        got.append(book.take(member, 0, bench.silent))

    threads = [threading.Thread(target=want, args=pair) for pair in enumerate(handles, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got, key=str) == [1, *[None] * 7]


def test_a_lease_whose_holder_is_silent_may_be_taken_and_its_beats_are_refused_from_then_on(bench):
    ada, bob, book = bench.member("a"), bench.member("b"), bench.book()
    first = book.take(ada, 0, bench.silent)
    bench.pass_time(bench.silent * 1.1)
    second = book.take(bob, first, bench.silent)

    assert second == 2
    assert not book.beat(ada, first)
    assert not book.add([sample(1.0, Version.CANARY, 5)], LOOK, first)
    assert list(book.samples()) == []
    assert book.beat(bob, second) and book.add([], LOOK, second)
    assert acting_beat(book.beats()).member == bob


def test_a_beat_keeps_the_lease(bench):
    ada, bob, book = bench.member("a"), bench.member("b"), bench.book()
    fence = book.take(ada, 0, bench.silent)
    for _ in range(3):
        bench.pass_time(bench.silent * 0.6)
        assert book.beat(ada, fence)
        assert book.take(bob, fence, bench.silent) is None


def test_a_released_lease_may_be_taken_at_once_and_one_that_was_left_too(bench):
    ada, bob, book = bench.member("a"), bench.member("b"), bench.book()
    book.release(book.take(ada, 0, bench.silent))

    assert acting_silent(book.beats(), bench.silent)
    assert not book.beat(ada, 1)
    assert book.take(bob, 1, bench.silent) == 2
    book.leave(bob)
    assert book.take(ada, 2, bench.silent) == 3


def test_releasing_an_old_lease_takes_nothing_from_its_successor(bench):
    ada, bob, book = bench.member("a"), bench.member("b"), bench.book()
    book.release(book.take(ada, 0, bench.silent))
    book.take(bob, 1, bench.silent)
    book.release(1)
    book.leave(ada)

    assert book.beat(bob, 2)


def test_a_standby_beats_and_holds_nothing(bench):
    ada, bob, book = bench.member("a"), bench.member("b"), bench.book()
    fence = book.take(ada, 0, bench.silent)
    assert book.beat(bob, 0)
    beats = book.beats()

    assert [(beat.member, beat.acting) for beat in beats] == [(ada, True), (bob, False)]
    assert [beat.fence for beat in beats] == [fence, 0]
    bench.pass_time(bench.silent * 1.1)
    book.beat(bob, 0)
    assert acting_silent(book.beats(), bench.silent)
    assert not unguarded(book.beats(), bench.silent)
    book.leave(bob)
    assert unguarded(book.beats(), bench.silent)


def test_the_seconds_of_a_phase_are_summed_by_the_minute_whoever_added_them(bench):
    book, member = bench.book(), bench.member("a")
    fence = book.take(member, 0, bench.silent)
    samples = [sample(at, version, 10, 1) for at in range(200) for version in Version]
    for begun in range(0, len(samples), 50):
        assert bench.book().add(samples[begun : begun + 50], LOOK, fence)

    minutes = bench.book().minutes("canary-25")
    assert len(minutes) == 2 * len({one.second // 60 for one in samples})
    assert sum(one.tally.requests for one in minutes) == 10 * len(samples)
    assert sum(one.tally.failed for one in minutes) == len(samples)
    assert [one.second for one in minutes] == sorted(one.second for one in minutes)
    assert list(bench.book().minutes("canary-50")) == []


def test_a_look_is_read_back_with_its_samples_by_another_process(bench):
    book, samples = bench.book(), [sample(1.0, Version.CANARY, 5, 1), sample(2.0, Version.CANARY, 6)]
    fence = book.take(bench.member("a"), 0, bench.silent)
    assert book.add(samples, LOOK, fence)
    reader = bench.book()

    assert [s.tally for s in reader.samples()] == [s.tally for s in samples]
    assert [s.tally for s in reader.samples(after=1)] == [samples[1].tally]
    assert reader.last_look().body == LOOK.body
    assert [note.shares for note in reader.trace("canary-5")] == [{"failed": [0.5, 0.1]}]


NAMES = ("a", "bb", "ccc")
STEP = st.one_of(
    st.tuples(st.sampled_from(["take", "stale take", "beat", "release", "leave", "add"]), st.sampled_from(NAMES)),
    st.tuples(st.just("wait"), st.sampled_from([0.3, 0.8, 1.2])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=40))
def test_at_any_interleaving_a_fence_has_one_holder_and_fences_only_grow(bench, steps):
    if not bench.fresh():
        return
    held: dict[str, int] = {}  # what each member believes to hold
    given_out: list[int] = []
    waited = 0
    for what, who in steps:
        book = bench.book()
        if what == "wait":
            waited += 1
            if bench.silent == SqliteBench.silent or waited < 4:
                bench.pass_time(bench.silent * float(who))
            continue
        member, fence = bench.member(who), held.get(who, 0)
        standing = book.lease()
        newest = standing.fence if standing else 0
        if what in ("take", "stale take"):
            over = newest if what == "take" else max(0, newest - 1)
            got = book.take(member, over, bench.silent)
            if got is not None:
                assert over == newest and got > max(given_out, default=0)
                given_out.append(got)
                held[who] = got
        elif what == "beat":
            assert book.beat(member, fence) == (fence == 0 or (fence == newest and not standing.released))
        elif what == "release":
            book.release(fence)
        elif what == "leave":
            book.leave(member)
            held.pop(who, None)
        elif fence:
            assert book.add([], LOOK, fence) == (fence == newest and not standing.released)
        now = book.lease()
        assert (now.fence if now else 0) == max(given_out, default=0)
        assert sum(beat.acting for beat in book.beats()) <= 1
