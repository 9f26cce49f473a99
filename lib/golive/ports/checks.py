"""A line of the runbook that looks by itself, and what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


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
        good_for: Seconds for which it is fresh enough to act on; `good_until` says it for people, in UTC.
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
    good_for: float = 0.0
    good_until: str = ""
    then: str = ""


class Check(Protocol):
    """One line of the runbook that looks by itself."""

    name: str
    sentence: str

    async def __call__(self) -> Finding: ...


class Lines(Protocol):
    """Looks at lines of the plan for the guard, so that nothing a check does can keep the guard from looking."""

    async def look(self, phase: str, called: str) -> Finding:
        """Look at one line of a phase now; what can't be looked at in its time is a finding, too."""

    def end(self) -> None:
        """End whatever looks."""
