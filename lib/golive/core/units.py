"""Durations and shares as people write them: `5min`, `24h`, `0.1%`."""

from __future__ import annotations

import re
from datetime import timedelta

SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s?(ms|s|min|h|d)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s?%")


def duration(text: str) -> timedelta:
    """Give the duration of a text such as `5min`.

    Raises:
        ValueError: Saying what was expected, with the nearest valid text.
    """
    match = _DURATION.fullmatch(text)
    if match:
        return timedelta(seconds=float(match[1]) * SECONDS[match[2]])
    number = re.match(r"\d+(?:\.\d+)?", text)
    near = f"{number[0]}min" if number else "5min"
    raise ValueError(f"a duration needs a number and a unit (ms, s, min, h, d), for example '{near}'")


def share(text: str) -> float:
    """Give the share, 0 to 1, of a text such as `0.1%`.

    Raises:
        ValueError: Saying what was expected, with the nearest valid text.
    """
    match = _SHARE.fullmatch(text)
    number = re.match(r"\d+(?:\.\d+)?", text)
    near = f"{number[0]}%" if number else "1%"
    if not match:
        raise ValueError(f"a share needs a number and '%', for example '{near}'")
    value = round(float(match[1]) / 100, 12)
    if value > 1:
        raise ValueError("a share is at most 100%")
    return value


def say_duration(span: timedelta) -> str:
    """Give the shortest text that `duration` reads back as `span`."""
    seconds = span.total_seconds()
    for unit in ("d", "h", "min", "s"):
        if seconds and seconds % SECONDS[unit] == 0:
            return f"{seconds / SECONDS[unit]:.0f}{unit}"
    return f"{seconds:g}s"
