"""Shares as Envoy's runtime holds them: a FractionalPercent as JSON, or a plain number of percent.

Envoy reads a plain number as percent, whatever denominator the route's own default has, and takes everything
that it does not understand as the route's default, with OK. So this writes one form only and reads back strictly.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MILLION = 1_000_000
DENOMINATORS = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": MILLION}


@dataclass(frozen=True)
class KeyedRoute:
    """A route that a runtime key lets through: to which cluster, and how much while nobody has set the key."""

    cluster: str
    default: float | None


def fraction_text(share: float) -> str | None:
    """Give the text of a share, 0 to 1; None when it is no whole number of millionths, which Envoy can't hold."""
    if not math.isfinite(share) or not 0 <= share <= 1:
        return None
    numerator = round(share * MILLION)
    if abs(numerator - share * MILLION) > 1e-6:
        return None
    return json.dumps({"numerator": numerator, "denominator": "MILLION"}, separators=(",", ":"))


def share_of(text: str) -> float | None:
    """Give the share that Envoy takes a runtime value for; None where it would quietly take its default."""
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return min(int(text), 100) / 100
    try:
        return _share(json.loads(text)) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None


def _share(fraction: Any) -> float | None:
    if not isinstance(fraction, dict) or not set(fraction) <= {"numerator", "denominator"}:
        return None
    numerator, name = fraction.get("numerator", 0), fraction.get("denominator", "HUNDRED")
    if not isinstance(numerator, int) or isinstance(numerator, bool) or not 0 <= numerator < 2**32:
        return None
    whole = DENOMINATORS.get(name) if isinstance(name, str) else None
    return None if whole is None else min(numerator, whole) / whole


def keyed_routes(configs: Any) -> dict[str, list[KeyedRoute]]:
    """Give runtime key -> the routes of a configuration dump that ask for it by `runtime_fraction`."""
    found: dict[str, list[KeyedRoute]] = {}
    for part in _parts(configs):
        match, route = part.get("match"), part.get("route")
        fraction = match.get("runtime_fraction") if isinstance(match, dict) else None
        if isinstance(fraction, dict) and isinstance(route, dict):
            default = _share(fraction.get("default_value", {}))
            keyed = KeyedRoute(str(route.get("cluster", "")), default)
            found.setdefault(str(fraction.get("runtime_key", "")), []).append(keyed)
    return found


def _parts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Give every mapping in a value that JSON holds, however deep."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
