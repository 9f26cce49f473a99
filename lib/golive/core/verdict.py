"""What a verdict is: three outcomes, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Word(StrEnum):
    """The three outcomes."""

    PROCEED = "PROCEED"
    HOLD = "HOLD"
    ROLLBACK = "ROLLBACK"


class Hold(StrEnum):
    """Which hold it is."""

    SOAKING = "the soak is not over"
    NOT_ENOUGH = "not enough yet"
    BETWEEN = "between the lines"
    UNMEASURED = "could not measure"
    LINES = "a watched line is not good"
    AFTER_CUTOVER = "after cutover a person decides"


class Reading(NamedTuple):
    """One criterion, judged. A tuple, since each look makes several.

    Attributes:
        criterion: Its key in the plan.
        sentence: What it asks, for people.
        seen: The measured share, 0 to 1, over the soak; None when nothing was measured.
        bad: Requests that count against it, of `requests`.
        proceed_below: Limit to proceed, a share.
        rollback_above: Limit to roll back, a share; None when it has none.
        word: What this criterion alone says.
        hold: Which hold, when it says HOLD.
        rollback_evidence: Evidence against "a healthy canary", as a share of what a rollback
            needs on a logarithmic scale: 1 and above is enough.
        proceed_evidence: Evidence against "a canary at the rollback level", likewise.
        needed: Requests still needed until the evidence can be enough; None when unknown.
        why: The reason in one sentence with its numbers.
    """

    criterion: str
    sentence: str
    seen: float | None
    bad: int
    requests: int
    proceed_below: float
    rollback_above: float | None
    word: Word
    hold: Hold | None
    rollback_evidence: float
    proceed_evidence: float
    needed: int | None
    why: str


@dataclass(frozen=True)
class Verdict:
    """What the numbers say, and why.

    Attributes:
        criterion: The criterion that decided, "" when none did alone.
        reason: One sentence that names the criterion that decided, with its numbers.
        soak_left: Seconds of soak that are left; 0 when it is over.
        more_requests: Canary requests still needed before a verdict; None when unknown.
        more_seconds: How long those take at the present rate; None when unknown.
        as_written: What the runbook's letter says of the same samples, and why.
    """

    word: Word
    hold: Hold | None
    criterion: str
    reason: str
    readings: tuple[Reading, ...]
    soak_left: float
    more_requests: int | None
    more_seconds: float | None
    as_written: Word
    as_written_why: str

    def to_json(self) -> dict[str, Any]:
        """Give the verdict as JSON-able values."""
        return {**vars(self), "readings": [reading._asdict() for reading in self.readings]}


def from_json(data: Mapping[str, Any]) -> Verdict:
    """Give the verdict that `to_json` wrote."""
    readings = tuple(
        Reading(
            **{**reading, "word": Word(reading["word"]), "hold": Hold(reading["hold"]) if reading["hold"] else None}
        )
        for reading in data["readings"]
    )
    return Verdict(
        **{
            **data,
            "word": Word(data["word"]),
            "hold": Hold(data["hold"]) if data["hold"] else None,
            "readings": readings,
            "as_written": Word(data["as_written"]),
        }
    )
