"""The guards' book: heartbeats, samples and looks, in a file that only guards write."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from golive.adapters.stores.sqlite import engine, unavailable
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.ports import EvidenceNote, LookNote

SCHEMA = sa.MetaData()
BEATS = sa.Table(
    "beats",
    SCHEMA,
    sa.Column("only", sa.Integer, primary_key=True),
    sa.Column("guard", sa.Text),
    sa.Column("utc", sa.Text),
    sa.Column("at", sa.Float),
)
SAMPLES = sa.Table("samples", SCHEMA, sa.Column("at", sa.Float, index=True), sa.Column("text", sa.Text))
TRACE = sa.Table(
    "trace",
    SCHEMA,
    sa.Column("at", sa.Float, index=True),
    sa.Column("utc", sa.Text),
    sa.Column("phase", sa.Text),
    sa.Column("text", sa.Text),
)
LOOKS = sa.Table("looks", SCHEMA, sa.Column("only", sa.Integer, primary_key=True), sa.Column("text", sa.Text))


class SqliteBook:
    """`golive.ports.Book` on one SQLite file. It is no record: a crash may cost its last second."""

    def __init__(self, path: Path, alive: Path) -> None:
        self._path, self._alive = path, alive
        self._engine = engine(path, 2.0, durable=False)
        with unavailable("book", path):
            SCHEMA.create_all(self._engine)

    def beat(self, guard: str, utc: str, monotonic: float) -> None:
        """Say that `guard` lives; also touches the file by which the world lives."""
        row = {"only": 1, "guard": guard, "utc": utc, "at": monotonic}
        with unavailable("book", self._path), self._engine.begin() as connection:
            connection.execute(sa.insert(BEATS).prefix_with("OR REPLACE").values(**row))
            self._alive.touch()
            os.utime(self._alive)

    def last_beat(self) -> tuple[str, str, float] | None:
        """Give guard, UTC and monotonic seconds of the last beat."""
        with unavailable("book", self._path), self._engine.connect() as connection:
            row = connection.execute(sa.select(BEATS.c.guard, BEATS.c.utc, BEATS.c.at)).first()
        return (row[0], row[1], row[2]) if row else None

    def add(self, samples: Sequence[Sample], look: LookNote) -> None:
        """Write one look with its samples."""
        note = json.dumps({"at": look.at, "utc": look.utc, "body": look.body})
        with unavailable("book", self._path), self._engine.begin() as connection:
            if samples:
                rows = [{"at": sample.at, "text": json.dumps(to_json(sample))} for sample in samples]
                connection.execute(sa.insert(SAMPLES), rows)
            if look.body.get("evidence"):
                row = {"at": look.at, "utc": look.utc, "phase": look.body["phase"]}
                connection.execute(sa.insert(TRACE).values(**row, text=json.dumps(look.body["evidence"])))
            connection.execute(sa.insert(LOOKS).prefix_with("OR REPLACE").values(only=1, text=note))

    def samples(self, after: float = 0.0) -> Sequence[Sample]:
        """Give the samples that came after `after` (monotonic seconds), in order."""
        query = sa.select(SAMPLES.c.text).where(SAMPLES.c.at > after).order_by(SAMPLES.c.at)
        with unavailable("book", self._path), self._engine.connect() as connection:
            return [from_json(json.loads(text)) for (text,) in connection.execute(query).all()]

    def trace(self, phase: str) -> Sequence[EvidenceNote]:
        """Give how far the evidence was at each look of a phase, in order."""
        query = sa.select(TRACE.c.utc, TRACE.c.text).where(TRACE.c.phase == phase).order_by(TRACE.c.at)
        with self._engine.connect() as connection:
            return [EvidenceNote(utc, json.loads(text)) for utc, text in connection.execute(query).all()]

    def last_look(self) -> LookNote | None:
        """Give what the guard saw and thought last."""
        with unavailable("book", self._path), self._engine.connect() as connection:
            row = connection.execute(sa.select(LOOKS.c.text)).first()
        return LookNote(**json.loads(row[0])) if row else None


def to_json(sample: Sample) -> dict[str, Any]:
    """Give a sample as JSON-able values."""
    tally = sample.tally
    return {
        "second": sample.second,
        "at": sample.at,
        "seconds": sample.seconds,
        "version": sample.version.value,
        "phase": sample.phase,
        "share": sample.share,
        "tally": [tally.requests, tally.failed, tally.client_errors, tally.limited],
        "over": {str(edge): count for edge, count in tally.over.items()},
        "gauges": [sample.gauges.cpu, sample.gauges.memory],
        "routes": {name: [t.requests, t.failed, dict(t.over)] for name, t in sample.routes.items()},
        "told": sample.told,
    }


def from_json(data: dict[str, Any]) -> Sample:
    """Give the sample that `to_json` wrote."""
    requests, failed, client_errors, limited = data["tally"]
    tally = Tally(requests, failed, client_errors, limited, _edges(data["over"]))
    return Sample(
        data["second"],
        data["at"],
        data["seconds"],
        Version(data["version"]),
        tally,
        Gauges(*data["gauges"]),
        data["phase"],
        data["share"],
        {name: Tally(n, bad, over=_edges(slow)) for name, (n, bad, slow) in data["routes"].items()},
        data.get("told"),
    )


def _edges(data: dict[str, int]) -> dict[int, int]:
    return {int(edge): count for edge, count in data.items()}
