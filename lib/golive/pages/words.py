"""How numbers and moments are said."""

from __future__ import annotations

from datetime import datetime

GLYPHS = {
    "PASS": "✔",
    "PROCEED": "✔",
    "DONE": "✔",
    "COMPLETED": "✔",
    "HOLD": "‖",
    "HELD": "‖",
    "ROLLBACK": "✖",
    "ROLLED BACK": "←",
    "FAIL": "✖",
    "STOPPED": "■",
    "NOTHING DONE": "–",
    "COULD NOT MEASURE": "?",
    "ASKED ONCE MORE": "?",
    "LEFT ALONE": "‖",
    "WAITING": "…",
}


def glyph(word: str) -> str:
    """Give the mark that stands before a word."""
    return GLYPHS.get(word, "▸")


def percent(share: float | None) -> str:
    """Give a share as people read it."""
    if share is None:
        return "not measured"
    digits = 2 if share < 0.1 else 1
    return f"{share * 100:.{digits}f} %"


def clock(utc: str) -> str:
    """Give the time of day of a UTC text, to the second."""
    return f"{utc[11:19]} UTC" if len(utc) >= 19 else utc


def both(utc: str) -> str:
    """Give the time of day in UTC and, where this host's own time differs, that beside it."""
    try:
        here = datetime.fromisoformat(utc).astimezone()
    except ValueError:
        return clock(utc)
    return f"{clock(utc)} ({here:%H:%M:%S} {here.tzname()})" if here.utcoffset() else clock(utc)


def day(utc: str) -> str:
    """Give day and time of a UTC text, to the second."""
    return f"{utc[:10]} {clock(utc)}"


def span(seconds: float | None) -> str:
    """Give a length of time in the unit that suits it."""
    if seconds is None:
        return "unknown"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
