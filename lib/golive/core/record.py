"""The record: entries of canonical JSON, each with the hash of the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from golive.core.canonical import canonical, tame
from golive.core.errors import RecordBroken

GENESIS = "0" * 64


class Kind(StrEnum):
    """What an entry tells. The bodies are described in docs/record.md."""

    RUN_OPENED = "run-opened"
    RUN_CLOSED = "run-closed"
    PHASE_ASSUMED = "phase-assumed"
    PHASE_OPENED = "phase-opened"
    PHASE_CLOSED = "phase-closed"
    GUARD_STARTED = "guard-started"
    GUARD_STOPPED = "guard-stopped"
    LEASE_TAKEN = "lease-taken"
    FINDING = "finding"
    CHECKED = "checked"
    ATTESTED = "attested"
    WAIVED = "waived"
    BASELINE = "baseline"
    REQUEST = "request"
    INTENT = "intent"
    OUTCOME = "outcome"
    STRAYED = "strayed"
    NOT_OURS = "not-ours"
    LAST_RESORT = "last-resort"
    SOAKED = "soaked"
    VERDICT = "verdict"
    JUDGED = "judged"
    DECISION = "decision"
    APPROVED = "approved"
    HANDED_OVER = "handed-over"
    WHEEL_TAKEN = "wheel-taken"
    SUMMARY = "summary"
    DIGEST = "digest"
    NOTICE = "notice"
    FAULT = "fault"
    PAGE = "page"
    NOTE = "note"


@dataclass(frozen=True)
class Who:
    """Who made an entry: the name claimed, and what was observed beside it; `hub` is the user of a JupyterHub."""

    name: str
    user: str = ""
    host: str = ""
    process: str = ""
    hub: str = ""

    @property
    def seen(self) -> str:
        """What was observed, for people."""
        return f"{self.user}@{self.host}" + (f", {self.hub} of the hub" if self.hub else "")

    def to_json(self) -> dict[str, str]:
        """Give the fields as JSON; `hub` only where there is one."""
        told = {"name": self.name, "user": self.user, "host": self.host, "process": self.process}
        return {**told, "hub": self.hub} if self.hub else told


@dataclass(frozen=True)
class Draft:
    """An entry before the store has numbered, dated and chained it.

    `id` is made by the client, so that a retry after a lost answer can't double it.
    """

    id: str
    kind: Kind
    who: Who
    body: Mapping[str, Any] = field(default_factory=dict)
    phase: str = ""


@dataclass(frozen=True)
class Entry:
    """One link of the chain. `at` is UTC, ISO 8601 with milliseconds and a Z."""

    seq: int
    id: str
    at: str
    kind: Kind
    phase: str
    who: Mapping[str, str]
    code: str
    plan: str
    body: Mapping[str, Any]
    prev: str
    hash: str

    def to_json(self) -> dict[str, Any]:
        """Give the whole entry as JSON, hash included."""
        return {**_unhashed(self), "hash": self.hash}

    def line(self) -> bytes:
        """Give the entry as its one line of `record.jsonl`, without the line's end."""
        return canonical(self.to_json())


def chain(draft: Draft, *, after: Entry | None, at: str, code: str, plan: str) -> Entry:
    """Give the entry that follows `after`; never fails on what the draft's body holds."""
    seq = after.seq + 1 if after else 1
    prev = after.hash if after else GENESIS
    body = tame(draft.body)
    loose = Entry(seq, draft.id, at, draft.kind, draft.phase, draft.who.to_json(), code, plan, body, prev, "")
    return Entry(**{**loose.__dict__, "hash": _digest(loose)})


def from_json(data: Mapping[str, Any]) -> Entry:
    """Give the entry of a parsed line.

    Raises:
        RecordBroken: If fields are missing, unknown or of the wrong kind.
    """
    try:
        return Entry(**{**data, "kind": Kind(data["kind"])})
    except (TypeError, ValueError, KeyError) as error:
        raise RecordBroken(f"entry {data.get('seq', '?')} is no entry of a record: {error}") from error


def verify(entries: Iterable[Entry]) -> Entry | None:
    """Give the head of an unbroken chain, or None for an empty one.

    Raises:
        RecordBroken: At the first entry whose number, link or hash is wrong.
    """
    head: Entry | None = None
    for entry in entries:
        expected_seq = head.seq + 1 if head else 1
        if entry.seq != expected_seq:
            raise RecordBroken(f"entry {expected_seq} is missing: entry {entry.seq} stands in its place")
        if entry.prev != (head.hash if head else GENESIS):
            raise RecordBroken(f"entry {entry.seq} does not follow entry {entry.seq - 1}: its link differs")
        if entry.hash != _digest(entry):
            raise RecordBroken(f"entry {entry.seq} ({entry.kind}) was changed: its hash differs")
        head = entry
    return head


def _unhashed(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry.__dict__.items() if name != "hash"}


def _digest(entry: Entry) -> str:
    return hashlib.sha256(canonical(_unhashed(entry))).hexdigest()
