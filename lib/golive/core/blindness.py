"""What can't be seen just now: of which source, by which name, why, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from golive.core.samples import CouldNotMeasure, Unmeasured

METRICS = "metrics"
LOGS = "logs"
HEALTH = "health"
ROUTER = "router"
SPLIT = "split"
LOOKS = "looks"


@dataclass(frozen=True, slots=True)
class Blind:
    """One source that gives nothing which may be judged; nothing goes forward as long as there is one.

    Attributes:
        of: The source: "metrics", "logs", "health", "router", "split", or "looks" when the guard itself did not look.
        why: Its name.
        since: Monotonic seconds of the first look that found it so.
    """

    of: str
    why: Unmeasured
    detail: str
    since: float

    def __str__(self) -> str:
        done = "read" if self.of == ROUTER else "measured"
        return f"{self.of} could not be {done}: {self.why} ({self.detail})"

    def to_json(self, now: float) -> dict[str, Any]:
        """Give it for the views, with how long it has lasted at `now` (monotonic seconds)."""
        return {"of": self.of, "why": self.why.value, "detail": self.detail, "seconds": round(now - self.since, 1)}


class Blindness:
    """Who is blind now, since when; a source that goes on not to be seen keeps its beginning, whatever its name."""

    def __init__(self) -> None:
        self._blind: dict[str, Blind] = {}

    def of(self, source: str) -> Blind | None:
        """Give what keeps a source from being seen, None when it is seen."""
        return self._blind.get(source)

    def cannot(self, source: str, why: CouldNotMeasure, now: float) -> None:
        """Take notice that a source could not be measured at `now` (monotonic seconds)."""
        before = self._blind.get(source)
        self._blind[source] = Blind(source, why.why, why.detail, before.since if before else now)

    def can(self, source: str) -> None:
        """Take notice that a source was measured."""
        self._blind.pop(source, None)
