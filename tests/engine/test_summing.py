"""A long watch is summed up each hour and at its end, for the record and for people outside."""

from dataclasses import replace
from datetime import timedelta

import pytest

from golive.core.errors import StoreUnavailable
from golive.core.folding import fold
from golive.core.record import Kind
from golive.engine.summing import Summing, in_words
from tests.builders import Story
from tests.core.test_summaries import counted
from tests.engine.test_guard import FakeRouter, scene

HOUR = 3600


class Minutes:
    """The minutes of a watch: one in ten has failures."""

    def __init__(self, begin):
        self.begin, self.broken = begin, False

    def minutes(self, phase):
        if self.broken:
            raise StoreUnavailable("locked")
        assert phase == "watch"
        rows = [counted(60 * n, 100, 5 if n % 10 == 3 else 0) for n in range(24 * 60)]
        return [replace(one, second=self.begin + 60 * n + 59) for n, one in enumerate(rows)]


@pytest.fixture
def watch():
    guard, story, _ = scene(FakeRouter())
    clock = guard.post.clock
    begin = clock.now()
    story.tell(Kind.PHASE_OPENED, {"notebook": "06"}, "watch", at="2026-01-01T00:00:00.000Z")
    book = Minutes(begin.timestamp())
    object.__setattr__(guard.post, "book", book)
    summing = Summing(guard.post, guard.ledger)

    def look(hours):
        clock.advance(hours * HOUR)
        state = fold(story.entries)
        phases = tuple(replace(p, closed_at="then") if p.name != "watch" else p for p in state.phases)
        summing.look(replace(state, phases=phases))

    return guard, story, book, summing, look


def summaries(story):
    return [entry.body for entry in story.entries if entry.kind is Kind.SUMMARY]


async def test_each_hour_of_a_watch_is_summed_up_once(watch):
    _, story, _, _, look = watch
    for hours in (0.5, 0.6, 0.1, 0.9):
        look(hours)

    assert [(body["since"][11:16], body["until"][11:16]) for body in summaries(story)] == [
        ("00:00", "01:06"),
        ("01:06", "02:06"),
    ]
    first = summaries(story)[0]["versions"]["canary"]
    assert first["requests"] == 6600 and first["worst"]["failed"]["share"] == 0.05


async def test_the_end_of_a_watch_sums_up_what_is_left(watch):
    guard, story, _, summing, look = watch
    look(1.0)
    guard.post.clock.advance(0.25 * HOUR)
    state = fold(story.entries)
    phases = tuple(replace(p, closed_at="then") if p.name != "watch" else p for p in state.phases)
    summing.end(replace(state, phases=phases))

    assert summaries(story)[-1]["versions"]["canary"]["requests"] == 1500


async def test_a_book_that_can_not_be_read_costs_no_summary(watch):
    _, story, book, _, look = watch
    book.broken = True
    look(1.0)
    assert summaries(story) == []
    book.broken = False
    look(0.01)

    assert summaries(story)[0]["since"] == "2026-01-01T00:00:00Z"


async def test_another_phase_is_not_summed_up():
    guard, story, _ = scene(FakeRouter())
    guard.post.clock.advance(5 * HOUR)
    Summing(guard.post, guard.ledger).look(fold(story.entries))

    assert summaries(story) == []


def test_a_summary_is_one_sentence_for_people():
    body = {
        "since": "2026-01-01T06:00:00Z",
        "until": "2026-01-01T07:00:00Z",
        "versions": {
            "canary": {
                "requests": 4200,
                "failed": 0.0012,
                "over_500ms": 0.01,
                "worst": {"failed": {"at": "2026-01-01T06:41:59Z", "share": 0.05, "requests": 70}},
            }
        },
    }

    assert in_words(body) == (
        "06:00 to 07:00 UTC: canary 4200 requests, 0.12% failed, 1.00% over 500 ms, at worst 5.00% failed at 06:41"
    )
    assert in_words({**body, "versions": {}}).endswith("nobody was counted")


def test_the_fold_keeps_what_was_summed_up():
    story = Story().open()
    story.tell(Kind.SUMMARY, {"since": "a", "until": "b", "versions": {}}, "watch")

    assert fold(story.entries).named("watch").summaries[0]["until"] == "b"


def test_an_hour_is_what_a_plan_has_that_says_nothing():
    from tests.builders import sandbox

    assert sandbox().guarding.summary_every == timedelta(hours=1)
