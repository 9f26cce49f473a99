"""Observability for the double: what visitors met, by the minute, as far as it has arrived by now."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Met:
    """So many requests of one kind in the minute begun at `minute` (UTC seconds), known from `known` on."""

    minute: float
    deployment: str
    status: int = 200
    number: int = 1
    milliseconds: float = 50.0
    route: str = "/"
    known: float = 0.0


class Observatory:
    """Answers queries as the contract and the command-line client's types have them."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.met: list[Met] = []
        self.asked: list[dict[str, Any]] = []

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        start, end = (_seconds(body[key]) for key in ("startTime", "endTime"))
        route = re.search(r"route eq '([^']*)'", body.get("filter", ""))
        groups: dict[tuple[Any, ...], list[Met]] = defaultdict(list)
        for met in self.met:
            if start <= met.minute < end and met.known <= self._now() and (route is None or met.route == route[1]):
                groups[(met.minute, *(_dimension(met, name) for name in body["groupBy"]))].append(met)
        column = f"{body['metric']}_{body['aggregation']}".replace(".", "_").replace("/", "_")
        rows = [
            {"timestamp": _utc(key[0]), **dict(zip(body["groupBy"], key[1:], strict=True)), column: _value(body, those)}
            for key, those in sorted(groups.items())
        ]
        return {"data": rows[: int(body.get("limit", 10))], "summary": [], "statistics": {}}


def _dimension(met: Met, name: str) -> str:
    return {"deployment_id": met.deployment, "http_status": str(met.status)}[name]


def _value(body: dict[str, Any], those: list[Met]) -> float:
    if body["aggregation"] == "sum":
        return sum(met.number for met in those)
    times = sorted(time for met in those for time in [met.milliseconds] * met.number)
    return times[math.ceil(int(body["aggregation"][1:]) * len(times) / 100) - 1]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
