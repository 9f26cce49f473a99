"""The sentence that a person types before real visitors are moved."""

from __future__ import annotations

import unicodedata

from golive.core.answers import Stop


def sentence(share: float, site: str) -> str:
    """Give what has to be typed before a share (0 to 1) of a site's visitors is moved to the canary."""
    return f"move {share * 100:g} % of visitors of {site} to the canary"


def spoken(typed: str, share: float, site: str) -> Stop | None:
    """Give why the typed words are not that sentence, None when they are; blanks and capitals do not count."""
    wanted = sentence(share, site)
    if _same(typed) == _same(wanted):
        return None
    why = "this moves visitors of a real site, so its sentence has to be typed"
    if typed.strip():
        why = f"{typed!r} is not the sentence of this shift"
    quoted = wanted.replace("\\", "\\\\").replace('"', '\\"')
    return Stop(f"{why}; nobody was moved", f'await go.shift("{quoted}")')


def _same(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(folded.split()).rstrip(".")
