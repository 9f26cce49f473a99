"""The guards' book in a run's folder: lease, beats, samples and looks, which only guards write."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from golive.adapters.stores.lease import LeaseFiles
from golive.adapters.stores.sqlite import engine, unavailable
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.folders import RunFolder
from golive.ports import Beat, Clock, EvidenceNote, Lease, LookNote, Member

SCHEMA = sa.MetaData()
SAMPLES = sa.Table(
    "samples",
    SCHEMA,
    sa.Column("row", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float),
    sa.Column("boot", sa.Text),
    sa.Column("text", sa.Text),
)
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
    """`golive.ports.Book` in a run's folder: samples and looks in one SQLite file, lease and beats in files beside it.

    It is no record: a crash may cost its last second.

    Args:
        folder: The run's folder.
        clock: The store's clock and the reader's, which are the same on one host.
        boot: Id of this host's boot; what another boot wrote is older than everything.
    """

    def __init__(self, folder: RunFolder, clock: Clock, boot: str) -> None:
        self._path, self._alive = folder.book, folder.alive
        self._clock, self._boot = clock, boot
        self._files = LeaseFiles(folder.guards, clock, boot)
        self._engine = engine(self._path, 2.0, durable=False)
        with unavailable("book", self._path):
            SCHEMA.create_all(self._engine)

    def take(self, member: Member, over: int, silent: float) -> int | None:
        """Take the acting lease after fence `over` and give its fence; None when somebody else has it."""
        with self._reached():
            return self._files.take(member, over, silent)

    def beat(self, member: Member, fence: int) -> bool:
        """Say that a member lives; also touches the file by which the world lives."""
        with self._reached():
            self._alive.touch()
            os.utime(self._alive)
            return self._files.beat(member, fence)

    def release(self, fence: int) -> None:
        """Give the lease of that fence back."""
        with self._reached():
            self._files.release(fence)

    def leave(self, member: Member) -> None:
        """Forget a member that has ended."""
        with self._reached():
            self._files.leave(member)

    def lease(self) -> Lease | None:
        """Give the newest lease, released or not."""
        with self._reached():
            return self._files.lease()

    def beats(self) -> Sequence[Beat]:
        """Give the members' newest beats, the acting one's first."""
        with self._reached():
            return self._files.beats()

    def add(self, samples: Sequence[Sample], look: LookNote, fence: int) -> bool:
        """Write one look with its samples; False when another holds the lease."""
        note = json.dumps({"at": look.at, "utc": look.utc, "body": look.body, "boot": self._boot})
        with self._reached():
            if not self._files.holds(fence):
                return False
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                if samples:
                    rows = [{"at": s.at, "boot": self._boot, "text": json.dumps(to_json(s))} for s in samples]
                    connection.execute(sa.insert(SAMPLES), rows)
                if look.body.get("evidence"):
                    row = {"at": look.at, "utc": look.utc, "phase": look.body["phase"]}
                    connection.execute(sa.insert(TRACE).values(**row, text=json.dumps(look.body["evidence"])))
                connection.execute(sa.insert(LOOKS).prefix_with("OR REPLACE").values(only=1, text=note))
                connection.exec_driver_sql("COMMIT")
        return True

    def samples(self, after: int = 0) -> Sequence[Sample]:
        """Give the samples but the first `after`, as they came."""
        query = sa.select(SAMPLES.c.boot, SAMPLES.c.text).where(SAMPLES.c.row > after).order_by(SAMPLES.c.row)
        with self._reached(), self._engine.connect() as connection:
            return [self._here(from_json(json.loads(text)), boot) for boot, text in connection.execute(query).all()]

    def trace(self, phase: str) -> Sequence[EvidenceNote]:
        """Give how far the evidence was at each look of a phase, in order."""
        query = sa.select(TRACE.c.utc, TRACE.c.text).where(TRACE.c.phase == phase).order_by(TRACE.c.at)
        with self._engine.connect() as connection:
            return [EvidenceNote(utc, json.loads(text)) for utc, text in connection.execute(query).all()]

    def last_look(self) -> LookNote | None:
        """Give what the acting guard saw and thought last."""
        with self._reached(), self._engine.connect() as connection:
            row = connection.execute(sa.select(LOOKS.c.text)).first()
        if row is None:
            return None
        said = json.loads(row[0])
        here = said["boot"] == self._boot
        at = said["at"] if here else self._at(datetime.fromisoformat(said["utc"]).timestamp())
        return LookNote(at, said["utc"], said["body"])

    def _here(self, sample: Sample, boot: str) -> Sample:
        return sample if boot == self._boot else replace(sample, at=self._at(sample.second))

    def _at(self, second: float) -> float:
        """Give a moment of UTC on this boot's monotonic clock."""
        return self._clock.monotonic() - (self._clock.now().timestamp() - second)

    def _reached(self) -> contextlib.AbstractContextManager[None]:
        return unavailable("book", self._path)


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
    )


def _edges(data: dict[str, int]) -> dict[int, int]:
    return {int(edge): count for edge, count in data.items()}
