"""Digests of each minute's samples, so that a samples file can be held against the record."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

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
    return {name: "" if value is None else str(value) for name, value in values.items()}


def write_rows(rows: Iterable[Mapping[str, str]]) -> str:
    """Give the text of `samples.csv`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read_rows(text: str) -> list[dict[str, str]]:
    """Give the rows of a `samples.csv`."""
    return list(csv.DictReader(io.StringIO(text)))


def minute_digests(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[int, str]]:
    """Give minute ("2026-11-23T22:41Z") -> (rows, SHA-256 of its lines in their order)."""
    minutes: dict[str, list[str]] = {}
    for entry in rows:
        minutes.setdefault(entry["utc"][:16] + "Z", []).append(",".join(entry[name] for name in COLUMNS))
    return {
        minute: (len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()) for minute, lines in minutes.items()
    }
