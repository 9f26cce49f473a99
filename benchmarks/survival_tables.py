"""The tables of survival, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from statistics import median
from typing import Any

from benchmarks.survival_cells import RANDOM
from benchmarks.survival_plan import GUARD_SILENT
from benchmarks.tables import table

HEADS = ("victim", "signal", "when", "n", "unguarded", "lost", "stuck", "lies", "longest unguarded, s")
HEADS += ("takeover, s: median", "worst", "true share below")
Rows = Sequence[Mapping[str, Any]]


def render(results: Mapping[str, Rows]) -> str:
    """Give every table of which there are results."""
    hit = {name: [row for row in rows if row["instant"] is not None] for name, rows in results.items()}
    random = {name: rows for name, rows in hit.items() if rows and name.endswith(RANDOM)}
    points: dict[str, list[Mapping[str, Any]]] = {}
    for name, rows in hit.items():
        if rows and not name.endswith(RANDOM):
            victim, signal, when = name.split("/")
            points.setdefault(f"{victim}/{signal}/{_act(when)}", []).extend(rows)
    parts = [
        _title("At any instant", random),
        _title("At every boundary between an intent, its act and its outcome", points),
    ]
    return "\n\n".join(part for part in parts if part)


def _title(title: str, results: Mapping[str, Rows]) -> str:
    if not results:
        return ""
    everything = [row for rows in results.values() for row in rows]
    lines = [_row(name.split("/"), rows) for name, rows in sorted(results.items())]
    return f"**{title}**\n\n{table(HEADS, [*lines, _row(('all', '', ''), everything)])}"


def _act(point: str) -> str:
    return point.rsplit(" ", 2 if point.endswith("in transaction") else 1)[0]


def _row(names: Sequence[str], rows: Rows) -> list[str]:
    counts = [sum(map(test, rows)) for test in (unguarded, lost, stuck, lies)]
    wrong = sum(unguarded(row) or lost(row) or stuck(row) or lies(row) for row in rows)
    taken = [row["takeover"] for row in rows if row["takeover"] is not None]
    times = [f"{median(taken):.1f}", f"{max(taken):.1f}"] if taken else ["–", "–"]
    longest = f"{max(row['unguarded'] for row in rows):.1f}"
    return [*names, str(len(rows)), *map(str, counts), longest, *times, f"{upper(wrong, len(rows)):.1%}"]


def unguarded(row: Mapping[str, Any]) -> bool:
    """Say whether visitors were on the canary unguarded for too long."""
    return bool(row["unguarded"] > 3 * GUARD_SILENT)


def lost(row: Mapping[str, Any]) -> bool:
    """Say whether entries were lost, doubled or out of chain."""
    return bool(row["lost"])


def stuck(row: Mapping[str, Any]) -> bool:
    """Say whether the run could not be resumed or closed."""
    return bool(row["stuck"]) or not row["closed_by"]


def lies(row: Mapping[str, Any]) -> bool:
    """Say whether the archive tells what did not happen, or leaves out what did."""
    return bool(row["lies"])


def upper(seen: int, n: int, beyond: float = 0.05) -> float:
    """Give the exact one-sided 95 % bound on a share of which `seen` of `n` were seen (Clopper and Pearson)."""
    if seen >= n:
        return 1.0
    low, high = seen / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        below = sum(comb(n, k) * middle**k * (1 - middle) ** (n - k) for k in range(seen + 1))
        low, high = (middle, high) if below > beyond else (low, middle)
    return high
