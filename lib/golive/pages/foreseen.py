"""What the soaks can tell, before the start: as a table of lines and as sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from golive.core.judging.foresight import SICK, Fit, Foresight, foresee, needed_requests
from golive.core.judging.measures import measures_of
from golive.core.plan import Plan
from golive.pages.words import percent, span

WIDEST = 128
COLUMNS = ("phase", "requests", "conclusive after", "sick, at least", "")


def foreseen(plan: Plan, rate: float) -> list[str]:
    """Give the lines of the table, and below it a plain word on each soak that can not be conclusive."""
    rows = foreseen_rows(plan, rate)
    widths = (24, 10, 19, 14, 0)
    shown = [COLUMNS, *rows]
    lines = [f"at {rate:g} requests a second (golive plan {plan.name} --rate N asks for another rate):"]
    lines += ["".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]
    lines.append("conclusive after: with no bad request, or with half as many as the proceed limit allows")
    lines.append(
        f"sick, at least: no test with this alpha sees a canary that fails {SICK:g} times the rollback limit any sooner"
    )
    for sentence in warnings(plan, rate):
        lines += _wrapped(sentence)
    return lines


def foreseen_rows(
    plan: Plan, rate: float, correlations: Mapping[str, Sequence[float]] | None = None
) -> list[tuple[str, ...]]:
    """Give one row for each phase that moves visitors: `COLUMNS`."""
    return [_row(found) for found in foresee(plan, rate, correlations)]


def warnings(plan: Plan, rate: float, correlations: Mapping[str, Sequence[float]] | None = None) -> list[str]:
    """Give a sentence for each soak that can not be conclusive, and what would help; one more for each route."""
    said = [_warning(found, plan) for found in foresee(plan, rate, correlations) if found.fit is not Fit.IN_SOAK]
    if said and plan.top_up.driver == "none":
        said.append("top_up would show a sick canary sooner (HOLD, ROLLBACK); it never helps a good one to PROCEED")
    for measure in measures_of(plan):
        if measure.route:
            needed = needed_requests(plan, measure)
            said.append(
                f"{measure.sentence}: from {percent(measure.proceed_from)} of visitors on, PROCEED needs about "
                f"{needed} requests of its own, none of them bad, in the second half of a soak"
            )
    return said


def _row(found: Foresight) -> tuple[str, ...]:
    judged = [each for each in found.measures if each.judged]
    best = [each.none_bad for each in judged if each.none_bad is not None]
    none = span(max(best)) if len(best) == len(judged) else "never"
    half = span(found.after) if found.after is not None else "never"
    failed = found.measures[0].unseen
    sick = span(failed) if failed is not None else "–"
    fit = found.fit.value if found.fit is Fit.IN_SOAK else f"NOT CONCLUSIVE: {found.fit}"
    return found.phase.title, f"{found.requests:.0f}", none if none == half else f"{none} to {half}", sick, fit


def _warning(found: Foresight, plan: Plan) -> str:
    soak, hold = found.phase.soak.total_seconds(), plan.judging.hold_up_to.total_seconds()
    first = next(phase.name for phase in plan.phases if phase.share is not None)
    if found.after is None:
        what = "no soak is long enough for it: requests, or a wider distance between its limits, are missing"
        return f"NOT CONCLUSIVE  {found.phase.name} at {found.rate:g} canary requests a second: {what}"
    longer = f"it will HOLD about {span(found.after - soak)} more"
    if found.fit is Fit.NEVER:
        longer = f"hold_up_to ({span(hold)}) is too short: it ends as HOLD, and a person decides without evidence"
    helps = []
    if found.soak is not None:
        helps.append(f"a soak of {_rounded_up(found.soak)}")
    if found.traffic is not None and found.traffic > 1:
        helps.append(f"{found.traffic:.1f} times the visitors")
        share = (found.phase.share or 0.0) * found.traffic
        if share < 1 and found.phase.name == first:
            helps.append(f"a split of {percent(share)} in its place")
    return (
        f"NOT CONCLUSIVE  {found.phase.name}: {span(soak)} of soak at {found.rate:g} canary requests a second are too "
        f"few; {longer}. What would help: {', or '.join(helps)}"
    )


def _rounded_up(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds < 120 else f"{math.ceil(seconds / 60)} min"


def _wrapped(sentence: str) -> list[str]:
    lines = [""]
    for word in sentence.split(" "):
        if len(lines[-1]) + len(word) > WIDEST:
            lines.append("               ")
        lines[-1] += f" {word}" if lines[-1] else word
    return lines
