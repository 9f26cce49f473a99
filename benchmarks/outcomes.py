"""How go-lives end under a rule, and one walk through the streams that serves many rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from benchmarks.streams import CHUNK, Chunk, Real, Streams, Truth, Whole
from numpy.typing import NDArray

RUNNING = -1


class Outcome(IntEnum):
    """How one go-live ended."""

    COMPLETED = 0
    ROLLED_BACK = 1
    HELD = 2


@dataclass(frozen=True)
class Outcomes:
    """How each run ended under one rule.

    Attributes:
        outcome: An Outcome for each run.
        rolled_back_at: Seconds from the first shift to the rollback, over all phases; NaN without one.
        failed_seen: The canary's requests that failed for visitors until the run ended.
    """

    outcome: NDArray[np.int8]
    rolled_back_at: Real
    failed_seen: Whole

    def share(self, outcome: Outcome) -> float:
        """Give the share of the runs that ended so."""
        return float(np.mean(self.outcome == outcome))


@dataclass(frozen=True)
class Piece:
    """One chunk of a planned soak: `began` is its first second, counted from the first shift."""

    phase: int
    chunk: Chunk
    began: int
    first: bool
    last: bool


class Rule(ABC):
    """A rule that judges all runs of some streams, fed one piece after another.

    It keeps a few numbers for each run, never a whole go-live. `runs` limits it to the first ones.
    """

    def __init__(self, streams: Streams, runs: int | None = None) -> None:
        self.streams = streams
        self.runs = min(streams.runs, runs or streams.runs)
        self._outcome = np.full(self.runs, RUNNING, np.int8)
        self._at = np.full(self.runs, np.nan)
        self._failed = np.zeros(self.runs, np.int64)

    @property
    def running(self) -> Truth:
        """The runs that have not ended yet."""
        running: Truth = self._outcome == RUNNING
        return running

    @abstractmethod
    def see(self, piece: Piece) -> None:
        """Take in the next piece; it calls `roll_back` once, and `hold` after that."""

    def end(self) -> Outcomes:
        """Let what still runs complete, and give how each run ended."""
        self.complete(self.running)
        return Outcomes(self._outcome, self._at, self._failed)

    def roll_back(self, piece: Piece, second: Whole) -> None:
        """Roll back each running run at its second of this piece, 1 to CHUNK; 0 lets it run on."""
        running = self.running
        ended = running & (second > 0)
        seen = np.where(ended, second, CHUNK)[:, None] > np.arange(CHUNK)
        self._failed[running] += np.sum(piece.chunk.canary.failed[: self.runs] * seen, axis=1)[running]
        self._outcome[ended] = Outcome.ROLLED_BACK
        self._at[ended] = piece.began + second[ended]

    def complete(self, runs: Truth) -> None:
        """Let those of `runs` that still run complete."""
        self._outcome[self.running & runs] = Outcome.COMPLETED

    def hold(self, runs: Truth) -> None:
        """Hold those of `runs` that still run; these rules never go on after it."""
        self._outcome[self.running & runs] = Outcome.HELD


def judge(streams: Streams, rules: Sequence[Rule]) -> list[Outcomes]:
    """Give how each rule ends the go-lives of one scenario, drawing each chunk once for all of them."""
    began = 0
    for phase, soak in enumerate(streams.scenario.soaks):
        for number in range(soak // CHUNK):
            open_rules = [rule for rule in rules if rule.running.any()]
            if not open_rules:
                break
            last = number == soak // CHUNK - 1
            piece = Piece(phase, streams.phase(phase, number), began, number == 0, last)
            for rule in open_rules:
                rule.see(piece)
            began += CHUNK
    return [rule.end() for rule in rules]


def share(part: Whole, whole: Whole) -> Real:
    """Give part / whole; NaN where there is nothing, which is neither above nor below any limit."""
    nothing = np.full(whole.shape, np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0))
