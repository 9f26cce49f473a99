"""What is measured of visitors' requests, and by which limits each share is judged."""

from __future__ import annotations

from dataclasses import dataclass

from golive.core.plan import Criterion, Plan
from golive.core.samples import Sample, Tally

SENTENCES = {
    "failed": "requests that failed",
    "over_1000ms": "requests over 1000 ms",
    "over_500ms": "requests over 500 ms",
    "client_errors": "4xx answers",
}
WEIGHT_OF_FAILED = 19.0  # of α, against 1 for every other measure: what fails harms most, and needs speed most
HIGHEST_LEVEL = 0.95


@dataclass(frozen=True)
class Measure:
    """One share of the canary's requests, with its limits.

    Attributes:
        name: Its name in verdicts: "failed", or "checkout: failed" for a critical route.
        kind: "failed", "over_1000ms", "over_500ms".
        route: The route whose requests alone count; "" for all.
        rollback_above: None when it never rolls back.
        alpha: Its part of the chance that a healthy canary is rolled back, in one of the two halves.
        proceed_from: The split from which it must have evidence to proceed, 0 to 1.
    """

    name: str
    kind: str
    route: str
    proceed_below: float
    rollback_above: float | None
    alpha: float
    proceed_from: float = 0.0

    @property
    def sentence(self) -> str:
        """What it counts, for people."""
        return f"{SENTENCES[self.kind]} on {self.route}" if self.route else SENTENCES[self.kind]

    @property
    def at_once(self) -> bool:
        """Whether it is judged from the shift on; what is slow waits until the canary has settled."""
        return self.kind == "failed"

    @property
    def level(self) -> float:
        """The share that PROCEED must exclude: the rollback limit, else twice the proceed limit."""
        if self.rollback_above is not None:
            return self.rollback_above
        return min(2 * self.proceed_below, HIGHEST_LEVEL)

    def count(self, sample: Sample) -> tuple[int, int]:
        """Give how many requests of a sample it judges, and how many of them are bad."""
        tally = sample.routes.get(self.route, Tally()) if self.route else sample.tally
        return tally.requests, bad_of(self.kind, tally)


def bad_of(kind: str, tally: Tally) -> int:
    """Give how many of a tally's requests count against a kind."""
    if kind == "failed":
        return tally.failed
    if kind == "client_errors":
        return tally.client_errors
    return tally.over.get(int(kind.removeprefix("over_").removesuffix("ms")), 0)


def measures_of(plan: Plan) -> tuple[Measure, ...]:
    """Give every measure of a plan; those that can roll back share half of its α."""
    found: list[tuple[str, str, Criterion, float]] = [
        (kind, "", getattr(plan.criteria, kind), 0.0) for kind in ("failed", "over_1000ms", "over_500ms")
    ]
    for route in plan.routes:
        for kind in ("failed", "over_1000ms"):
            limit: Criterion | None = getattr(route, kind)
            if limit is not None:
                found.append((kind, route.name, limit, route.proceed_from))
    whole = sum(_weight(kind, route) for kind, route, limit, _ in found if limit.rollback_above is not None)
    whole += sum((plan.judging.worse_than_stable == "roll back", plan.top_up.driver != "none"))
    unit = plan.judging.alpha / 2 / whole
    return tuple(
        Measure(
            f"{route}: {kind}" if route else kind,
            kind,
            route,
            limit.proceed_below,
            limit.rollback_above,
            unit * _weight(kind, route) if limit.rollback_above is not None else 0.0,
            proceed_from,
        )
        for kind, route, limit, proceed_from in found
    )


def other_alpha(plan: Plan) -> float:
    """Give the part of α that what is compared with stable, and topped-up requests, have each."""
    failed = next(measure for measure in measures_of(plan) if measure.name == "failed")
    return failed.alpha / WEIGHT_OF_FAILED if failed.alpha else plan.judging.alpha / 2


def _weight(kind: str, route: str) -> float:
    return WEIGHT_OF_FAILED if kind == "failed" and not route else 1.0
