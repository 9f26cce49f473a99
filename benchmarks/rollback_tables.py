"""The tables of rollback, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from benchmarks.rollback_cells import HEALTHY, SOURCES, Cell, cells
from benchmarks.rollback_field import RULES, Taken, floor, taken
from benchmarks.tables import table

Results = dict[str, dict[str, list[Any]]]
REACH = (0.05, 0.2)
MOST_SECONDS, MOST_FLOORS, LEAST_FASTER = 3.0, 2.0, 20.0


@dataclass(frozen=True)
class Measured:
    """What the repetitions of one cell came to."""

    cell: Cell
    good: Sequence[dict[str, Any]]
    troubles: Sequence[str]
    field: dict[str, Taken]

    def numbers(self, until: str, since: str = "first_failed") -> list[float]:
        """Give the seconds between two moments in each repetition."""
        return [one[until] - one[since] for one in self.good]

    @property
    def seconds(self) -> float:
        """The median from the first failed response to the last request."""
        return median(self.numbers("last"))

    @property
    def least(self) -> float:
        """The floor, in seconds."""
        return floor(self.cell, median(one["seconds_to_safe"] for one in self.good))

    @property
    def faster(self) -> float:
        """How many times longer Flagger's documented example takes, by the medians."""
        return float(np.median(self.field[RULES[0]].seconds)) / self.seconds


def render(results: Results, seed: int) -> str:
    """Give every table of which there are results."""
    parts = []
    for source, said in SOURCES.items():
        found = _measured(results, cells([source]), seed)
        if found:
            parts += [_title(f"Metrics from {said}", found), _ours(found), _theirs(found)]
    late = _measured(results, cells(tuple(SOURCES), late=True), seed)
    if late:
        parts += [_title("A canary that was well for half a minute before it failed", late), _ours(late)]
    early = _measured(results, cells(tuple(SOURCES)), seed)
    return "\n\n".join([_reach(early), *parts, _beside(early + late)]) if early else ""


def _measured(results: Results, chosen: Sequence[Cell], seed: int) -> list[Measured]:
    found = []
    for cell in chosen:
        repetitions = sorted(results.get(cell.name, {}).get("repetitions", ()), key=lambda one: int(one["number"]))
        good = [one for one in repetitions if "trouble" not in one]
        troubles = [one["trouble"] for one in repetitions if "trouble" in one]
        if good:
            found.append(Measured(cell, good, troubles, taken(cell, good, cell.seed(seed, 0))))
    return found


def _title(said: str, found: Sequence[Measured]) -> str:
    fewest = min(len(one.good) for one in found)
    most = max(len(one.good) for one in found)
    return f"### {said}\n\n{fewest if fewest == most else f'{fewest} to {most}'} repetitions of each row."


def _ours(found: Sequence[Measured]) -> str:
    heads = ["canary at", "fails", "to its last request: median", "worst", "detection: median", "worst"]
    heads += ["actuation, ms: median", "worst", "floor", "median / floor", "visitors' failed: median", "worst"]
    rows = []
    for one in found:
        total, detection = one.numbers("last"), one.numbers("verdict")
        actuation = [max(0.0, seconds) * 1000 for seconds in one.numbers("last", "verdict")]
        failed = [each["failed"] for each in one.good]
        rows.append(
            [
                *_names(one.cell),
                f"**{median(total):.2f}**",
                f"{max(total):.2f}",
                f"{median(detection):.2f}",
                f"{max(detection):.2f}",
                f"{median(actuation):.0f}",
                f"{max(actuation):.0f}",
                f"{one.least:.2f}",
                f"{one.seconds / one.least:.2f}",
                f"{median(failed):.0f}",
                f"{max(failed)}",
            ]
        )
    return table(heads, rows)


def _theirs(found: Sequence[Measured]) -> str:
    heads = ["canary at", "fails", "golive"]
    heads += [head for rule in RULES for head in (rule, "failed")]
    rows = []
    for one in found:
        ours = f"{one.seconds:.1f}, {median(each['failed'] for each in one.good):.0f} failed"
        theirs = [text for rule in RULES for text in _rule(one.field[rule])]
        rows.append([*_names(one.cell), ours, *theirs])
    said = "Seconds from the same first failed response that others' rules would have taken, and the requests that fail"
    return f"{said} meanwhile; medians, computed.\n\n{table(heads, rows)}"


def _rule(one: Taken) -> tuple[str, str]:
    seconds, missed = np.array(one.seconds, float), int(np.isnan(one.seconds).sum())
    if missed == len(seconds):
        return "never", "–"
    return f"{np.nanmedian(seconds):.0f}" + (f" ({missed} never)" if missed else ""), f"{np.median(one.failed):.0f}"


def _names(cell: Cell) -> list[str]:
    late = "" if cell.healthy == HEALTHY else f", {cell.source}"
    return [f"{cell.share:.0%}{late}", f"{cell.failing:.0%}"]


def _reach(found: Sequence[Measured]) -> str:
    """Say of each reach whether it was kept, by source."""
    lines = ["| reach | " + " | ".join(SOURCES) + " |", "|---|" + "---|" * len(SOURCES)]
    sources = {source: [one for one in found if one.cell.source == source] for source in SOURCES}
    first = {
        source: [one.seconds for one in ones if (one.cell.share, one.cell.failing) == REACH]
        for source, ones in sources.items()
    }
    floors = {source: [one.seconds / one.least for one in ones] for source, ones in sources.items()}
    faster = {source: [one.faster for one in ones] for source, ones in sources.items()}
    for said, values, worst, limit, sign in (
        (f"median ≤ {MOST_SECONDS:.0f} s at 5 % that fails 20 %, s", first, max, MOST_SECONDS, 1),
        (f"median ≤ {MOST_FLOORS:.0f} × the floor, worst row", floors, max, MOST_FLOORS, 1),
        (f"≥ {LEAST_FASTER:.0f} × faster than Flagger's example, worst row", faster, min, LEAST_FASTER, -1),
    ):
        told = [_kept(worst(values[source]), limit, sign) if values[source] else "–" for source in SOURCES]
        lines.append(f"| {said} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def _kept(value: float, limit: float, sign: int) -> str:
    return f"{value:.2f}: {'kept' if (limit - value) * sign >= 0 else '**not kept**'}"


def _beside(found: Sequence[Measured]) -> str:
    """Say what the numbers stand beside: the rate that was reached, the load, and whatever went wrong."""
    good = [one for each in found for one in each.good]
    rates, loads = [one["rate"] for one in good], [one["load"] for one in good]
    others = sorted({one["criterion"] for one in good} - {"failed"})
    after = sum(one["afterwards"] for one in good)
    troubles = [trouble for each in found for trouble in each.troubles]
    lines = [
        f"All {len(good)} repetitions: {median(rates):.0f} requests/s reached (worst {min(rates):.0f}); load average "
        f"{min(loads):.1f} to {max(loads):.1f}, median {median(loads):.1f}; from {good[0]['at'][:10]}.",
        f"Requests that came to the canary later than a second after HAProxy read back 0 %: {after}.",
        f"Rolled back by another criterion than failed requests: {', '.join(others) or 'none'}.",
        f"Repetitions that came to something else and are not in the tables: {len(troubles)}."
        + "".join(f"\n  * {trouble}" for trouble in troubles),
    ]
    return "\n".join(f"* {line}" for line in lines)
