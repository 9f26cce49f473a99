"""Moments that can be told apart by more than a clock that people set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Moment:
    """One moment by two clocks.

    Attributes:
        at: UTC, which somebody may set.
        boot: Which start of which machine `seconds` counts from; "" when that is not known.
        seconds: Since then, suspend included; nobody sets them.
    """

    at: datetime
    boot: str = ""
    seconds: float = 0.0

    def since(self, earlier: Moment) -> float:
        """Give the seconds that have passed since `earlier`: by the boot where both have the same, else by UTC.

        Infinite when UTC says that it has not been yet: what can't be told is not young.
        """
        if self.boot and self.boot == earlier.boot:
            return self.seconds - earlier.seconds
        seconds = (self.at - earlier.at).total_seconds()
        return seconds if seconds >= 0 else math.inf

    def to_json(self) -> dict[str, Any]:
        """Give what an entry's own time does not say."""
        return {"boot": self.boot, "seconds": round(self.seconds, 3)}


def moment_of(at: str, told: Mapping[str, Any] | None) -> Moment:
    """Give the moment of an entry made `at` (UTC, ISO 8601) whose body has told `to_json`, or has not."""
    said = told or {}
    return Moment(datetime.fromisoformat(at), str(said.get("boot", "")), float(said.get("seconds", 0.0)))


def utc(moment: datetime, timespec: str = "milliseconds") -> str:
    """Give a moment as ISO 8601 in UTC with a Z; `timespec` as `datetime.isoformat` knows it."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
