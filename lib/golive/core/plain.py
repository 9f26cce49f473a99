"""Text of somebody else's, made fit to be shown: one line, bounded, nothing that moves a cursor or hides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from golive.core.canonical import canonical, tame

LONGEST = 300
GAP = re.compile(r" {2,}")
LARGEST_EVIDENCE = 8000


def plain(text: object, longest: int = LONGEST) -> str:
    """Give a text on one line, of at most `longest` characters; control and format characters become `\\xNN`."""
    said = str(text)
    cut = said[: longest * 2]
    shown = "".join(_shown(letter) for letter in " ".join(cut.split()))
    return shown if len(shown) <= longest and len(cut) == len(said) else shown[: longest - 1] + "…"


def plain_line(line: str, longest: int = LONGEST) -> str:
    """Give one line of ours that quotes others': plain, and with the wide gaps that set its parts apart."""
    begun = line[: len(line) - len(line.lstrip(" "))]
    return begun + "  ".join(plain(part, longest) for part in GAP.split(line.strip()))


def _shown(letter: str) -> str:
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return letter.encode("unicode_escape").decode() if hidden else letter


def bounded_evidence(evidence: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give evidence as the record can hold it; what is too large is left out, and that is said."""
    tamed = tame(_plain(evidence))
    size = len(canonical(tamed))
    return tamed if size <= LARGEST_EVIDENCE else {"left out": f"{size} bytes: at most {LARGEST_EVIDENCE} are kept"}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(key, 100): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value
