"""What people answer a frozen verdict with: the verdict itself, the decision, and others' approvals of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from golive.core.moments import Moment, moment_of
from golive.core.verdict import Hold, Word

EVIDENCE_LENGTH = 12
NOT_YET = (Hold.SOAKING, Hold.NOT_ENOUGH)


@dataclass(frozen=True)
class Judged:
    """A verdict frozen for a decision; people name it by its short code.

    Attributes:
        evidence: The beginning of its entry's hash: what was frozen, and all of the record before it.
        worse: How the guard has measured something worse since, as a sentence; "" while it has not.
        seq: Number of its entry.
    """

    code: str
    word: str
    reason: str
    at: str
    body: Mapping[str, Any]
    evidence: str = ""
    worse: str = ""
    seq: int = 0

    @property
    def moment(self) -> Moment:
        """When it was frozen."""
        return moment_of(self.at, self.body.get("moment"))

    def after(self, phase: str, verdict: Mapping[str, Any]) -> Judged:
        """Give this verdict of `phase` after the guard has said `verdict`: what was measured bad is not forgotten."""
        if self.worse or verdict.get("hold") == Hold.UNMEASURED:
            return self
        return replace(self, worse=worse(self, phase, verdict))


def worse(judged: Judged, phase: str, verdict: Mapping[str, Any]) -> str:
    """Say how the guard's `verdict` is worse than the one that was frozen for `phase`; "" when it is not.

    Not enough yet is nothing worse where a soak has begun anew in a later phase, and where only checks were judged.
    """
    word, hold = verdict["word"], verdict.get("hold")
    counted = bool(judged.body.get("verdict", {}).get("readings"))
    later = hold in NOT_YET and (verdict["phase"] != phase or not counted)
    fell = word == Word.ROLLBACK or (judged.word == Word.PROCEED and word == Word.HOLD and not later)
    return f"{word}: {verdict['reason']}" if fell and judged.word != Word.ROLLBACK else ""


@dataclass(frozen=True)
class Decision:
    """What a named person, or the plan's policy, chose, and why; `user` and `host` are what was seen of them."""

    choice: str
    code: str
    because: str
    name: str
    at: str
    by_policy: bool
    moment: Moment
    good_for: float = math.inf
    user: str = ""
    host: str = ""

    def expired(self, now: Moment) -> bool:
        """Say whether it has been too long since for it to hand anything over."""
        return now.since(self.moment) > self.good_for


@dataclass(frozen=True)
class Approval:
    """That another person agrees to go on upon one frozen verdict, and why.

    Attributes:
        name: Who, as claimed; `user` and `host` as seen, or as the pasted line says.
        pasted: Whether it came as a line that somebody else has pasted.
    """

    code: str
    evidence: str
    because: str
    name: str
    at: str
    moment: Moment
    good_for: float
    user: str = ""
    host: str = ""
    pasted: bool = False

    def expired(self, now: Moment) -> bool:
        """Say whether it has been too long since for it to count."""
        return now.since(self.moment) > self.good_for


@dataclass(frozen=True)
class Wanted:
    """A person in a role of the plan: whose decision a shift needs, or who is responsible for a phase."""

    role: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"
