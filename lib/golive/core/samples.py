"""What was counted: visitors' requests by version, second by second."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Version(StrEnum):
    """Which of the two versions a request met."""

    STABLE = "stable"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Tally:
    """Visitors' requests that one version answered, or failed to answer.

    Attributes:
        requests: All of them; the denominator of every share.
        failed: 5xx, refused, reset or timed out.
        client_errors: 4xx answers without 429.
        limited: 429 answers.
        over: Milliseconds -> requests that took longer, failed cut-offs included.
    """

    requests: int = 0
    failed: int = 0
    client_errors: int = 0
    limited: int = 0
    over: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.requests + other.requests,
            self.failed + other.failed,
            self.client_errors + other.client_errors,
            self.limited + other.limited,
            {edge: self.over.get(edge, 0) + other.over.get(edge, 0) for edge in {*self.over, *other.over}},
        )

    def __sub__(self, other: Tally) -> Tally:
        return Tally(
            self.requests - other.requests,
            self.failed - other.failed,
            self.client_errors - other.client_errors,
            self.limited - other.limited,
            {edge: count - other.over.get(edge, 0) for edge, count in self.over.items()},
        )


@dataclass(frozen=True, slots=True)
class Gauges:
    """CPU and memory of one version, as shares of what it may use; None is not measured."""

    cpu: float | None = None
    memory: float | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """Cumulative counts as one read of a metric source gave them.

    Attributes:
        at: When they were so, in seconds of the reader's monotonic clock; the same again when nothing newer is known.
        tallies: Version -> counts since the source started.
        gauges: Version -> CPU and memory.
        routes: Version -> critical route -> counts, as far as the source tells routes apart.
        told: When they were so by the source's own clock, in UTC seconds since the epoch; None when it tells no time.
        skew: Seconds by which the source's clock is ahead of ours, at the least that is certain; None likewise.
    """

    at: float
    tallies: Mapping[Version, Tally]
    gauges: Mapping[Version, Gauges] = field(default_factory=dict)
    routes: Mapping[Version, Mapping[str, Tally]] = field(default_factory=dict)
    told: float | None = None
    skew: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What one version's visitors met in one stretch of about a second.

    Attributes:
        second: End of the stretch, in UTC seconds since the epoch (for people and files).
        at: The same on the guard's monotonic clock (for reckoning).
        seconds: Length of the stretch.
        phase: The phase that was open.
        share: The split read back for the canary then, 0 to 1; None when unknown.
        routes: The same counts for each critical route that the plan names.
        told: The end of the stretch by the source's own clock, likewise in UTC seconds; None when it tells no time.
        known: How many entries of the record its guard had read when it took this in, so that another can follow.
    """

    second: float
    at: float
    seconds: float
    version: Version
    tally: Tally
    gauges: Gauges = Gauges()
    phase: str = ""
    share: float | None = None
    routes: Mapping[str, Tally] = field(default_factory=dict)
    told: float | None = None
    known: int = 0


class Unmeasured(StrEnum):
    """Why a source could not be measured; each is a fact of its own (`docs/blindness.md`)."""

    REFUSED = "refused"
    SLOW = "slow"
    EMPTY = "empty"
    NOT_A_NUMBER = "not a number"
    GARBAGE = "garbage"
    FROZEN = "frozen"
    RESET = "reset"
    GAP = "gap"
    LATE = "late"
    DISAGREES = "disagrees"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CouldNotMeasure:
    """A read that gave nothing that may be judged."""

    why: Unmeasured
    detail: str = ""


def flaw(tally: Tally) -> CouldNotMeasure | None:
    """Say why a tally can't be true, or None when it can."""
    numbers = (tally.requests, tally.failed, tally.client_errors, tally.limited, *tally.over.values())
    if not all(map(math.isfinite, numbers)):
        return CouldNotMeasure(Unmeasured.NOT_A_NUMBER, "a count is not a finite number")
    if min(numbers) < 0:
        return CouldNotMeasure(Unmeasured.RESET, "a count is negative")
    answers = tally.failed + tally.client_errors + tally.limited
    if answers > tally.requests or max(tally.over.values(), default=0) > tally.requests:
        return CouldNotMeasure(Unmeasured.GARBAGE, "more bad requests than requests")
    return None
