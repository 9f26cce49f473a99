"""Canonical JSON (RFC 8785), and a way to make anything fit into it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Set
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import rfc8785

LONGEST_TEXT = 4000
MOST_ITEMS = 2000
DEEPEST = 12
LARGEST_INTEGER = 2**53 - 1


def canonical(value: Any) -> bytes:
    """Give the one canonical JSON text of `value`, as RFC 8785 defines it.

    Raises:
        rfc8785.CanonicalizationError: If JSON can't hold the value; `tame` it first.
    """
    return rfc8785.dumps(value)


def tame(value: Any, depth: int = DEEPEST) -> Any:
    """Give `value` as JSON can hold it; never raises.

    What JSON has no word for becomes tagged text (`{"not-json": type, "text": …}`); depth,
    length of texts and number of items are bounded, and every cut is said.
    """
    if depth < 0:
        return _tagged(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return tame(value.value, depth - 1)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_INTEGER else _tagged(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) and abs(value) <= LARGEST_INTEGER else _tagged(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return _container(value, depth)


def _container(value: Any, depth: int) -> Any:
    try:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _mapping({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, depth)
        if hasattr(value, "model_dump"):
            return _mapping(value.model_dump(), depth)
        if isinstance(value, Mapping):
            return _mapping(value, depth)
        if isinstance(value, Set):
            return _sequence(sorted(value, key=repr), depth)
        if isinstance(value, (list, tuple)):
            return _sequence(list(value), depth)
    except Exception as error:  # whatever an object does when asked, an entry is made
        return {"not-json": type(value).__name__, "text": _text(f"unreadable: {type(error).__name__}")}
    return _tagged(value)


def _mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    pairs = list(value.items())
    kept = {_text(str(key)): tame(item, depth - 1) for key, item in pairs[:MOST_ITEMS]}
    return kept if len(pairs) <= MOST_ITEMS else {**kept, "…": f"{len(pairs) - MOST_ITEMS} more were cut"}


def _sequence(value: list[Any], depth: int) -> list[Any]:
    kept = [tame(item, depth - 1) for item in value[:MOST_ITEMS]]
    return kept if len(value) <= MOST_ITEMS else [*kept, f"… {len(value) - MOST_ITEMS} more were cut"]


def _tagged(value: Any) -> dict[str, str]:
    try:
        text = repr(value)
    except Exception as error:  # a repr that raises is a fact about the value, not a failure of ours
        text = f"repr raised {type(error).__name__}"
    return {"not-json": type(value).__name__, "text": _text(text)}


def _text(value: str) -> str:
    clean = value.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(clean) <= LONGEST_TEXT:
        return clean
    mark = f"… {len(clean) - LONGEST_TEXT + 40} characters were cut"
    return (
        clean
        if clean.endswith("characters were cut") and len(clean) <= LONGEST_TEXT
        else (clean[: LONGEST_TEXT - 40] + mark)
    )
