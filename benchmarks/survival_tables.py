"""The tables of survival, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import comb
from statistics import median
from typing import Any

from benchmarks.survival_cells import HOST, LATE, OTHER, POINTS, TROUBLES
from benchmarks.survival_plan import GUARD_SILENT
from benchmarks.tables import table

HEADS = ("victim", "signal", "when", "n", "unguarded", "lost", "stuck", "lies", "longest unguarded, s")
BOUND = "true share below"
BEYOND = 5.0  # seconds that a takeover may take beyond guard_silent
Row = Mapping[str, Any]
Rows = Sequence[Row]
Results = Mapping[str, Rows]


def render(results: Results) -> str:
    """Give every table of which there are results."""
    hit = {name: [row for row in rows if row["instant"] is not None] for name, rows in results.items()}
    special = (*TROUBLES, LATE, OTHER)
    points: dict[str, list[Row]] = {}
    for name, rows in hit.items():
        victim, signal, when = name.split("/")
        if when in POINTS:
            points.setdefault(f"{victim}/{signal}/{_act(when)}", []).extend(rows)
    instants = {n: rows for n, rows in hit.items() if n.split("/")[2] not in POINTS and n.split("/")[0] not in special}
    refused = {name: rows for name, rows in hit.items() if name.split("/")[0] in special}
    parts = [
        _table("Signals, at any instant", instants, "takeover"),
        _table("Signals, at each boundary between an intent, its act and its outcome", points, ""),
        _table("What a machine refuses, a call that comes late, and guards of another run", refused, "safe"),
        _takeovers(hit),
        _wrong(results),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(title: str, results: Results, timed: str) -> str:
    there = {name: rows for name, rows in results.items() if rows}
    if not there:
        return ""
    times = {"takeover": ("takeover, s: median", "worst"), "safe": ("0 % after, s: median", "worst")}.get(timed, ())
    lines = [_row(name.split("/"), rows, timed) for name, rows in sorted(there.items())]
    everything = _row(("all", "", ""), [row for rows in there.values() for row in rows], timed)
    return f"**{title}**\n\n{table((*HEADS, *times, BOUND), [*lines, everything])}"


def _row(names: Sequence[str], rows: Rows, timed: str) -> list[str]:
    counts = [str(sum(map(test, rows))) for test in (unguarded, lost, stuck, lies)]
    taken = [row[timed] for row in rows if row.get(timed) is not None] if timed else []
    times = [f"{median(taken):.1f}", f"{max(taken):.1f}"] if taken else ["–", "–"]
    longest = f"{max(row['unguarded'] for row in rows):.1f}"
    bound = f"{upper(sum(map(wrong, rows)), len(rows)):.1%}"
    return [*names, str(len(rows)), *counts, longest, *(times if timed else ()), bound]


def _act(point: str) -> str:
    return point.rsplit(" ", 2 if point.endswith("in transaction") else 1)[0]


STANDBYS = {
    True: "a standby beats",
    False: "the other guard has yet to begin",
    None: "not written down",
}


def _takeovers(results: Results) -> str:
    """Give how long nobody acted, from the signal to another guard's first beat."""
    where: dict[str, Callable[[str], bool]] = {
        "one host, the record in its folder": lambda name: name.startswith("acting guard/"),
        "two hosts, a PostgreSQL between them": lambda name: name.startswith(HOST),
    }
    lines = []
    for said, chosen in where.items():
        rows = [row for n, found in results.items() if chosen(n) for row in found if row["takeover"]]
        for stood_by, words in STANDBYS.items():
            taken = [row["takeover"] for row in rows if row.get("stood_by") is stood_by]
            if taken:
                kept = "kept" if max(taken) <= GUARD_SILENT + BEYOND else "**not kept**"
                kept = kept if stood_by is not False else "–"
                lines.append([said, words, str(len(taken)), f"{median(taken):.1f}", f"{max(taken):.1f}", kept])
    if not lines:
        return ""
    reach = f"≤ {BEYOND:.0f} s beyond guard_silent"
    return (
        f"**Takeover by another guard, s**\n\n{table(('where', 'at the signal', 'n', 'median', 'worst', reach), lines)}"
    )


def _wrong(results: Results) -> str:
    """Name each run in which something went wrong, and with what."""
    from benchmarks.survival_trial import bad

    found = [(name, row) for name, rows in sorted(results.items()) for row in rows if wrong(row)]
    missed = sum(row["instant"] is None for rows in results.values() for row in rows)
    lines = [f"Runs that were over before anything happened to them, and count for nothing: {missed}."]
    lines += [
        f"* {name} {row['number']} ({row['during'] or 'at the start'}): {'; '.join(bad(row))}" for name, row in found
    ]
    return "\n".join(lines) if results else ""


def unguarded(row: Row) -> bool:
    """Say whether visitors were on the canary unguarded for too long."""
    return bool(row["unguarded"] > 3 * GUARD_SILENT)


def lost(row: Row) -> bool:
    """Say whether entries were lost, doubled or out of chain."""
    return bool(row["lost"])


def stuck(row: Row) -> bool:
    """Say whether the run could not be resumed or closed."""
    return bool(row["stuck"]) or not row["closed_by"]


def lies(row: Row) -> bool:
    """Say whether the archive tells what did not happen, or leaves out what did."""
    return bool(row["lies"])


def wrong(row: Row) -> bool:
    """Say whether anything went wrong in a run."""
    return unguarded(row) or lost(row) or stuck(row) or lies(row)


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
