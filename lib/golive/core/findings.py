"""Which findings stand: seen good and still fresh, or excused by a person for a time. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from golive.core.canonical import canonical, tame

PASSED = ("pass", "attested")
UNMEASURED = "could not measure"
CODE_LENGTH = 12


@dataclass(frozen=True)
class Found:
    """What the record holds of one finding.

    Attributes:
        called: The line's name in the plan.
        code: What was found, as a short hash; the same thing seen again has the same code.
        good_until: UTC, ISO 8601; "" for one that does not age.
    """

    id: str
    called: str
    result: str
    code: str
    good_until: str = ""


@dataclass(frozen=True)
class Excuse:
    """A person's word on one finding: `kind` is "attested" or "waived", `until` is UTC, ISO 8601."""

    kind: str
    called: str
    code: str
    until: str
    name: str
    because: str


def code_of(called: str, result: str, expected: str, seen: str) -> str:
    """Give the short hash that says what was found; an excuse for one holds for no other."""
    told = canonical(tame([called, result, expected, seen]))
    return hashlib.sha256(told).hexdigest()[:CODE_LENGTH]


def excused(found: Found, excuses: Iterable[Excuse], now: datetime) -> Excuse | None:
    """Give the newest word that still covers a finding; None when there is none."""
    mine = [one for one in excuses if (one.called, one.code) == (found.called, found.code)]
    newest = mine[-1] if mine else None
    return newest if newest is not None and now <= datetime.fromisoformat(newest.until) else None


def stale(found: Found, now: datetime) -> bool:
    """Say whether a finding has aged beyond what the plan allows."""
    return bool(found.good_until) and now > datetime.fromisoformat(found.good_until)


def problem(found: Found, excuses: Sequence[Excuse], now: datetime) -> str:
    """Give why a finding does not stand now, as a clause; "" when it does."""
    if found.result in PASSED:
        return f"{found.called} was good until {found.good_until}" if stale(found, now) else ""
    if excused(found, excuses, now) is not None:
        return ""
    ended = any((one.called, one.code) == (found.called, found.code) for one in excuses)
    return f"{found.called}: {found.result}" + (", and what excused it has ended" if ended else "")


def problems(found: Mapping[str, Found], excuses: Sequence[Excuse], now: datetime) -> list[str]:
    """Give why findings do not stand now, a clause each."""
    return [said for said in (problem(one, excuses, now) for one in found.values()) if said]
