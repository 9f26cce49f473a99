"""The guard watches lines through a soak: what is not good holds, and its worst moment is told at the end."""

import asyncio
from datetime import timedelta

import pytest

from golive.core.findings import code_of
from golive.core.phases import WatchedUse
from golive.core.plan import Plan
from golive.core.record import Draft, Kind, Who
from golive.core.verdict import Hold, Word
from golive.engine.watching import Watching
from golive.ports import Finding, Result
from tests.builders import sandbox
from tests.engine.test_guard import FakeRouter, scene

POOL = "database-pool"


class FakeLines:
    """Gives what it is told to give, in its order, and the last of it for ever."""

    def __init__(self, *findings):
        self.findings, self.asked, self.ended = list(findings), [], False

    async def look(self, phase, called):
        self.asked.append((phase, called))
        return self.findings.pop(0) if len(self.findings) > 1 else self.findings[0]

    def end(self):
        self.ended = True


def found(result=Result.PASS, seen="0.4", excess=-0.4, called=POOL):
    return Finding("number", "A number", result, "≤ 0.8", seen, evidence={"excess": excess}, called=called)


BAD = found(Result.FAIL, "0.95", 0.15)


def plan_that_watches(*names):
    data = sandbox().model_dump()
    for phase in data["phases"]:
        mine = phase["name"] == "canary-5"
        phase["watched"] = tuple(WatchedUse(check="number", name=n, every=timedelta(seconds=2)) for n in names if mine)
    return Plan.model_validate(data)


def soaking(lines, *names):
    """Give a guard in the soak of canary-5, whose lines nobody has looked at yet."""
    guard, story, _ = scene(FakeRouter())
    story.tell(Kind.OUTCOME, {"act": "shift", "intent": "i", "share": 0.05, "result": "done"}, "canary-5")
    story.tell(Kind.OUTCOME, {"act": "prove", "intent": "j", "result": "done"}, "canary-5")
    guard.catch_up()
    post = guard.post
    object.__setattr__(post, "plan", plan_that_watches(*(names or (POOL,))))
    object.__setattr__(post, "lines", lines)
    guard._lines = Watching(post, guard.ledger)
    return guard, story, Watching(post, guard.ledger)


async def seconds(guard, watching, number):
    """Let so many seconds pass, with a look in each; give what the looks said."""
    tasks = [asyncio.ensure_future(task) for task in watching.tasks()]
    said = []
    for _ in range(number):
        said.append(watching.look(guard.state, guard.post.clock.monotonic()))
        guard.catch_up()
        for _ in range(20):
            await asyncio.sleep(0)
        guard.post.clock.advance(1.0)
        for _ in range(20):
            await asyncio.sleep(0)
    said.append(watching.look(guard.state, guard.post.clock.monotonic()))
    guard.catch_up()
    for task in tasks:
        task.cancel()
    return said


def findings(story):
    return [entry.body for entry in story.entries if entry.kind is Kind.FINDING]


async def test_a_line_that_nobody_has_looked_at_is_said_to_be_so_and_then_is_not():
    guard, _, watching = soaking(FakeLines(found()))
    said = await seconds(guard, watching, 4)

    assert said[0] == ("", f"{POOL}: not looked at yet")
    assert said[-1] == ("", "")


async def test_a_line_is_entered_when_it_changes_and_not_at_every_look():
    lines = FakeLines(found(), found(), BAD, BAD, found())
    guard, story, watching = soaking(lines)
    await seconds(guard, watching, 14)

    assert [body["result"] for body in findings(story)] == ["pass", "fail", "pass"]
    assert {body["stage"] for body in findings(story)} == {"watched"}
    assert len(lines.asked) >= 5


async def test_the_end_of_the_soak_tells_the_worst_moment_of_a_line_that_is_good_again():
    guard, _, watching = soaking(FakeLines(found(), BAD, found()))
    await seconds(guard, watching, 8)
    told = watching.summary("canary-5")["watched"][0]

    assert told["worst"]["seen"] == "0.95" and told["worst"]["result"] == "fail"
    assert told["newest"]["result"] == "pass"
    assert told["counts"]["fail"] == 1


async def test_a_line_that_is_not_good_is_named_with_what_was_seen_and_expected():
    guard, _, watching = soaking(FakeLines(BAD))
    said = await seconds(guard, watching, 3)

    assert said[-1][0] == f"{POOL}: 0.95, where ≤ 0.8 was expected"


async def test_what_could_not_be_measured_is_not_good_either():
    guard, _, watching = soaking(FakeLines(found(Result.COULD_NOT_MEASURE, "no answer in 3 s", None)))
    said = await seconds(guard, watching, 3)

    assert "no answer in 3 s" in said[-1][0]


async def test_a_waiver_of_what_was_found_lets_the_line_stand_whatever_number_it_shows():
    guard, story, watching = soaking(FakeLines(BAD, found(Result.FAIL, "0.97", 0.17)))
    await seconds(guard, watching, 3)
    finding = findings(story)[-1]
    body = {"called": POOL, "code": finding["code"], "because": "known", "until": "2026-01-02T00:00:00Z"}
    guard.post.store.append(Draft("w", Kind.WAIVED, Who("ada"), {**body, "good_for": 1e9, "finding": "f"}, "canary-5"))
    guard.catch_up()
    said = await seconds(guard, watching, 6)

    assert finding["code"] == code_of(POOL, "fail", "≤ 0.8", "")
    assert said[-1] == ("", "")


async def test_a_line_whose_looks_stop_coming_is_not_good():
    guard, _, watching = soaking(FakeLines(found()))
    await seconds(guard, watching, 3)
    guard.post.clock.advance(60.0)

    assert "not looked at for" in watching.look(guard.state, guard.post.clock.monotonic())[0]


async def test_nobody_looks_before_the_split_is_proven():
    lines = FakeLines(found())
    guard, _, _ = scene(FakeRouter())
    object.__setattr__(guard.post, "plan", plan_that_watches(POOL))
    object.__setattr__(guard.post, "lines", lines)
    guard.catch_up()
    said = await seconds(guard, Watching(guard.post, guard.ledger), 5)

    assert lines.asked == [] and said[-1] == ("", "")


async def test_the_guard_that_takes_over_forgets_no_worst_moment():
    guard, _, watching = soaking(FakeLines(BAD, found()))
    await seconds(guard, watching, 6)
    other = Watching(guard.post, guard.ledger)
    other.recall(watching.to_json())

    assert other.summary("canary-5") == watching.summary("canary-5")
    assert other.look(guard.state, guard.post.clock.monotonic()) == ("", "")


async def test_a_guard_that_takes_over_without_that_memory_enters_nothing_twice():
    guard, story, watching = soaking(FakeLines(BAD))
    await seconds(guard, watching, 3)
    await seconds(guard, Watching(guard.post, guard.ledger), 3)

    assert len(findings(story)) == 1


async def test_a_guard_that_ends_ends_what_looks_for_it():
    lines = FakeLines(found())
    guard, _, _ = soaking(lines)
    running = asyncio.ensure_future(guard.run())
    for _ in range(200):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})

    assert (lines.asked, lines.ended) == ([("canary-5", POOL)] * len(lines.asked), True) and lines.asked


@pytest.mark.parametrize("rule", ["evidence", "as-written"])
def test_the_verdict_names_the_line_before_it_waits_for_the_soak(rule):
    from golive.core.judging.evidence import Evidence
    from golive.core.judging.judge import Alarms, judge

    data = sandbox().model_dump()
    data["judging"]["rule"] = rule
    verdict = judge(Evidence(Plan.model_validate(data)), Alarms(lines=f"{POOL}: 0.95, where ≤ 0.8 was expected"))

    assert (verdict.word, verdict.hold) == (Word.HOLD, Hold.LINES)
    assert POOL in verdict.reason
