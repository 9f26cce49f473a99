"""Where a record, the files that a run shares and the claims stand: one description for every database."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = sa.MetaData()
ENTRIES = sa.Table(
    "entries",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("prev", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.UniqueConstraint("run", "id"),
    sa.UniqueConstraint("run", "prev"),
)
FILES = sa.Table(
    "files",
    SCHEMA,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)
CLAIMS = sa.Table(
    "claims",
    SCHEMA,
    sa.Column("router", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("guard", sa.Text, nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("utc", sa.Text, nullable=False),
)
