"""What the order of a go-live answers: yes, it has happened already, or no, why, and what to type."""

from __future__ import annotations

from dataclasses import dataclass

from golive.core.errors import Stopped


@dataclass(frozen=True)
class Yes:
    """The step may happen."""


@dataclass(frozen=True)
class Already:
    """The step has happened; doing it again would change nothing. `what` says what stands."""

    what: str


@dataclass(frozen=True)
class Stop:
    """The step may not happen: why, and the next thing to type."""

    why: str
    next: str

    def error(self) -> Stopped:
        """Give the same as an error to raise."""
        return Stopped(self.why, self.next)


May = Yes | Already | Stop
