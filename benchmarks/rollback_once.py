"""One rollback of a real guard: what the canary, the visitors and the record say of it."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from benchmarks.rollback_cells import Cell
from benchmarks.rollback_guards import launch
from benchmarks.rollback_stack import Arrival, Stack

from golive.core.record import Entry, Kind
from golive.core.samples import Version
from golive.core.verdict import Word
from golive.notebook.desk import Desk
from golive.start import Start

POLL = 0.03
WATCHED_WITHIN = 30.0
BACK_WITHIN = 120.0
ENDED_WITHIN = 15.0
CODE, WHY, GOOD_FOR = "BNCH", "a benchmark", 3600.0
QUIET = 1.0  # seconds after the read-back from which on no visitor may come to the canary any more


class NotRolledBack(Exception):
    """A repetition did not come to what was measured; says how far it came."""


class Attempt:
    """One repetition: `prepare`, `measure`, then `finish`, which may wait while the next one is prepared."""

    def __init__(self, stack: Stack, cell: Cell, seed: int) -> None:
        self._stack, self._cell, self._seed = stack, cell, seed
        self._run = stack.run()
        self._desk = Desk(self._run)
        self._times: dict[str, float] = {}
        self._shifted_at = self._healthy = 0.0
        self._before = self._after = (0, 0)

    def prepare(self) -> None:
        """Start the guard in its own process, as every run does, and let it learn what is normal."""
        begun = time.monotonic()
        self._decide_before()
        self._run.append(Kind.PHASE_OPENED, {}, self._cell.phase)
        Start(self._run).await_world()
        self._guard = launch(self._run.folder.root, self._run.folder.logs / "guard.log")
        self._await(lambda entry: entry.kind is Kind.GUARD_STARTED, "no guard began to watch", WATCHED_WITHIN)
        self._spent("guard", begun)
        begun = time.monotonic()
        self._await(lambda entry: entry.kind is Kind.BASELINE, "it learned no baseline", WATCHED_WITHIN)
        self._spent("baseline", begun)

    def measure(self) -> None:
        """Shift, let the canary be well for a moment, make it fail, and wait until the guard has rolled back."""
        begun = time.monotonic()
        wait = random.Random(self._seed).uniform(*self._cell.healthy)
        self._before, self._began = self._stack.seen(), time.time()
        outcome = asyncio.run(self._desk.ask("shift", {"share": self._cell.share}, self._cell.phase, lambda _: None))
        if outcome.body["result"] != "done":
            raise NotRolledBack(f"{self._cell.name}: the shift was {outcome.body['result']}: {outcome.body['seen']}")
        self._shifted_at = at(outcome)
        time.sleep(max(0.0, self._shifted_at + wait - time.time()))
        self._stack.fail(self._cell.failing)
        self._spent("shift and health", begun)
        begun = time.monotonic()
        try:
            self._await(_rolls_back, "it did not roll back", BACK_WITHIN)
        finally:
            self._stack.fail(None)
        self._spent("detection", begun)

    def finish(self) -> dict[str, Any]:
        """Wait until the guard has verified its rollback, close the run, and give what was measured."""
        begun = time.monotonic()
        done = self._await(_rolled_back, "its rollback was not verified", ENDED_WITHIN)
        arrivals, (requests, failed) = self._stack.arrivals(self._began), self._stack.seen()
        now = time.time()
        self.close()
        self._spent("end", begun)
        entries = self._run.store.read()
        verdict = next((e for e in entries if e.kind is Kind.VERDICT and e.body["word"] == Word.ROLLBACK), None)
        safe = at(next(e for e in entries if _rolls_back(e)))
        first = min((a.answered for a in arrivals if a.failed and a.answered is not None), default=None)
        if first is None or verdict is None or at(verdict) < first:
            raise NotRolledBack(f"{self._cell.name}: rolled back for another reason: {done.body['because']}")
        last = max(a.came for a in arrivals)
        since = self._shifted_at
        samples = self._run.book.samples()
        counted = next(s.second for s in samples if s.version is Version.CANARY and s.tally.failed)
        return {
            "seed": self._seed,
            "at": verdict.at,
            "load": round(os.getloadavg()[0], 1),
            "rate": round((requests - self._before[0]) / (now - self._began), 1),
            "first_failed": round(first - since, 3),
            "counted": round(counted - since, 3),
            "verdict": round(at(verdict) - since, 3),
            "read_back": round(safe - since, 3),
            "last": round(last - since, 3),
            "criterion": verdict.body["criterion"],
            "result": done.body["result"],
            "share": done.body["verified"]["read_back"],
            "seconds_to_safe": done.body["verified"]["seconds_to_safe"],
            "afterwards": sum(a.came > safe + QUIET for a in arrivals),
            "quiet": round(now - last, 1),
            "failed": failed - self._before[1],
            "stream": by_second(arrivals, since),
            "spent": {name: round(seconds, 2) for name, seconds in self._times.items()},
        }

    def close(self) -> None:
        """Close the run and return once its guard is gone; the stack stays."""
        if not self._desk.state.closed:
            self._run.append(Kind.RUN_CLOSED, {"result": "rolled-back", "why": "measured"})
        self._await(lambda entry: entry.kind is Kind.GUARD_STOPPED, "its guard did not end", ENDED_WITHIN)
        self._desk.presence.release()

    def _decide_before(self) -> None:
        """Let the phase before have been decided: a guard that shifts sees to that."""
        phases, moment = [phase.name for phase in self._run.plan.phases], self._run.clock.moment().to_json()
        before = phases[phases.index(self._cell.phase) - 1]
        verdict = {"word": Word.PROCEED, "hold": None, "reason": WHY, "readings": ()}
        self._run.append(Kind.JUDGED, {"code": CODE, "verdict": verdict, "moment": moment}, before)
        decision = {"choice": "proceed", "code": CODE, "because": WHY, "by_policy": True, "good_for": GOOD_FOR}
        self._run.append(Kind.DECISION, {**decision, "moment": moment}, before)

    def _await(self, wanted: Callable[[Entry], bool], otherwise: str, within: float) -> Entry:
        until = time.monotonic() + within
        while time.monotonic() < until:
            found = next((entry for entry in self._run.store.read() if wanted(entry)), None)
            if found is not None:
                return found
            time.sleep(POLL)
        said = (self._run.folder.logs / "guard.log").read_text()[-300:]
        raise NotRolledBack(f"{self._cell.name}, {self._run.folder.name}: {otherwise} in {within:.0f} s {said}")

    def _spent(self, name: str, begun: float) -> None:
        self._times[name] = time.monotonic() - begun


def by_second(arrivals: list[Arrival], since: float) -> list[list[int]]:
    """Give requests and failed requests of each second from `since` on, by when they came."""
    later = [arrival for arrival in arrivals if arrival.came >= since]
    seconds = [[0, 0] for _ in range(int(max(a.came for a in later) - since) + 1)] if later else []
    for arrival in later:
        second = seconds[int(arrival.came - since)]
        second[0] += 1
        second[1] += arrival.failed
    return seconds


def at(entry: Entry) -> float:
    """Give when an entry was made, UTC seconds."""
    return datetime.fromisoformat(entry.at).timestamp()


def _rolls_back(entry: Entry) -> bool:
    return entry.kind is Kind.INTENT and entry.body["act"] == "rollback"


def _rolled_back(entry: Entry) -> bool:
    return entry.kind is Kind.OUTCOME and entry.body["act"] == "rollback"
