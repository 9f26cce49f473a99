"""Verify an archive offline, and say the first thing that is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from golive.archive import addenda, manifest
from golive.core.canonical import canonical
from golive.core.digest import minute_digests, read_rows, told, unfit
from golive.core.errors import GoLiveError, RecordBroken
from golive.core.record import Entry, Kind, from_json
from golive.core.record import verify as verify_chain

RECORD = "record.jsonl"


class Standing(StrEnum):
    """What a verification came to."""

    PROVEN = "proven"
    CONSISTENT = "consistent, not proven"
    NOT_SEALED = "not sealed"
    BROKEN = "broken"


@dataclass(frozen=True)
class Verified:
    """The result, why, and the head of the record's chain."""

    standing: Standing
    why: str
    head: str = ""


def verify(root: Path, head: str | None = None) -> Verified:
    """Say how the archive in `root` stands; with `head`, whether it is the one that was noted."""
    if not (root / manifest.SEAL).is_file():
        return Verified(Standing.NOT_SEALED, f"{root.name} has no SEAL")
    try:
        found, added = _verified(root)
    except (GoLiveError, OSError, ValueError, KeyError, TypeError) as error:
        ours = isinstance(error, GoLiveError | OSError)
        return Verified(
            Standing.BROKEN, str(error).splitlines()[0] if ours else f"not as an archive is made: {error!r}"
        )
    fits = f"everything fits, with {added} addenda" if added else "everything fits"
    if head is None:
        return Verified(Standing.CONSISTENT, f"{fits}; compare the head {found} with the ticket's", found)
    if not head or not found.startswith(head) or len(head) < 12:
        return Verified(Standing.BROKEN, f"the head is {found}, not {head}", found)
    return Verified(Standing.PROVEN, f"{fits}, and the head is the one that was noted", found)


def _verified(root: Path) -> tuple[str, int]:
    """Give the head of the record's chain and the number of addenda."""
    listed = _manifest(root)
    actual = manifest.files(root)
    for path in sorted({*listed, *actual}):
        if path not in actual:
            raise RecordBroken(f"{path} is missing")
        if path not in listed:
            raise RecordBroken(f"{path} was added")
        if listed[path] != actual[path]:
            raise RecordBroken(f"{path} was changed{_where(root / path)}")
    entries = read_record(root / RECORD)
    head = verify_chain(entries)
    closed = any(entry.kind is Kind.RUN_CLOSED for entry in entries)
    if head is None or entries[0].kind is not Kind.RUN_OPENED or not closed:
        raise RecordBroken("record.jsonl does not tell a run from its opening to its close")
    if entries[0].body.get("plan_sha256", listed["plan.yaml"]) != listed["plan.yaml"]:
        raise RecordBroken("plan.yaml is not the plan that the record names")
    _samples(root, entries)
    _pages(root, entries)
    _evidence(root, entries)
    return head.hash, addenda.verify(root)


def _where(path: Path) -> str:
    """Give the first wrong entry of a record that was changed; "" for other files, and when each entry fits."""
    if path.name != RECORD:
        return ""
    try:
        verify_chain(read_record(path))
    except RecordBroken as error:
        return f": {error}"
    return ""


def _manifest(root: Path) -> dict[str, str]:
    content = (root / manifest.MANIFEST).read_bytes()
    if (root / manifest.SEAL).read_bytes() != manifest.seal_text(content).encode():
        raise RecordBroken("SEAL is not the hash of MANIFEST.json")
    listed: dict[str, str] = json.loads(content)
    if not isinstance(listed, dict) or canonical(listed) != content:
        raise RecordBroken("MANIFEST.json is not canonical")
    return listed


def read_record(path: Path) -> list[Entry]:
    """Give the entries of a `record.jsonl`; RecordBroken at the first line that is no whole canonical entry."""
    entries = []
    *lines, rest = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            entry = from_json(json.loads(line))
        except (ValueError, TypeError, AttributeError) as error:
            raise RecordBroken(f"{RECORD} line {number} is no entry: {error}") from error
        if entry.line() != line:
            raise RecordBroken(f"{RECORD} line {number} is not canonical")
        entries.append(entry)
    if rest:
        raise RecordBroken(f"{RECORD} line {len(entries) + 1} is cut off before its end")
    return entries


def _samples(root: Path, entries: list[Entry]) -> None:
    rows = read_rows((root / "samples.csv").read_text(encoding="utf-8"))
    gone = told(entries).keys() - minute_digests(rows).keys()
    for minute in sorted({*gone, *unfit(rows, entries)}):
        raise RecordBroken(f"samples.csv differs from the record's digest of {minute}")


def _evidence(root: Path, entries: list[Entry]) -> None:
    for entry in entries:
        if entry.kind in (Kind.ATTESTED, Kind.WAIVED) and entry.body["file"]:
            path = root / "evidence" / str(entry.body["file"])
            if path.parent != root / "evidence" or not path.is_file():
                raise RecordBroken(f"{path.name} is in the record and not in the archive")
            if manifest.sha256(path) != entry.body["sha256"]:
                raise RecordBroken(f"{path.name} is not the file that the record names")


def _pages(root: Path, entries: list[Entry]) -> None:
    for entry in entries:
        if entry.kind is Kind.PAGE:
            path = root / "notebooks" / f"{entry.body['notebook']}.ipynb"
            if not path.is_file():
                raise RecordBroken(f"{path.name} is in the record and not in the archive")
            if manifest.sha256(path) != entry.body["sha256"]:
                raise RecordBroken(f"{path.name} is not the page that the record names")
