"""What is measured: counts, health, logs, and requests of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from golive.core.samples import CouldNotMeasure, Counters, Tally, Version


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
