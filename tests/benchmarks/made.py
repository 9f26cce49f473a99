"""Streams made by hand, minute by minute, for one run and more."""

from dataclasses import dataclass

import numpy as np
from benchmarks.streams import CHUNK, PROBE_EVERY, Chunk, Counts, Scenario, Streams


@dataclass(frozen=True)
class Minute:
    """What one minute holds: each second from `since` has `requests`; `failed` tells how many fail in which."""

    requests: int = 100
    failed: dict[int, int] | None = None
    over_1000: int = 0
    over_500: int = 0
    lost: tuple[int, ...] = ()
    stable_failed: int = 0
    since: int = 0


class Made(Streams):
    """One run for each list of minutes, all in one phase or in phases of equal length.

    Ten requests fail in the first second beyond each planned soak.
    """

    def __init__(self, *runs: list[Minute], phases: int = 1) -> None:
        self.minutes = runs
        self.length = len(runs[0]) // phases
        scenario = Scenario(1000, 0, shares=(0.1,) * phases, soaks=(self.length * CHUNK,) * phases)
        super().__init__(scenario, len(runs), 1)

    def phase(self, index: int, chunk: int) -> Chunk:
        beyond = chunk >= self.length
        minutes = [BEYOND if beyond else run[index * self.length + chunk] for run in self.minutes]
        lost = np.zeros((self.runs, CHUNK // PROBE_EVERY), np.bool_)
        failed = np.zeros((self.runs, CHUNK), np.int64)
        for run, minute in enumerate(minutes):
            lost[run, list(minute.lost)] = True
            for second, number in (minute.failed or {}).items():
                failed[run, second] = number
        requests = _each(m.requests for m in minutes)
        for run, minute in enumerate(minutes):
            requests[run, : minute.since] = 0
        canary = Counts(
            requests,
            failed,
            _each(max(m.over_500, m.over_1000) for m in minutes),
            _each(m.over_1000 for m in minutes),
            _each(0 for _ in minutes),
        )
        nothing = _each(0 for _ in minutes)
        stable = Counts(
            _each(1000 for _ in minutes), _each(m.stable_failed for m in minutes), nothing, nothing, nothing
        )
        return Chunk(canary, stable, lost)


def _each(numbers) -> np.ndarray:
    return np.repeat(np.array(list(numbers))[:, None], CHUNK, axis=1)


BEYOND = Minute(failed={0: 10})
WELL = Minute()
SICK = Minute(failed={59: 60})
SLOW = Minute(over_1000=6, over_500=6)
EMPTY = Minute(requests=0)
