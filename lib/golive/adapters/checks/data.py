"""Whether data is lost or corrupted: counts that the site gives before the go-live and after it."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator

from golive.adapters.checks.asking import Site, at, json_in, measuring, shown
from golive.adapters.checks.run import Known, Saw, Scene
from golive.adapters.reports.reading import ReportTrouble
from golive.core.plain import plain
from golive.core.scalars import Part, Texts

SHOWN = 3


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("at least one JSON pointer was expected")
    return value


class CountsSettings(Part):
    """Where counts are read, which (JSON pointers), and of what there must be nothing (`broken`, a count or a list)."""

    endpoint: str
    counts: Annotated[Texts, AfterValidator(_some)]
    broken: str = ""


class AsBeforeSettings(CountsSettings):
    """The same, and the line whose counts may not have become fewer.

    `before_endpoint`, a snapshot of before, is read where that line has not run in this run.
    """

    before: str
    before_endpoint: str = ""


@measuring("counts that can be read")
async def counts(scene: Scene, wanted: CountsSettings) -> Saw:
    """See that nothing is broken, and keep how much of everything there is."""
    have, broken = await _read(wanted)
    seen = ", ".join(f"{pointer} {count:g}" for pointer, count in have.items())
    then = "mend what is broken before the go-live, or nobody knows afterwards which release broke it"
    return Saw(not broken, "nothing broken", seen + (f", {broken:g} broken" if broken else ""), {"counts": have}, then)


@measuring("counts that are no fewer than before")
async def counts_as_before(scene: Scene, wanted: AsBeforeSettings) -> Saw:
    """See that nothing is broken, and that there is no less of anything than the line `before` has kept."""
    before = scene.earlier.get(wanted.before, {}).get("counts")
    if not isinstance(before, dict):
        before = await _snapshot(wanted)
    have, broken = await _read(wanted)
    unknown = [pointer for pointer in have if pointer not in before]
    if unknown:
        raise ReportTrouble(f"the line {wanted.before!r} has not counted {unknown[0]}", "give both the same counts")
    fewer = [
        f"{pointer} {count:g}, before {before[pointer]:g}" for pointer, count in have.items() if count < before[pointer]
    ]
    wrong = [*fewer, *([f"{broken:g} broken"] if broken else [])]
    evidence = {"counts": have, "before": {pointer: before[pointer] for pointer in have}, "broken": broken}
    seen = "; ".join(wrong[:SHOWN]) if wrong else ", ".join(f"{pointer} {count:g}" for pointer, count in have.items())
    then = "stop what writes, call the escalation's first, and restore what is missing from the backup"
    return Saw(not wrong, "no fewer than before, nothing broken", seen, evidence, then)


async def _snapshot(wanted: AsBeforeSettings) -> dict[str, float]:
    if not wanted.before_endpoint:
        raise ReportTrouble(f"the line {wanted.before!r} has kept no counts in this run", "attest it: go.attest(...)")
    return (await _read(wanted.model_copy(update={"endpoint": wanted.before_endpoint, "broken": ""})))[0]


async def _read(wanted: CountsSettings) -> tuple[dict[str, float], float]:
    data = json_in(await Site("").ask(wanted.endpoint, tries=2))
    have = {plain(pointer, 60): _count(at(data, pointer)) for pointer in wanted.counts}
    return have, _count(at(data, wanted.broken)) if wanted.broken else 0.0


def _count(value: Any) -> float:
    counted = len(value) if isinstance(value, list) else value
    if isinstance(counted, bool) or not isinstance(counted, int | float) or not math.isfinite(counted) or counted < 0:
        raise ReportTrouble(f"{shown(value)} is no count", "mend the pointers of this line")
    return float(counted)


KNOWN = {
    "counts": Known("Data is whole, and counted", counts, CountsSettings),
    "counts-as-before": Known("No data is lost or broken since before", counts_as_before, AsBeforeSettings),
}
