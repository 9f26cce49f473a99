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
    """What one check saw: one row of the table."""

    check: str
    sentence: str
    result: Result
    expected: str
    seen: str
    milliseconds: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)


class Check(Protocol):
    """One line of the runbook that looks by itself."""

    name: str
    sentence: str

    async def __call__(self) -> Finding: ...
