"""When a change may begin: how a stake is divided over beginnings, before anything is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

PLANNED = 0.95  # of what is for any second, goes to the planned ones; the rest has no end of time
UNHURRIED = 60.0  # seconds beyond the plan after which a good part of that rest is spent


class Parts(NamedTuple):
    """Of a stake of 1: what goes to the first request, to the shifts, and to any second."""

    first: float
    shifts: float
    anywhere: float


@dataclass(frozen=True)
class Schedule:
    """What one half of the go-live plans: seconds of soak, and shifts after its first one."""

    seconds: float
    shifts: int


class Beginnings:
    """Tells what a look may stake on a change that begins with it; each second of the plan gets as much.

    A second without requests, or in which its measure was not judged, leaves its part to the next look.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._planned = self._beyond = self._spent = 0.0
        self._first, self._shift = 1.0, 0.0
        self._shifts = 0
        self._seen = False

    def shift(self) -> None:
        """Say that the split has just moved; the first time it is the first request's own part."""
        if self._seen and self._shifts < self._schedule.shifts:
            self._shifts += 1
            self._shift += 1 / self._schedule.shifts

    def wait(self, seconds: float, planned: bool) -> None:
        """Say that so many seconds have passed, of a planned soak or beyond it."""
        if planned:
            self._planned += seconds
        else:
            self._beyond += seconds

    def take(self) -> Parts:
        """Give what enters with this look, each as a share of its own part."""
        spent = spent_after(self._planned, self._beyond, self._schedule.seconds)
        entering = Parts(self._first, self._shift, spent - self._spent)
        self._first = self._shift = 0.0
        self._spent, self._seen = spent, True
        return entering


def spent_after(planned: float, beyond: float, seconds: float) -> float:
    """Give how much of the part for any second is spent, 0 to 1, after so many seconds of plan and beyond it.

    Evenly over the plan's `seconds`; beyond them its density falls as 1/(t log² t), the slowest that
    still sums to one without an end of time.
    """
    within = min(planned / seconds, 1.0) if seconds else 0.0
    beyond += max(0.0, planned - seconds)
    return PLANNED * within + (1 - PLANNED) * (1 - 1 / (1 + math.log1p(beyond / UNHURRIED)))
