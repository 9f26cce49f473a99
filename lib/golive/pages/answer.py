"""What a cell answers: one glyph, one word, the numbers, and what to type next."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from golive.core.plain import plain
from golive.pages.looks import badge, framed, line_of, sized
from golive.pages.words import glyph

LONGEST = 600
LONGEST_NEXT = 1500
SHORT = 16
BOLD = "font-weight:bold;"
TYPED = re.compile(r"(await )?go\.|golive |run = |[/\w-]+\.(ipynb|txt)$")
PAGE = re.compile(r"(?:open )?([\w-]+\.ipynb)")


@dataclass(frozen=True)
class Table:
    """Rows of plain text under their columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """One answer, as text and as HTML.

    `picture` is a PNG and `picture_text` says what it shows; `second_picture` is one more, with its own text,
    and `second_table` one more table.
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
    second_table: Table | None = None

    def __str__(self) -> str:
        lines = [f"{glyph(self.word)} {self.word}   {_bounded(self.headline)}"]
        width = max((len(_bounded(name)) for name, _ in self.facts), default=0)
        lines += [f"    {_bounded(name):<{width}}  {_bounded(value)}" for name, value in self.facts]
        for shown in self._tables():
            lines += _aligned(shown)
        lines += [f"NEXT  {plain(self.next, LONGEST_NEXT)}"] if self.next else []
        return "\n".join(lines)

    def _tables(self) -> list[Table]:
        return [one for one in (self.table, self.second_table) if one is not None and one.rows]

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Give IPython both faces."""
        return {"text/plain": str(self), "text/html": self.html()}

    def html(self) -> str:
        """Give self-contained HTML without script or outside address; every text is escaped, and isolated from others.

        Its colours are JupyterLab's own, of whichever theme is on; a glyph, a word and the line beside it say what
        colour says besides.
        """
        parts = [f'<div style="{framed(line_of(self.word))}">']
        word = f'<b style="{badge(self.word)}">{glyph(self.word)} {_safe(self.word)}</b>'
        parts.append(f'<div style="font-size:1.25em;min-height:1.6em">{word} {_safe(self.headline)}</div>')
        if self.facts:
            rows = "".join(f"<tr>{_cell(name, BOLD)}{_cell(value)}</tr>" for name, value in self.facts)
            parts.append(f"<table>{rows}</table>")
        for told in self._tables():
            head = "".join(_cell(column, BOLD + "white-space:normal;") for column in told.columns)
            body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in told.rows)
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        shown = [(self.picture, self.picture_text)] if self.picture else []
        for picture, text in (*shown, *([self.second_picture] if self.second_picture else [])):
            data = base64.b64encode(picture).decode()
            alt = html.escape(_bounded(text))
            parts.append(f'<img alt="{alt}" {sized(picture)} src="data:image/png;base64,{data}">')
        if self.next:
            said = _safe(self.next, LONGEST_NEXT)
            then = f"<code>{said}</code>" if TYPED.match(self.next) else said
            page = PAGE.fullmatch(self.next)
            then = f'<a href="{html.escape(page[1])}">{then}</a>' if page else then
            parts.append(f'<div style="margin-top:.3em"><b>NEXT</b> &nbsp;{then}</div>')
        parts += [f'<div><a href="{html.escape(to)}">{_safe(text)}</a></div>' for text, to in self.links]
        return "".join(parts) + "</div>"


def _bounded(text: object, longest: int = LONGEST) -> str:
    """Give somebody's text on one line, with what moves a cursor, turns the reading or hides made visible."""
    return plain(text, longest)


def _cell(text: object, style: str = "") -> str:
    """Give a table's cell; what is short stays on one line, so that a number keeps its unit."""
    wrap = "white-space:nowrap;" if len(str(text)) <= SHORT else "overflow-wrap:anywhere;"
    return f'<td style="text-align:left;vertical-align:top;font-size:1rem;{wrap}{style}">{_safe(text)}</td>'


def _safe(text: object, longest: int = LONGEST) -> str:
    return f"<bdi>{html.escape(_bounded(text, longest))}</bdi>"


def _aligned(table: Table) -> list[str]:
    rows = [[_bounded(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    return ["    " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
