"""Questions to Vercel's observability and what its answers say: pure, bounded, and never an exception.

`POST /v2/observability/query` (`@vercel/sdk` 1.28): one metric, one aggregation, rows by dimension and bucket of time.
A column's name is the metric's and the aggregation's with `.` and `/` as `_`. What was not seen on a live account is a
setting, and a question that Vercel refuses is could not measure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from golive.core.samples import CouldNotMeasure, Tally, Unmeasured

MOST_ROWS = 5000
LONGEST = 100
PERCENTILES = (75, 90, 95, 99)
LIMITED = 429


@dataclass(frozen=True)
class Question:
    """One query: buckets of `minutes` from `start` to `end`, both UTC seconds since the epoch.

    Attributes:
        deployment: The dimension that holds a deployment's id.
        status: The dimension that holds the answer's status; "" when statuses are not told apart.
        filter: An OData filter over dimensions; "" for none.
    """

    metric: str
    aggregation: str
    deployment: str
    start: float
    end: float
    minutes: int
    status: str = ""
    filter: str = ""

    @property
    def column(self) -> str:
        """The name of the column that holds the values."""
        return f"{self.metric}_{self.aggregation}".replace(".", "_").replace("/", "_")

    def body(self, team: str, project: str) -> dict[str, Any]:
        """Give the request's body; its default limit of ten rows would cut the answer short."""
        body: dict[str, Any] = {
            "metric": self.metric,
            "aggregation": self.aggregation,
            "scope": {"type": "project", "ownerId": team, "projectIds": [project]},
            "groupBy": [self.deployment, *([self.status] if self.status else [])],
            "startTime": _utc(self.start),
            "endTime": _utc(self.end),
            "granularity": {"minutes": self.minutes},
            "limit": MOST_ROWS,
        }
        return {**body, "filter": self.filter} if self.filter else body


@dataclass(frozen=True)
class Row:
    """One value: of a deployment, in the bucket begun `at` (UTC seconds); `status` 0 where it is not told apart."""

    at: float
    deployment: str
    status: int
    value: float


def rows_of(content: bytes, asked: Question) -> list[Row] | CouldNotMeasure:
    """Give the rows of an answer, or why it can't be believed; a bucket without a value has no row."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return _garbage("the answer is no JSON")
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        return _garbage("the answer has no list of data")
    if len(data) >= MOST_ROWS:
        return _garbage(f"the answer may be cut off: it has {len(data)} rows")
    rows: dict[tuple[float, str, int], Row] = {}
    for given in data:
        row = _row(given, asked)
        if isinstance(row, CouldNotMeasure):
            return row
        if row is None:
            continue
        key = (row.at, row.deployment, row.status)
        if key in rows:
            return _garbage(f"two rows for {row.deployment or 'no deployment'} in one bucket")
        rows[key] = row
    return list(rows.values())


def tally_of(counts: Iterable[Row], quantiles: Mapping[int, float], timed: int, edges: Sequence[int]) -> Tally:
    """Give what one deployment's visitors met in one bucket.

    Args:
        counts: Requests by status; a status of 0 or less is a function that crashed or never answered.
        quantiles: Percentile -> milliseconds.
        timed: The requests that the quantiles are of.
        edges: Milliseconds for which slower requests are wanted.
    """
    by_status = [(row.status, round(row.value)) for row in counts]
    requests = sum(number for _, number in by_status)
    failed = sum(number for status, number in by_status if status >= 500 or status <= 0)
    limited = sum(number for status, number in by_status if status == LIMITED)
    client = sum(number for status, number in by_status if 400 <= status < 500) - limited
    over = {edge: min(requests, slower(timed, quantiles, edge)) for edge in edges}
    return Tally(requests, failed, client, limited, over)


def slower(timed: int, quantiles: Mapping[int, float], edge: int) -> int:
    """Give the most of `timed` requests that can have taken longer than `edge` milliseconds.

    That the 95th percentile lies below the edge is that fewer than 5 % took longer. What no percentile shows
    to be quicker is counted as slower, so the number is never too small.
    """
    quicker = max((percentile for percentile, value in quantiles.items() if value < edge), default=0)
    if not quicker:
        return timed
    return max(0, math.ceil((100 - quicker) * timed / 100) - 1)


def _row(given: Any, asked: Question) -> Row | CouldNotMeasure | None:
    if not isinstance(given, dict):
        return _garbage("a row is no object")
    value = given.get(asked.column)
    if value is None:
        return None if asked.column in given else _garbage(f"a row has no column {asked.column}")
    number, at = _number(value), _seconds(given.get("timestamp"))
    status = _number(given.get(asked.status)) if asked.status else 0.0
    if number is None or not math.isfinite(number) or number < 0:
        return CouldNotMeasure(Unmeasured.NOT_A_NUMBER, f"{asked.column} is {value!r:.{LONGEST}}")
    if at is None:
        return _garbage(f"a row's timestamp is {given.get('timestamp')!r:.{LONGEST}}")
    if status is None or not math.isfinite(status):
        return _garbage(f"a row's {asked.status} is {given.get(asked.status)!r:.{LONGEST}}")
    deployment = given.get(asked.deployment)
    return Row(at, deployment[:LONGEST] if isinstance(deployment, str) else "", int(status), number)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _seconds(value: Any) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _garbage(why: str) -> CouldNotMeasure:
    return CouldNotMeasure(Unmeasured.GARBAGE, f"observability: {why}")
