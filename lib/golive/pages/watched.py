"""Watched lines and long watches as people read them: where each stands, and its worst moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from golive.core.watched import Seen, Watched, from_json
from golive.pages.answer import Table
from golive.pages.words import clock, percent

COLUMNS = ("", "watched line", "now", "expected", "looks", "worst moment", "seen then")
SHOWN = 80
HOURS = (
    "from",
    "to",
    "canary requests",
    "failed",
    "over 500 ms",
    "over 1000 ms",
    "CPU",
    "memory",
    "most failed at",
    "then",
)


def summaries_table(told: Sequence[Mapping[str, Any]]) -> Table | None:
    """Give a row for each stretch of a long watch, oldest first; None where there is none."""
    return Table(HOURS, [_stretch(one) for one in told]) if told else None


def _stretch(told: Mapping[str, Any]) -> tuple[str, ...]:
    seen = told["versions"].get("canary", {})
    worst = seen.get("worst", {}).get("failed")
    shares = [percent(seen.get(name)) for name in ("failed", "over_500ms", "over_1000ms", "cpu", "memory")]
    then = (clock(worst["at"]), f"{percent(worst['share'])} of {worst['requests']}") if worst else ("–", "none failed")
    return (told["since"][11:16], told["until"][11:16], str(seen.get("requests", 0)), *shares, *then)


def watched_table(told: Sequence[Mapping[str, Any]]) -> Table | None:
    """Give a row for each line, those that are not good first; None where nothing was watched."""
    lines = [from_json(one) for one in told]
    ordered = sorted(lines, key=lambda line: line.newest.good)
    return Table(COLUMNS, [_row(line) for line in ordered]) if lines else None


def _row(line: Watched) -> tuple[str, ...]:
    newest, worst = line.newest, line.worst
    looks = sum(line.counts.values())
    bad = looks - sum(count for result, count in line.counts.items() if Seen("", result, "", "").good)
    counted = f"{looks}, {bad} not good" if bad else f"{looks}, all good"
    now = newest.seen if newest.good else f"{newest.result}: {newest.seen}"
    then = worst.seen if worst.good else f"{worst.result}: {worst.seen}"
    return (
        "✔" if newest.good else "✖",
        line.called,
        now[:SHOWN],
        newest.expected,
        counted,
        clock(worst.at),
        then[:SHOWN],
    )
