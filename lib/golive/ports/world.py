"""What surrounds a run: its own world, the people outside, the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from golive.core.moments import Moment


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

    def moment(self) -> Moment: ...

    async def sleep(self, seconds: float) -> None: ...
