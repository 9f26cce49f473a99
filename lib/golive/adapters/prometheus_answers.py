"""What Prometheus' HTTP API answers, taken apart; whatever is wrong with it is said in words.

The form is that of https://prometheus.io/docs/prometheus/latest/querying/api: `status`, `data` with
`resultType` and `result`, and `error`, `errorType` or `warnings`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from golive.core.samples import CouldNotMeasure, Unmeasured

LONGEST = 200
EXAMPLE = 'http_requests_total{version="canary"}'
NO_SELECTOR = "ranges only allowed for vector selectors"


@dataclass(frozen=True)
class Series:
    """One series: its labels, and its points as (seconds since the epoch, value), oldest first."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        name = self.labels.get("__name__", "")
        rest = ",".join(f'{key}="{value}"' for key, value in sorted(self.labels.items()) if key != "__name__")
        return tame(f"{name}{{{rest}}}")


def tame(text: str, longest: int = LONGEST) -> str:
    """Give a text of the outside world in one bounded line."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: longest + 1])
    return line if len(line) <= longest else line[: longest - 1] + "…"


def data_of(status: int, content: bytes) -> dict[str, Any] | CouldNotMeasure:
    """Give `data` of an answer, or why there is none.

    Args:
        status: The HTTP status.
        content: The body, whole.
    """
    body = _body(content)
    said = _said(body)
    if not 200 <= status < 300:
        return CouldNotMeasure(Unmeasured.REFUSED, f"answered {status}{': ' + said if said else _not_its_own(content)}")
    if not isinstance(body, dict):
        return CouldNotMeasure(Unmeasured.GARBAGE, f"answered no whole JSON object{_not_its_own(content)}")
    if body.get("status") != "success":
        return CouldNotMeasure(Unmeasured.REFUSED, f"says {said or 'no success'}")
    if body.get("warnings"):
        return CouldNotMeasure(Unmeasured.GARBAGE, f"warns, so series may be missing: {tame(str(body['warnings']))}")
    data = body.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("result"), list):
        return CouldNotMeasure(Unmeasured.GARBAGE, "answered success without a result")
    return data


def series_of(data: Mapping[str, Any]) -> list[Series] | CouldNotMeasure:
    """Give the series of a range selector's answer (a matrix), or why there are none."""
    if data.get("resultType") != "matrix":
        return _wrong_type(data, "a matrix")
    try:
        return [_series(item["metric"], item["values"]) for item in data["result"]]
    except (KeyError, TypeError, ValueError) as error:
        return _garbled(error)


def numbers_of(data: Mapping[str, Any]) -> list[float] | CouldNotMeasure:
    """Give the values of an expression's answer (a vector, or a scalar), or why there are none."""
    kind = data.get("resultType")
    try:
        if kind == "scalar":
            return [_series({}, [data["result"]]).points[0][1]]
        if kind == "vector":
            return [_series(item["metric"], [item["value"]]).points[0][1] for item in data["result"]]
    except (KeyError, TypeError, ValueError) as error:
        return _garbled(error)
    return _wrong_type(data, "a vector or a scalar")


def _series(labels: Any, values: Any) -> Series:
    if not isinstance(labels, dict) or not all(isinstance(part, str) for pair in labels.items() for part in pair):
        raise TypeError("labels that are no texts")
    if not isinstance(values, list) or not values:
        raise TypeError("a series without points")
    return Series(labels, tuple(_point(moment, value) for moment, value in values))


def _point(moment: Any, value: Any) -> tuple[float, float]:
    if isinstance(moment, bool) or not isinstance(moment, int | float) or not isinstance(value, str):
        raise TypeError("a point that is no time with a text")
    if not math.isfinite(moment):
        raise ValueError("a time that is not finite")
    return float(moment), float(value)


def _body(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _said(body: Any) -> str:
    if not isinstance(body, dict) or not body.get("error"):
        return ""
    said = tame(f"{body.get('errorType', 'error')}: {body['error']}")
    return f"{said} (a plain selector is expected, for example {EXAMPLE})" if NO_SELECTOR in said else said


def _not_its_own(content: bytes) -> str:
    begin = content[:500].decode("utf-8", "replace").strip()
    if not begin:
        return ", but an empty body"
    return f", but {'HTML' if begin.startswith('<') else 'this'}: {tame(begin, 80)!r}"


def _wrong_type(data: Mapping[str, Any], expected: str) -> CouldNotMeasure:
    found = tame(str(data.get("resultType")), 40)
    return CouldNotMeasure(Unmeasured.GARBAGE, f"answered a {found} where {expected} was expected")


def _garbled(error: Exception) -> CouldNotMeasure:
    return CouldNotMeasure(Unmeasured.GARBAGE, f"answered a result that can't be read: {tame(str(error), 80)}")
