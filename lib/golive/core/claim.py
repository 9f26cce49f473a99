"""A claim: which run's go-live has a router."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One router is one run's while that run is open.

    Attributes:
        router: The router's own identity, whatever a plan calls it.
        run: The run's name.
        host: The host that claimed last.
        guard: The guard that claimed last; "" before one has.
        folder: The run's folder on that host.
        utc: When, ISO 8601.
    """

    router: str
    run: str
    host: str
    guard: str = ""
    folder: str = ""
    utc: str = ""

    def __str__(self) -> str:
        return f"{self.run} on {self.host}, since {self.utc}"
