"""Run one cell: all its rules on the same visitors, to the numbers that the tables show."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from benchmarks.cells import MINUTE, Cell
from benchmarks.field import FAILED_ROLLBACK, fresh_rules
from benchmarks.many import Ours
from benchmarks.outcomes import Outcome, Outcomes, Piece, Rule, judge
from benchmarks.streams import CHUNK, Streams, Whole

from golive.core.plan import Plan
from golive.plans import load

KAYENTA_RUNS = 150
OURS, KAYENTA, BEFORE = "ours", "Kayenta", "until the change"


class UntilChange(Rule):
    """No rule: it ends each run at the change, to count what visitors saw before it."""

    def __init__(self, streams: Streams, changed: int) -> None:
        super().__init__(streams)
        self._changed = changed

    def see(self, piece: Piece) -> None:
        """End every run when the piece holds the change."""
        second = self._changed - piece.began
        self.roll_back(piece, np.full(self.runs, second if 0 < second <= CHUNK else 0))


class TrailingMinute(Rule):
    """No rule: the first second from the change on whose trailing minute is above the literal trigger."""

    def __init__(self, streams: Streams, changed: int) -> None:
        super().__init__(streams)
        self._changed = changed
        self._before = np.zeros((2, self.runs, MINUTE), np.int64)

    def see(self, piece: Piece) -> None:
        """Look at every second of the piece."""
        now = np.stack([piece.chunk.canary.requests, piece.chunk.canary.failed])
        gone = np.cumsum(self._before, axis=-1)
        requests, failed = np.cumsum(now, axis=-1) + gone[..., -1:] - gone
        self._before = now
        seconds = piece.began + np.arange(1, CHUNK + 1)
        above = (failed > FAILED_ROLLBACK * requests) & (seconds > self._changed)
        self.roll_back(piece, np.where(above.any(axis=1), above.argmax(axis=1) + 1, 0))


def configuration() -> Plan:
    """Give the plan of all tables: the production plan without routes, which no stream tells apart."""
    return load("production", None)[0].model_copy(update={"routes": ()})


def measure(cell: Cell, base: int) -> dict[str, Any]:
    """Give what came of a cell: shares of outcomes, delays and failed requests by rule; its seed and its time."""
    began, seed = time.perf_counter(), cell.seed(base)
    streams = Streams(cell.scenario, cell.runs, seed)
    rules: dict[str, Rule] = {}
    if cell.rules != "ours":
        rules = fresh_rules(streams, KAYENTA_RUNS)
        if cell.rules == "no kayenta":
            del rules[KAYENTA]
    ours = Ours(streams, configuration(), cell.goes_on)
    rules[OURS] = ours
    if cell.changed:
        rules[BEFORE] = UntilChange(streams, cell.changed)
    if cell.minute:
        rules["trailing minute"] = TrailingMinute(streams, cell.changed)
    ended = dict(zip(rules, judge(streams, list(rules.values())), strict=True))
    before = ended.pop(BEFORE).failed_seen if cell.changed else np.zeros(cell.runs, np.int64)
    found: dict[str, Any] = {"runs": cell.runs, "seed": seed}
    if cell.minute:
        found["minute"] = _with_a_minute(ended[OURS], ended.pop("trailing minute"), cell.changed)
    found["rules"] = {name: _told(each, before, cell.changed) for name, each in ended.items()}
    found["held"] = float(ours.held.any(axis=1).mean())
    found["added"] = float(ours.extended.mean() / 60)
    found["proceeded"] = ours.proceeded.mean(axis=0).tolist()
    found["reached"] = _let_through(ours, ended[OURS], cell)
    found["seconds"] = round(time.perf_counter() - began, 1)
    return found


def _told(outcomes: Outcomes, before: Whole, changed: int) -> dict[str, float]:
    back = outcomes.outcome == Outcome.ROLLED_BACK
    seen = back & (outcomes.rolled_back_at > changed)
    delays = outcomes.rolled_back_at[seen] - changed
    told = {
        "runs": len(back),
        "rolled_back": float(back.mean()),
        "completed": outcomes.share(Outcome.COMPLETED),
        "early": float((back & ~seen).mean()),
    }
    if seen.any():
        failed = outcomes.failed_seen[seen] - before[: len(seen)][seen]
        told |= {"delay": float(delays.mean()), "slowest": float(np.quantile(delays, 0.95))}
        told |= {"failed": float(failed.mean())}
    return told


def _with_a_minute(ours: Outcomes, minute: Outcomes, changed: int) -> dict[str, float]:
    both = np.isfinite(ours.rolled_back_at) & np.isfinite(minute.rolled_back_at) & (ours.rolled_back_at > changed)
    alone = ours.rolled_back_at[both] - changed
    return {
        "alone": float(alone.mean()),
        "with": float(np.maximum(alone, minute.rolled_back_at[both] - changed).mean()),
    }


def _let_through(ours: Ours, outcomes: Outcomes, cell: Cell) -> dict[str, float]:
    """Give how many runs came to the last phase's change, and how many of them proceeded there."""
    came = ~((outcomes.outcome == Outcome.ROLLED_BACK) & (ours.at_in_plan <= cell.changed))
    return {"came": int(came.sum()), "proceeded": int((ours.proceeded[:, -1] & came).sum())}
