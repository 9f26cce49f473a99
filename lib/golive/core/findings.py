"""Which findings stand: seen good and still fresh, or excused by a person for a time. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from golive.core.canonical import canonical, tame
from golive.core.moments import Moment

PASSED = ("pass", "attested", "waived")
UNMEASURED = "could not measure"
CODE_LENGTH = 12


@dataclass(frozen=True)
class Found:
    """What the record holds of one finding.

    Attributes:
        called: The line's name in the plan.
        result: What the check itself came to: a person's word on it stands beside it, as an `Excuse`.
        code: What was found, as a short hash; the same thing seen again has the same code.
        moment: When it was looked for.
        good_for: Seconds from then on; None for one of a record that does not say.
        good_until: The same for people.
    """

    id: str
    called: str
    result: str
    code: str
    moment: Moment
    good_for: float | None = None
    good_until: str = ""


@dataclass(frozen=True)
class Excuse:
    """A person's word on one finding, "attested" or "waived", that holds `good_for` seconds from `moment` on."""

    kind: str
    called: str
    code: str
    moment: Moment
    good_for: float
    until: str
    name: str
    because: str


def code_of(called: str, result: str, expected: str, seen: str) -> str:
    """Give the short hash that says what was found; an excuse for one holds for no other."""
    told = canonical(tame([called, result, expected, seen]))
    return hashlib.sha256(told).hexdigest()[:CODE_LENGTH]


def excused(found: Found, excuses: Iterable[Excuse], now: Moment) -> Excuse | None:
    """Give the newest word that still covers a finding; None when there is none."""
    mine = [one for one in excuses if (one.called, one.code) == (found.called, found.code)]
    newest = mine[-1] if mine else None
    return newest if newest is not None and now.since(newest.moment) <= newest.good_for else None


def stale(found: Found, now: Moment) -> bool:
    """Say whether a finding has aged beyond what the plan allows."""
    return found.good_for is not None and now.since(found.moment) > found.good_for


def problem(found: Found, excuses: Sequence[Excuse], now: Moment) -> str:
    """Give why a finding does not stand now, as a clause; "" when it does."""
    if found.result in PASSED:
        return f"{found.called} was good until {found.good_until}" if stale(found, now) else ""
    if excused(found, excuses, now) is not None:
        return ""
    ended = any((one.called, one.code) == (found.called, found.code) for one in excuses)
    return f"{found.called}: {found.result}" + (", and what excused it has ended" if ended else "")


def problems(found: Mapping[str, Found], excuses: Sequence[Excuse], now: Moment) -> list[str]:
    """Give why findings do not stand now, a clause each."""
    return [said for said in (problem(one, excuses, now) for one in found.values()) if said]
