"""What an acting guard saw: samples and looks as tables, in any database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from golive.adapters.stores.database import Database
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.core.thinning import summed
from golive.ports import Clock, EvidenceNote, LookNote

SCHEMA = sa.MetaData()
SAMPLES = sa.Table(
    "samples",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
TRACE = sa.Table(
    "trace",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("utc", sa.Text, nullable=False),
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
LOOKS = sa.Table(
    "looks",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)
MINUTES = sa.Table(
    "minutes",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("phase", sa.Text, primary_key=True),
    sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)
MINUTE = 60


class LookTables:
    """Samples, traces of evidence and the last look of one run.

    Args:
        database: Where they stand.
        run: The run's name there.
        clock: The reader's.
        boot: Id of this host's boot; what was written under another one is put on this one's clock by its UTC.
    """

    def __init__(self, database: Database, run: str, clock: Clock, boot: str) -> None:
        self._database, self._run, self._clock, self._boot = database, run, clock, boot

    def add(self, connection: sa.Connection, samples: Sequence[Sample], look: LookNote) -> None:
        """Write one look with its samples, in the caller's transaction."""
        first = self._next(connection, SAMPLES)
        texts = [json.dumps(to_json(sample)) for sample in samples]
        rows = [{"run": self._run, "row": first + n, "boot": self._boot, "text": text} for n, text in enumerate(texts)]
        if rows:
            connection.execute(SAMPLES.insert(), rows)
        self._sum(connection, samples)
        if look.body.get("evidence"):
            row = {"run": self._run, "row": self._next(connection, TRACE), "utc": look.utc}
            text = json.dumps(look.body["evidence"])
            connection.execute(TRACE.insert().values(**row, phase=look.body["phase"], text=text))
        connection.execute(LOOKS.delete().where(LOOKS.c.run == self._run))
        connection.execute(LOOKS.insert().values(run=self._run, text=self._text(look)))

    def _sum(self, connection: sa.Connection, samples: Sequence[Sample]) -> None:
        """Add samples to the sums of their minutes."""
        parts: dict[tuple[str, int, str], list[Sample]] = {}
        for sample in samples:
            own = (sample.phase, int(sample.second // MINUTE), sample.version.value)
            parts.setdefault(own, []).append(sample)
        for (phase, minute, version), new in parts.items():
            key = {"run": self._run, "phase": phase, "minute": minute, "version": version}
            its = sa.and_(*(MINUTES.c[name] == value for name, value in key.items()))
            had = connection.execute(sa.select(MINUTES.c.text).where(its)).scalar()
            whole = summed([from_json(json.loads(had)), *new] if had else new)
            connection.execute(MINUTES.delete().where(its))
            connection.execute(MINUTES.insert().values(**key, text=json.dumps(to_json(whole))))

    def minutes(self, phase: str) -> Sequence[Sample]:
        """Give a phase's samples summed by the minute, in their order; their `at` means nothing."""
        query = sa.select(MINUTES.c.text).where(MINUTES.c.run == self._run, MINUTES.c.phase == phase)
        ordered = query.order_by(MINUTES.c.minute, MINUTES.c.version)
        rows = self._database.read(lambda connection: connection.execute(ordered).scalars().all())
        return [from_json(json.loads(text)) for text in rows]

    def written(self, connection: sa.Connection, look: LookNote) -> bool:
        """Say whether this look is the last that was written."""
        query = sa.select(LOOKS.c.text).where(LOOKS.c.run == self._run)
        return connection.execute(query).scalar() == self._text(look)

    def samples(self, after: int = 0, most: int | None = None) -> Sequence[Sample]:
        """Give the samples but the first `after`, as they came; `most` at a time."""
        found = sa.select(SAMPLES.c.boot, SAMPLES.c.text).where(SAMPLES.c.run == self._run, SAMPLES.c.row > after)
        query = found.order_by(SAMPLES.c.row).limit(most)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [self._here(from_json(json.loads(text)), boot) for boot, text in rows]

    def trace(self, phase: str) -> Sequence[EvidenceNote]:
        """Give how far the evidence was at each look of a phase, in order."""
        query = sa.select(TRACE.c.utc, TRACE.c.text).where(TRACE.c.run == self._run, TRACE.c.phase == phase)
        rows = self._database.read(lambda connection: connection.execute(query.order_by(TRACE.c.row)).all())
        return [EvidenceNote(utc, json.loads(text)) for utc, text in rows]

    def last_look(self) -> LookNote | None:
        """Give what the acting guard saw and thought last."""
        query = sa.select(LOOKS.c.text).where(LOOKS.c.run == self._run)
        text = self._database.read(lambda connection: connection.execute(query).scalar())
        if text is None:
            return None
        said = json.loads(text)
        second = datetime.fromisoformat(said["utc"]).timestamp()
        return LookNote(said["at"] if said["boot"] == self._boot else self._at(second), said["utc"], said["body"])

    def _text(self, look: LookNote) -> str:
        return json.dumps({"at": look.at, "utc": look.utc, "body": look.body, "boot": self._boot})

    def _next(self, connection: sa.Connection, table: sa.Table) -> int:
        highest = connection.execute(sa.select(sa.func.max(table.c.row)).where(table.c.run == self._run)).scalar()
        return (highest or 0) + 1

    def _here(self, sample: Sample, boot: str) -> Sample:
        return sample if boot == self._boot else replace(sample, at=self._at(sample.second))

    def _at(self, second: float) -> float:
        """Give a moment of UTC on this boot's monotonic clock."""
        return self._clock.monotonic() - (self._clock.now().timestamp() - second)


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
        "known": sample.known,
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
        data["known"],
    )


def _edges(data: dict[str, int]) -> dict[int, int]:
    return {int(edge): count for edge, count in data.items()}
