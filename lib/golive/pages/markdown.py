"""Markdown that says what somebody typed, and never obeys it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from golive.core.plain import plain

LONGEST = 600
MARKS = re.compile(r"([\\`*_\[\]|~!#])")


def text(said: object, longest: int = LONGEST) -> str:
    """Give somebody's text on one line, bounded, with all that Markdown or HTML would take for their own escaped."""
    return MARKS.sub(r"\\\1", html.escape(plain(said, longest), quote=False))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Give a table of texts."""
    lines = [columns, ["---"] * len(columns), *([text(cell) or "–" for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def section(heading: str, columns: Sequence[str], rows: Sequence[Sequence[object]], none: str) -> str:
    """Give a heading with its table, or with `none`, a sentence, where it has no row."""
    return f"## {heading}\n\n{table(columns, rows) if rows else none}\n"
