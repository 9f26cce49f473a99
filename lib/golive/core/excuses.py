"""From entries to a person's word on a finding: given, and approved by a second person. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from golive.core.decided import EVIDENCE_LENGTH
from golive.core.findings import Excuse
from golive.core.moments import moment_of
from golive.core.record import Entry


def excuse_of(entry: Entry) -> Excuse:
    """Give the word that an entry, attested or waived, is."""
    body, who = entry.body, entry.who
    return Excuse(
        entry.kind.value,
        body["called"],
        body["code"],
        moment_of(entry.at, body.get("moment")),
        body.get("good_for", 0.0),
        body["until"],
        who["name"],
        body["because"],
        entry.phase,
        entry.id,
        who.get("user", ""),
        who.get("host", ""),
        body.get("answer", ""),
        entry.hash[:EVIDENCE_LENGTH],
        body.get("second", ""),
    )


def approved(excuses: Iterable[Excuse], entry: Entry) -> tuple[Excuse, ...]:
    """Give the words after an entry that approves a waiver; only another person and account can approve it."""
    by, waiver = entry.body["by"], entry.body["waiver"]
    account = (by["name"], by.get("user", ""), by.get("host", ""))
    return tuple(
        replace(one, second=by["name"]) if one.id == waiver and one.may_be_approved_by(*account) else one
        for one in excuses
    )
