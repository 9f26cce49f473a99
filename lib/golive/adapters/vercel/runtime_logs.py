"""Lines of a deployment's runtime log as Vercel streams them: pure, bounded, and never an exception.

`application/stream+json`: one JSON object a line, with `rowId`, `timestampInMs`, `level`, `source`, `message`,
`responseStatusCode` and others (`vercel-spec.json` of 2025-10-27). Rows whose source is `delimiter` hold no message.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

LONGEST = 300
LONGEST_LINE = 65_536
REMEMBERED = 10_000
DELIMITER = "delimiter"
MOST = 10**15


@dataclass(frozen=True)
class Line:
    """One row of a runtime log; `status` is 0 where it belongs to no answer."""

    id: str
    milliseconds: float
    level: str
    message: str
    path: str
    status: int

    def critical(self, patterns: Sequence[str]) -> bool:
        """Say whether its level or message holds one of the patterns (small letters)."""
        told = f"{self.level} {self.message}".lower()
        return any(pattern in told for pattern in patterns)


@dataclass(frozen=True)
class Delimiter:
    """A row that says only that the stream lives."""


@dataclass(frozen=True)
class Unreadable:
    """A line that is none; `why` is safe to show."""

    why: str


def line_of(text: bytes) -> Line | Delimiter | Unreadable | None:
    """Give a line of the stream; None for an empty one."""
    if not text.strip():
        return None
    if len(text) > LONGEST_LINE:
        return Unreadable(f"a line of over {LONGEST_LINE} bytes")
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return Unreadable("a line that is no JSON")
    if not isinstance(row, dict):
        return Unreadable("a line that is no object")
    if row.get("source") == DELIMITER:
        return Delimiter()
    identifier, message, at = row.get("rowId"), row.get("message"), row.get("timestampInMs")
    if not isinstance(identifier, str) or not identifier or not isinstance(message, str) or not _is_number(at):
        return Unreadable("a row without rowId, message or timestampInMs")
    status = row.get("responseStatusCode")
    return Line(
        identifier[:LONGEST],
        float(at),
        str(row.get("level", ""))[:LONGEST],
        message[:LONGEST],
        str(row.get("requestPath", ""))[:LONGEST],
        int(status) if _is_number(status) else 0,
    )


class Lines:
    """Cuts a stream's chunks into lines; a line that never ends is let go and told once."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False

    def feed(self, chunk: bytes) -> list[Line | Delimiter | Unreadable]:
        """Give the whole lines that a chunk has ended, without empty ones."""
        self._rest += chunk
        *whole, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        if whole and self._skipping:
            whole, self._skipping = whole[1:], False
        found = [line for text in whole if (line := line_of(text)) is not None]
        if len(self._rest) > LONGEST_LINE:
            self._rest.clear()
            if not self._skipping:
                found.append(Unreadable(f"a line of over {LONGEST_LINE} bytes"))
            self._skipping = True
        return found


class Seen:
    """Tells rows that a stream repeats after it was opened again from those that are news."""

    def __init__(self) -> None:
        self._order: deque[str] = deque()
        self._known: set[str] = set()

    def news(self, line: Line) -> bool:
        """Say whether the row was not there before; the last ten thousand are remembered."""
        if line.id in self._known:
            return False
        self._order.append(line.id)
        self._known.add(line.id)
        if len(self._order) > REMEMBERED:
            self._known.discard(self._order.popleft())
        return True


def _is_number(value: Any) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < MOST if isinstance(value, int) else math.isfinite(value)
