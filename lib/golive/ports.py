"""What golive asks of the world: every port on one screen.

All ports are async and cancellable and are called under a deadline, but `Store` and
`Book`, which are synchronous and local. A driver declares what it can; the contract
tests hold it to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from golive.core.record import Draft, Entry
from golive.core.samples import CouldNotMeasure, Counters, Sample, Tally, Version


# --- Router ---------------------------------------------------------------------------------
class Proof(StrEnum):
    """How an arrived split can be proven."""

    COUNTED = "counted"
    FORCED = "forced"
    CONTROL_PLANE = "control plane"


@dataclass(frozen=True)
class RouterCan:
    """What a router driver declares; the contract in `tests/contract` holds it to that.

    Attributes:
        splits: The only shares that it can set; None for any.
        lowers: Whether a share can be set that is smaller than the one before (0 is for rollback alone).
        sticky: Whether a visitor once on the canary stays there while the split is above 0.
        proof: How an arrived split can be proven.
        read_lag: Seconds after which a read shows what was set, at the latest.
        ends_at_100: Whether the rollout is over at 100 %, so that nothing rolls it back from there.
        compares: Whether of several callers who expect the same split exactly one gets it.
    """

    splits: tuple[float, ...] | None = None
    lowers: bool = True
    sticky: bool = False
    proof: Proof = Proof.COUNTED
    read_lag: float = 0.0
    ends_at_100: bool = False
    compares: bool = False


@dataclass(frozen=True)
class Split:
    """The visitors' share on the canary as the router reads it back, 0 to 1.

    `canary` names the canary that the router shows, `token` the proof that a run's own
    world started this router ("" when it carries none), `note` what the router says besides.
    """

    share: float
    canary: str = ""
    token: str = ""
    note: str = ""


@dataclass(frozen=True)
class Unknown:
    """The router did not say. Not knowing is a value, and never advances anything."""

    why: str


@dataclass(frozen=True)
class Done:
    """The router says that it did it; `split` is what it reads back."""

    split: Split


@dataclass(frozen=True)
class Refused:
    """The router said no and nothing has changed."""

    why: str


@dataclass(frozen=True)
class Superseded:
    """The split was not what the caller expected: somebody else has moved it."""

    why: str
    split: Split


class Router(Protocol):
    """Moves visitors between stable and canary."""

    can: RouterCan

    async def read(self) -> Split | Unknown: ...

    async def set(self, share: float, expect: float | None) -> Done | Refused | Superseded | Unknown: ...

    async def rollback(self, reason: str) -> Done | Refused | Superseded | Unknown: ...

    def by_hand(self) -> str: ...


# --- What is measured -----------------------------------------------------------------------
@dataclass(frozen=True)
class SourceCan:
    """What a metric source declares; the contract in `tests/contract` holds it to that.

    Attributes:
        lag: Seconds by which the newest counts may be behind, the interval of its scrapes included.
        granularity: Seconds between one count and the next newer one.
        tells_ours_apart: Whether our own requests are left out of the counts.
    """

    lag: float = 0.0
    granularity: float = 1.0
    tells_ours_apart: bool = True


class MetricSource(Protocol):
    """Counts of visitors' requests, cumulative."""

    can: SourceCan

    async def read(self) -> Counters | CouldNotMeasure: ...


@dataclass(frozen=True)
class Alive:
    """A version answered its health endpoint, and how."""

    version: str
    deployment: str
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Sick:
    """A version did not answer as a healthy one does."""

    why: str


class Health(Protocol):
    """Asks one version directly whether it is healthy."""

    async def probe(self, version: Version) -> Alive | Sick: ...


class Logs(Protocol):
    """New critical log entries of each version since the last read."""

    async def critical(self) -> Mapping[Version, Sequence[str]] | CouldNotMeasure: ...


class TopUp(Protocol):
    """Sends replay-safe requests of ours straight to the canary, and counts what came of them."""

    async def send(self, number: int) -> Tally: ...


class Prober(Protocol):
    """Sends requests of ours through the router, marked as ours, and says who answered."""

    async def ask(self, times: int) -> Sequence[Version | Sick]: ...


@runtime_checkable
class Forcing(Protocol):
    """A prober that can choose its version: where visitors are sticky, asking again and again meets one alone."""

    async def forced(self, version: Version) -> Version | Sick: ...


# --- Checks ---------------------------------------------------------------------------------
class Result(StrEnum):
    """What a check came to."""

    PASS = "pass"
    FAIL = "fail"
    COULD_NOT_MEASURE = "could not measure"
    ATTESTED = "attested"
    WAIVED = "waived"


@dataclass(frozen=True)
class Finding:
    """What one check saw: one row of the table.

    Attributes:
        called: The line's name in the plan; `check` says which check looked.
        code: What was found, as a short hash; a person's word holds for one code alone.
        good_until: UTC, ISO 8601, until when it is fresh enough to act on; "" for one that does not age.
        then: The next thing to do or to type; "" when nothing is to be done.
    """

    check: str
    sentence: str
    result: Result
    expected: str
    seen: str
    milliseconds: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    called: str = ""
    code: str = ""
    good_until: str = ""
    then: str = ""


class Check(Protocol):
    """One line of the runbook that looks by itself."""

    name: str
    sentence: str

    async def __call__(self) -> Finding: ...


# --- World, notifier, clock -----------------------------------------------------------------
class World(Protocol):
    """A world that a rehearsal starts, and that ends with it.

    Before it is made, `need` raises WorldFailed for what this machine lacks, `faults` tells what can go wrong in it,
    and `example` gives the names that settings may take from its `world.json`, with values of the right kind.
    `launch` begins to start it with the canary at `share`; `wait` returns once the run's `world.json` says where
    everything in it answers, with the `token` that it has put into its router.
    """

    @classmethod
    def need(cls, settings: Any) -> None: ...

    @classmethod
    def faults(cls, settings: Any) -> Sequence[StrEnum]: ...

    @classmethod
    def example(cls, settings: Any) -> Mapping[str, Any]: ...

    def launch(self, share: float) -> None: ...

    def wait(self) -> None: ...

    def stop(self) -> None: ...

    async def fault(self, name: str, on: bool = True) -> None: ...


@dataclass(frozen=True)
class Notice:
    """What a tired person reads at a glance: title first, then text, then what to type."""

    level: str  # "info", "warning" or "alarm"
    title: str
    text: str
    run: str
    next: str = ""


class Notifier(Protocol):
    """Tells people outside. Raises on failure; the caller records that."""

    name: str

    async def notify(self, notice: Notice) -> None: ...


class Clock(Protocol):
    """The only source of time: UTC for people, seconds since boot for reckoning."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


# --- Store ----------------------------------------------------------------------------------
class Store(Protocol):
    """The record: append-only and hash-chained, shared by several processes."""

    def append(self, draft: Draft, may: Callable[[Sequence[Entry]], None] | None = None) -> Entry: ...

    def read(self, after: int = 0) -> Sequence[Entry]: ...


@dataclass(frozen=True)
class LookNote:
    """What the guard saw and thought in one look, as JSON-able values for the views."""

    at: float
    utc: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class EvidenceNote:
    """How far each measure's evidence was: to roll back, and to proceed, as shares of what it takes."""

    utc: str
    shares: Mapping[str, Sequence[float]]


class Book(Protocol):
    """What only guards write: heartbeats, samples, looks. Readers never block the writer."""

    def beat(self, guard: str, utc: str, monotonic: float) -> None: ...

    def last_beat(self) -> tuple[str, str, float] | None: ...

    def add(self, samples: Sequence[Sample], look: LookNote) -> None: ...

    def samples(self, after: float = 0.0) -> Sequence[Sample]: ...

    def trace(self, phase: str) -> Sequence[EvidenceNote]: ...

    def last_look(self) -> LookNote | None: ...
