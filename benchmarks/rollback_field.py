"""What the field's rules would have taken for the same canaries: their streams, continued at the same rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from benchmarks.cells import bound
from benchmarks.field import FAILED_PROCEED, Argo, AsWritten, Flagger
from benchmarks.outcomes import Rule, judge
from benchmarks.rollback_cells import RATE, Cell
from benchmarks.streams import CHUNK, Chunk, Counts, Scenario, Streams

MINUTES = 20
ALPHA = 0.01
SCRAPE = 1.0
RULES = ("Flagger, threshold 5", "Argo, failureLimit 3", "Argo, failureLimit 0", "as written")


@dataclass(frozen=True)
class Taken:
    """What one rule would have taken in each repetition: seconds from the first failed response, and failed requests.

    `seconds` is NaN where it would not have rolled back at all.
    """

    seconds: Sequence[float]
    failed: Sequence[int]


class Recorded(Streams):
    """The recorded seconds of each repetition, put at a random second of a minute, and continued at the same rates.

    Before them the canary is well, as it was before its first failure. After them as many visitors come to it as
    came until then, and as many of them fail as failed from the first failure on; drawn anew from the seed.
    """

    def __init__(self, cell: Cell, repetitions: Sequence[Mapping[str, Any]], seed: int) -> None:
        scenario = Scenario(RATE, cell.failing, shares=(cell.share,), soaks=(MINUTES * CHUNK,))
        super().__init__(scenario, len(repetitions), seed)
        generator = np.random.default_rng(seed)
        self.before = generator.integers(0, CHUNK, len(repetitions))
        made = [_continued(one, int(late), generator) for one, late in zip(repetitions, self.before, strict=True)]
        self._counts = np.stack(made)

    def phase(self, index: int, chunk: int) -> Chunk:
        """Give a minute of the only soak."""
        requests, failed = self._counts[:, :, chunk * CHUNK : (chunk + 1) * CHUNK].transpose(1, 0, 2)
        nothing = np.zeros_like(requests)
        probes = np.zeros((self.runs, CHUNK // 5), np.bool_)
        return Chunk(Counts(requests, failed, nothing, nothing, nothing), Counts(*[nothing] * 5), probes)


def taken(cell: Cell, repetitions: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Taken]:
    """Give what each rule would have taken for the canary of a cell."""
    streams = Recorded(cell, repetitions, seed)
    rules: list[Rule] = [Flagger(streams, 5), Argo(streams, 3), Argo(streams, 0), AsWritten(streams)]
    first = streams.before + np.array([one["first_failed"] for one in repetitions])
    found = zip(RULES, judge(streams, rules), strict=True)
    return {name: Taken(list(ended.rolled_back_at - first), list(ended.failed_seen)) for name, ended in found}


def floor(cell: Cell, actuation: float) -> float:
    """Give the fewest seconds that any rule with this α needs on average, with one scrape and HAProxy's own time."""
    return bound(cell.failing, FAILED_PROCEED, RATE * cell.share, ALPHA) + SCRAPE + actuation


def _continued(one: Mapping[str, Any], before: int, generator: np.random.Generator) -> np.ndarray[Any, Any]:
    """Give requests and failed requests of all seconds: (2, seconds)."""
    whole = np.array(one["stream"], np.int64).reshape(-1, 2).T
    seen, last = whole.sum(axis=1), one["last"]
    rate = seen[0] / last
    failing = min(1.0, seen[1] / max(1.0, rate * (last - one["first_failed"])))
    whole = whole[:, :-1]  # the last second ended early, by the rollback
    after = MINUTES * CHUNK - before - whole.shape[1]
    healthy, sick = generator.poisson(rate, before), generator.poisson(rate, after)
    earlier = np.stack([healthy, np.zeros_like(healthy)])
    return np.concatenate([earlier, whole, np.stack([sick, generator.binomial(sick, failing)])], axis=1)
