"""Whether the plan's criteria hold over the whole run, from the first visitor on the canary to the newest sample."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from golive.adapters.checks.run import Known, Saw, Scene, Unseen, Waived
from golive.core.errors import StoreUnavailable
from golive.core.judging.whole_run import Criterion, WholeRun
from golive.core.plan import Plan
from golive.core.scalars import Part, Share
from golive.ports import Book

AT_ONCE = 5000


class WholeSettings(Part):
    """For which share of the time since the first shift the canary has to have been measured."""

    measured_at_least: Share = 0.9


async def whole_run(scene: Scene, wanted: WholeSettings) -> Saw | Unseen | Waived:
    """See whether each criterion of the plan holds over the whole run, and keep each one's worst minute.

    A page that was opened by itself, in a world of its own, has no whole run to look at, and says so.
    """
    assert scene.plan is not None
    expected = "over the whole run, each below what the plan proceeds below"
    if scene.alone and scene.own_world:
        return Waived(expected, "there is no whole run: this page was opened by itself", "the rehearsal of one page")
    try:
        whole = await asyncio.to_thread(_read, scene.book, scene.plan)
    except StoreUnavailable as error:
        return Unseen(expected, str(error).splitlines()[0], "golive status says whether the guard's book answers")
    attest = f'see why, or go.attest("{scene.called}", says="what another source has", until="24h", link="https://…")'
    measured, span = whole.seconds
    if not measured:
        return Unseen(expected, "no visitor was ever counted on the canary in this run", attest)
    evidence: dict[str, Any] = {"seconds": round(span), "measured": round(measured / span, 4) if span else 0.0}
    evidence |= {one.name: _row(one) for one in whole.criteria}
    bad = [one for one in whole.criteria if one.value is not None and not one.good]
    if bad:
        worst = f"look at {_moment(bad[0].worst_at)} in the charts, and decide hold until it is known why"
        return Saw(False, expected, "; ".join(map(_bad, bad)), evidence, worst)
    unknown = [one.sentence for one in whole.criteria if one.value is None]
    if unknown:
        return Unseen(expected, f"never measured: {', '.join(unknown)}", attest, evidence)
    if measured < wanted.measured_at_least * span:
        seen = f"measured for {measured / span:.0%} of the time since the first shift"
        return Unseen(f"{expected}, measured for {wanted.measured_at_least:.0%}", seen, attest, evidence)
    seen = ", ".join(f"{one.name} {one.value:.2%}" for one in whole.criteria)
    return Saw(True, expected, f"{seen}, over {span / 60:.0f} min", evidence)


def _read(book: Book, plan: Plan) -> WholeRun:
    whole, taken = WholeRun(plan), 0
    while part := book.samples(taken, AT_ONCE):
        for sample in part:
            whole.add(sample)
        taken += len(part)
    return whole


def _row(one: Criterion) -> dict[str, Any]:
    row: dict[str, Any] = {"value": _rounded(one.value), "proceed_below": one.proceed_below, "of": round(one.of)}
    if one.of:
        row |= {"worst": _rounded(one.worst), "worst_minute": _moment(one.worst_at)}
    return row if one.stable is None else {**row, "stable": _rounded(one.stable)}


def _bad(one: Criterion) -> str:
    beside = f", stable {one.stable:.2%}" if one.stable is not None else ""
    worst = f"at worst {one.worst:.2%} in {_moment(one.worst_at)}"
    return f"{one.sentence}: {one.value:.2%}, not below {one.proceed_below:.2%}{beside}; {worst}"


def _rounded(share: float | None) -> float | None:
    return round(share, 6) if share is not None else None


def _moment(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%MZ")


KNOWN = {"whole-run": Known("The criteria hold over the whole run", whole_run, WholeSettings)}
