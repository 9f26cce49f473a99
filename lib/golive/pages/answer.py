"""What a cell answers: one glyph, one word, the numbers, and what to type next."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from golive.pages.words import glyph

LONGEST = 600
SHORT = 16
BOLD = "font-weight:bold;"
TYPED = re.compile(r"(await )?go\.|golive |run = |[/\w-]+\.(ipynb|txt)$")
PAGE = re.compile(r"(?:open )?([\w-]+\.ipynb)")
STYLE = "border-left:6px {line} currentColor;padding:.3em .8em;margin:.2em 0;font-family:system-ui,sans-serif"
LINES = {"ROLLBACK": "double", "ROLLED BACK": "double", "STOPPED": "double", "FAIL": "double", "HOLD": "dashed"}


@dataclass(frozen=True)
class Table:
    """Rows of plain text under their columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """One answer, as text and as HTML.

    `picture` is a PNG and `picture_text` says what it shows; `second_picture` is one more, with its own text.
    `links` are texts with where each leads from this page, below the same server.
    """

    word: str
    headline: str
    facts: Sequence[tuple[str, str]] = ()
    table: Table | None = None
    picture: bytes | None = None
    picture_text: str = ""
    next: str = ""
    second_picture: tuple[bytes, str] | None = None
    links: Sequence[tuple[str, str]] = ()

    def __str__(self) -> str:
        lines = [f"{glyph(self.word)} {self.word}   {_bounded(self.headline)}"]
        width = max((len(name) for name, _ in self.facts), default=0)
        lines += [f"    {name:<{width}}  {_bounded(value)}" for name, value in self.facts]
        lines += _aligned(self.table) if self.table and self.table.rows else []
        lines += [f"NEXT  {self.next}"] if self.next else []
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Give IPython both faces."""
        return {"text/plain": str(self), "text/html": self.html()}

    def html(self) -> str:
        """Give self-contained HTML without script or outside address; every text is escaped."""
        parts = [f'<div style="{STYLE.format(line=LINES.get(self.word, "solid"))}">']
        parts.append(f'<div style="font-size:1.15em"><b>{glyph(self.word)} {_safe(self.word)}</b> ')
        parts.append(f"&nbsp;{_safe(self.headline)}</div>")
        if self.facts:
            rows = "".join(f"<tr>{_cell(name, BOLD)}{_cell(value)}</tr>" for name, value in self.facts)
            parts.append(f"<table>{rows}</table>")
        if self.table and self.table.rows:
            head = "".join(_cell(column, BOLD) for column in self.table.columns)
            body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in self.table.rows)
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        shown = [(self.picture, self.picture_text)] if self.picture else []
        for picture, text in (*shown, *([self.second_picture] if self.second_picture else [])):
            data = base64.b64encode(picture).decode()
            alt = _safe(text)
            parts.append(
                f'<img alt="{alt}" style="max-width:100%;background:white" src="data:image/png;base64,{data}">'
            )
        if self.next:
            then = f"<code>{_safe(self.next)}</code>" if TYPED.match(self.next) else _safe(self.next)
            page = PAGE.fullmatch(self.next)
            then = f'<a href="{_safe(page[1])}">{then}</a>' if page else then
            parts.append(f"<div><b>NEXT</b> &nbsp;{then}</div>")
        parts += [f'<div><a href="{_safe(to)}">{_safe(text)}</a></div>' for text, to in self.links]
        return "".join(parts) + "</div>"


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _cell(text: str, style: str = "") -> str:
    """Give a table's cell; what is short stays on one line, so that a number keeps its unit."""
    wrap = "white-space:nowrap;" if len(text) <= SHORT else "overflow-wrap:anywhere;"
    return f'<td style="text-align:left;vertical-align:top;{wrap}{style}">{_safe(text)}</td>'


def _safe(text: str) -> str:
    return html.escape(_bounded(str(text)))


def _aligned(table: Table) -> list[str]:
    rows = [list(table.columns), *[[_bounded(str(cell)) for cell in row] for row in table.rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    return ["    " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
