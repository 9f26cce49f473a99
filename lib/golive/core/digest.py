"""Digests of each minute's samples, so that a samples file can be held against the record.

Critical routes have columns of their own, `checkout: failed`, after the others, and so has the source's own time,
`told`: a file without them is what it always was, and so are its digests.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from golive.core.record import Entry, Kind
from golive.core.samples import Sample

EDGES = (50, 100, 200, 300, 400, 500, 750, 1000, 2000)
COLUMNS = (
    "utc",
    "second",
    "phase",
    "version",
    "share",
    "seconds",
    "requests",
    "failed",
    "client_errors",
    "limited",
    *(f"over_{edge}ms" for edge in EDGES),
    "cpu",
    "memory",
)
TOLD = "told"
ROUTE_COUNTS = ("requests", "failed", "over_1000ms")


def row(sample: Sample) -> dict[str, str]:
    """Give a sample as the texts of its line in `samples.csv`."""
    tally = sample.tally
    moment = datetime.fromtimestamp(sample.second, UTC).isoformat(timespec="milliseconds")
    values: dict[str, object] = {
        "utc": moment.replace("+00:00", "Z"),
        "second": f"{sample.second:.3f}",
        "phase": sample.phase,
        "version": sample.version.value,
        "share": sample.share,
        "seconds": f"{sample.seconds:.3f}",
        "requests": tally.requests,
        "failed": tally.failed,
        "client_errors": tally.client_errors,
        "limited": tally.limited,
        **{f"over_{edge}ms": tally.over.get(edge, 0) for edge in EDGES},
        "cpu": sample.gauges.cpu,
        "memory": sample.gauges.memory,
    }
    if sample.told is not None:
        values[TOLD] = f"{sample.told:.3f}"
    for route, part in sample.routes.items():
        for count, value in zip(ROUTE_COUNTS, (part.requests, part.failed, part.over.get(1000, 0)), strict=True):
            values[route_column(route, count)] = value
    return {name: "" if value is None else str(value) for name, value in values.items()}


def route_column(route: str, count: str) -> str:
    """Give the name of the column that holds one of `ROUTE_COUNTS` of a critical route."""
    return f"{route}: {count}"


def write_rows(rows: Iterable[Mapping[str, str]]) -> str:
    """Give the text of `samples.csv`; a cell after the others is empty where its route, or time, was not told."""
    kept = list(rows)
    routes = dict.fromkeys(name for entry in kept for name in entry if name not in COLUMNS)
    out = io.StringIO()
    writer = csv.DictWriter(out, (*COLUMNS, *routes), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(kept)
    return out.getvalue()


def read_rows(text: str) -> list[dict[str, str]]:
    """Give the rows of a `samples.csv`."""
    return list(csv.DictReader(io.StringIO(text)))


def minute_digests(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[int, str]]:
    """Give minute ("2026-11-23T22:41Z") -> (rows, SHA-256 of its lines in their order)."""
    minutes: dict[str, list[str]] = {}
    for entry in rows:
        minutes.setdefault(entry["utc"][:16] + "Z", []).append(_line(entry))
    return {
        minute: (len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()) for minute, lines in minutes.items()
    }


def undigested(samples: Iterable[Sample], entries: Iterable[Entry]) -> list[Sample]:
    """Give the samples of those minutes of which no entry holds a digest, because whoever took them in has ended."""
    minutes = {entry.body["minute"] for entry in entries if entry.kind is Kind.DIGEST}
    return [sample for sample in samples if _minute(sample) not in minutes] if minutes else list(samples)


def _minute(sample: Sample) -> str:
    return datetime.fromtimestamp(sample.second, UTC).isoformat()[:16] + "Z"


def told(entries: Iterable[Entry]) -> dict[str, set[tuple[int, str]]]:
    """Give, for each minute that a record has a digest of, every (rows, SHA-256) that it says of it."""
    said: dict[str, set[tuple[int, str]]] = {}
    for entry in entries:
        if entry.kind is Kind.DIGEST:
            said.setdefault(entry.body["minute"], set()).add((entry.body["rows"], entry.body["sha256"]))
    return said


def unfit(rows: Sequence[Mapping[str, str]], entries: Iterable[Entry]) -> dict[str, tuple[int, str]]:
    """Give the digests of those minutes whose rows fit none that the record has: their guard died before it wrote."""
    said = told(entries)
    return {minute: one for minute, one in minute_digests(rows).items() if one not in said.get(minute, ())}


def _line(entry: Mapping[str, str]) -> str:
    """Give the text that stands for a row in its minute's digest: every cell that holds anything."""
    line = ",".join(entry[name] for name in COLUMNS)
    more = {str(name): value for name, value in entry.items() if name not in COLUMNS and value}
    return f"{line},{json.dumps(more, sort_keys=True, ensure_ascii=False)}" if more else line
