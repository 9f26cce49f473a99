"""How answers look: JupyterLab's own colours in either theme, and badges that carry their own."""

from __future__ import annotations

import struct

PAPER = "#fafaf7"  # behind charts, in both themes
WHITE = "#ffffff"
GOOD, WAITS, BAD, PLAIN = "#1b5e20", "#704400", "#9c1c1c", "#37474f"
GROUNDS = {
    **dict.fromkeys(("PASS", "PROCEED", "DONE", "COMPLETED"), GOOD),
    **dict.fromkeys(("HOLD", "HELD", "WAITING", "ASKED ONCE MORE", "COULD NOT MEASURE", "LEFT ALONE"), WAITS),
    **dict.fromkeys(("ROLLBACK", "ROLLED BACK", "FAIL", "STOPPED"), BAD),
}
LINES = {**dict.fromkeys((word for word, ground in GROUNDS.items() if ground == BAD), "double"), "HOLD": "dashed"}
TEXT = "color:var(--jp-content-font-color1,inherit);background:var(--jp-layout-color1,transparent)"


def line_of(word: str) -> str:
    """Give the style of the line beside an answer, which tells bad, held and other words apart without colour."""
    return LINES.get(word, "dashed" if GROUNDS.get(word) == WAITS else "solid")


def framed(line: str) -> str:
    """Give the style of a whole answer: 16 px, to be read at arm's length."""
    where = "padding:.4em .9em;margin:.2em 0;font:16px/1.45 system-ui,sans-serif;font-size:16px"
    return f"{TEXT};border-left:8px {line} currentColor;{where}"


def badge(word: str) -> str:
    """Give the style of the word: white on a ground that is dark in both themes, with a rim for dark ones."""
    ground = GROUNDS.get(word, PLAIN)
    shape = "padding:.1em .5em;border-radius:.25em;margin-right:.4em;white-space:nowrap;display:inline-block"
    return f"color:{WHITE};background:{ground};border:1px solid currentColor;{shape}"


def sized(png: bytes) -> str:
    """Give the attributes of a picture: its place is kept before it is drawn, so that nothing jumps."""
    width, height = struct.unpack(">II", png[16:24]) if len(png) >= 24 else (0, 0)
    size = f'width="{width}" height="{height}" ' if width and height else ""
    return f'{size}style="display:block;max-width:100%;height:auto;margin:.4em 0;background:{PAPER}"'


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours (`#rrggbb`) by WCAG 2: 1 to 21; text wants 4.5."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
