"""What counts that are minutes behind mean for the guard, with the production plan's own numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from golive import drivers
from golive.adapters.clocks import FakeClock
from golive.adapters.metrics.vercel import VercelMetrics
from golive.core.folding import fold
from golive.core.moments import utc
from golive.core.record import Kind
from golive.core.verdict import Verdict, Word
from golive.engine.sight import Sight
from golive.engine.sources import MetricReader
from golive.plans import load
from golive.ports import Split
from tests.builders import Story
from tests.vercel.double.state import CANARY, STABLE
from tests.vercel.observatory import Met, Observatory

PLAN = load("production", None)[0]
SHIFT = 600  # seconds after the start, at the end of the baseline
LAG, SOAK = 300, 1200
HEALTHY = Met(0, STABLE, number=9000), Met(0, CANARY, number=9000)
SICK = Met(0, STABLE, number=9000), Met(0, CANARY, number=8550), Met(0, CANARY, 500, 450)


class Watching:
    """A guard's eyes on a release that went from nobody to half of the visitors."""

    def __init__(self, standing, *then: Met) -> None:
        self.clock, self.double = FakeClock(), standing.double
        begun = self.clock.now().timestamp()
        observatory = Observatory(lambda: self.clock.now().timestamp())
        standing.double.observed = observatory
        for minute in range(-10, 60):
            those = then if minute * 60 >= SHIFT else (Met(0, STABLE, number=18000),)
            observatory.met += [replace(one, minute=begun + 60 * minute) for one in those]
        said = {**standing.account, "stable": STABLE, "canary": CANARY, "slow_guard_accepted_by": "Ada"}
        checked = drivers.checked(drivers.METRICS, "vercel", said)
        self.source = VercelMetrics.made(checked, drivers.Around(PLAN, self.clock))
        self.sight = Sight(PLAN, self.clock, self.source.can)
        self.reader = MetricReader(self.source, self.clock, self.sight.inbox)
        self.story = Story().open()
        self.story.tell(Kind.PHASE_OPENED, {"notebook": "00_preflight"}, "preflight", at=utc(self.clock.now()))

    def tell_shift(self) -> None:
        now = utc(self.clock.now())
        self.story.tell(Kind.PHASE_OPENED, {"notebook": "04_canary_50"}, "canary-50", at=now)
        body = {"act": "shift", "request": "r", "share": 0.5, "expect": 0.0, "by": "request"}
        intent = self.story.tell(Kind.INTENT, body, "canary-50", at=now)
        outcome = {**body, "intent": intent.id, "result": "done", "seen": "", "milliseconds": 1.0}
        self.story.tell(Kind.OUTCOME, outcome, "canary-50", at=now)
        self.sight.inbox.split = Split(0.5)

    async def until(self, seconds: float, word: Word | None = None) -> Verdict | None:
        """Look each second until so many have passed since the shift, or a verdict says a word."""
        while self.clock.monotonic() < SHIFT + seconds:
            if self.clock.monotonic() == SHIFT:
                self.tell_shift()
            await self.reader.step()
            while self.source._asking is not None:
                await self.source.read()
            state, now = fold(self.story.entries), self.clock.monotonic()
            self.sight.look(state, now)
            self.sight.baseline(state, now)
            if word is not None and self.sight.verdict is not None and self.sight.verdict.word is word:
                break
            self.clock.advance(1.0)
        return self.sight.verdict

    @property
    def since(self) -> float:
        """Seconds since the shift."""
        return self.clock.monotonic() - SHIFT


@pytest.mark.timeout(120)
async def test_a_sick_canary_is_rolled_back_as_soon_as_its_first_minutes_have_come(standing):
    watching = Watching(standing, *SICK)
    verdict = await watching.until(1000, Word.ROLLBACK)
    await watching.source.aclose()

    assert verdict is not None and verdict.word is Word.ROLLBACK and verdict.criterion == "failed"
    assert LAG + 60 <= watching.since <= LAG + 120 + 20  # two whole minutes at most, their lag, and what asking takes


@pytest.mark.timeout(120)
async def test_the_soak_counts_what_was_watched_and_not_what_has_passed(standing):
    watching = Watching(standing, *HEALTHY)
    verdict = await watching.until(SOAK + LAG - 60)
    assert verdict is not None and verdict.word is Word.HOLD and verdict.soak_left > 0
    verdict = await watching.until(SOAK + LAG + 120)
    await watching.source.aclose()

    assert verdict is not None and verdict.soak_left == 0
    words = {reading.criterion: reading.word for reading in verdict.readings}
    assert {words[name] for name in ("failed", "over_1000ms", "over_500ms")} == {Word.PROCEED}


@pytest.mark.timeout(120)
async def test_cpu_and_memory_that_nobody_measures_hold_and_never_pass(standing):
    watching = Watching(standing, *HEALTHY)
    verdict = await watching.until(SOAK + LAG + 120)
    await watching.source.aclose()

    assert verdict is not None and verdict.word is Word.HOLD
    assert "could not be measured" in verdict.reason and verdict.criterion in ("cpu", "memory")


@pytest.mark.timeout(120)
async def test_blindness_counts_from_beyond_the_declared_lag(standing):
    watching = Watching(standing, *HEALTHY)
    await watching.until(SOAK / 2)
    watching.double.observed = None
    gone = watching.since
    verdict = await watching.until(SOAK, Word.ROLLBACK)
    await watching.source.aclose()

    assert verdict is not None and verdict.word is Word.ROLLBACK and "blind for" in verdict.reason
    assert watching.since - gone <= watching.source.can.lag + 60 + 60
    assert "402" in verdict.reason
