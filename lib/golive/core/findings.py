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
    """A person's word on one finding, "attested" or "waived", that holds `good_for` seconds from `moment` on.

    Attributes:
        user, host: What was seen of who gave it.
        answer: The code by which a second person approves it; "" where none has to.
        evidence: The beginning of its entry's hash.
        second: Who has approved it, or was named as agreeing.
    """

    kind: str
    called: str
    code: str
    moment: Moment
    good_for: float
    until: str
    name: str
    because: str
    phase: str = ""
    id: str = ""
    user: str = ""
    host: str = ""
    answer: str = ""
    evidence: str = ""
    second: str = ""

    @property
    def awaits(self) -> bool:
        """Whether it does not count yet, since its second person has not approved it."""
        return bool(self.answer) and not self.second

    def may_be_approved_by(self, name: str, user: str, host: str) -> bool:
        """Say whether that is another person than the one who gave it: by name, and by account."""
        return name != self.name and (user, host) != (self.user, self.host)


def code_of(called: str, result: str, expected: str, seen: str) -> str:
    """Give the short hash that says what was found; an excuse for one holds for no other."""
    told = canonical(tame([called, result, expected, seen]))
    return hashlib.sha256(told).hexdigest()[:CODE_LENGTH]


def excused(found: Found, excuses: Iterable[Excuse], now: Moment) -> Excuse | None:
    """Give the newest word that still covers a finding; None when there is none, or none that counts yet."""
    mine = [one for one in _words_on(found, excuses) if not one.awaits]
    newest = mine[-1] if mine else None
    return newest if newest is not None and now.since(newest.moment) <= newest.good_for else None


def _words_on(found: Found, excuses: Iterable[Excuse]) -> list[Excuse]:
    return [one for one in excuses if (one.called, one.code) == (found.called, found.code)]


def stale(found: Found, now: Moment) -> bool:
    """Say whether a finding has aged beyond what the plan allows."""
    return found.good_for is not None and now.since(found.moment) > found.good_for


def problem(found: Found, excuses: Sequence[Excuse], now: Moment) -> str:
    """Give why a finding does not stand now, as a clause; "" when it does."""
    if found.result in PASSED:
        return f"{found.called} was good until {found.good_until}" if stale(found, now) else ""
    if excused(found, excuses, now) is not None:
        return ""
    said = _words_on(found, excuses)
    awaited = next((one for one in reversed(said) if one.awaits), None)
    if awaited is not None:
        return f"{found.called}: {found.result}, and no second person has approved its waiver {awaited.answer}"
    return f"{found.called}: {found.result}" + (", and what excused it has ended" if said else "")


def problems(found: Mapping[str, Found], excuses: Sequence[Excuse], now: Moment) -> list[str]:
    """Give why findings do not stand now, a clause each."""
    return [said for said in (problem(one, excuses, now) for one in found.values()) if said]
