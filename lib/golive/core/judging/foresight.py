"""Before the start: what each soak can tell at a given rate of visitors, and how long a sick canary stays unseen.

PROCEED needs log(1/β) of evidence over every stretch that begins in the first half of the soak, so that
what is gathered after that half counts; a rollback needs at least log(1/α)/(rate × KL) seconds, the
lower bound of Wald (1945) on any test with that error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from golive.core.judging.bursts import Ratio
from golive.core.judging.measures import Measure, measures_of
from golive.core.judging.proceed_evidence import HOPED
from golive.core.phases import Phase
from golive.core.plan import Plan

SICK = 4.0  # times the rollback limit
HIGHEST = 0.95
RARE = 1e-12


class Fit(StrEnum):
    """When a verdict on a good canary can be conclusive."""

    IN_SOAK = "within the soak"
    IN_HOLD = "only if the soak is extended"
    NEVER = "never in this phase"


@dataclass(frozen=True)
class Foreseen:
    """One measure in one phase; times in seconds since the shift, None for never.

    Attributes:
        none_bad: When evidence to proceed is enough, should none of the requests be bad.
        half_bad: The same, should half as many be bad as the proceed limit allows.
        unseen: How long any test with this α lets a canary at four times the rollback limit go on; None when
            the measure never rolls back.
        judged: Whether this phase needs its evidence to proceed.
    """

    measure: Measure
    none_bad: float | None
    half_bad: float | None
    unseen: float | None
    judged: bool


@dataclass(frozen=True)
class Foresight:
    """What one phase can tell.

    Attributes:
        rate: Canary requests per second.
        requests: Canary requests that are expected in the planned soak.
        measures: One for each measure whose rate is known; routes are known when their rate is given.
        after: When the slowest measure that is judged is conclusive at half the limit; None for never.
        fit: Whether that is within the soak.
        soak: The shortest soak, in seconds, in which it would be; None when no soak is.
        traffic: By which factor more visitors, or a larger split, would make it fit the planned soak; None for none.
    """

    phase: Phase
    rate: float
    requests: float
    measures: Sequence[Foreseen]
    after: float | None
    fit: Fit
    soak: float | None
    traffic: float | None


def foresee(
    plan: Plan, rate: float, correlations: Mapping[str, Sequence[float]] | None = None
) -> tuple[Foresight, ...]:
    """Give what each phase that moves visitors can tell.

    Args:
        rate: Visitors' requests per second of the whole site.
        correlations: By measure, what the baseline leaves possible within a second; none are bursts without it.
    """
    shifting = [phase for phase in plan.phases if phase.share is not None]
    return tuple(_phase(plan, phase, rate, correlations or {}) for phase in shifting)


def _phase(plan: Plan, phase: Phase, rate: float, correlations: Mapping[str, Sequence[float]]) -> Foresight:
    share, soak = phase.share or 0.0, phase.soak.total_seconds()
    own = rate * share
    settle = plan.judging.settle.total_seconds()
    longest = soak + plan.judging.hold_up_to.total_seconds()
    measures = [measure for measure in measures_of(plan) if not measure.route]
    gathered = {m.name: _gathering(plan, m, own, correlations.get(m.name, (0.0,))) for m in measures}
    seen = []
    for measure in measures:
        since = max(soak / 2, 0.0 if measure.at_once else settle)
        none, half = (None if time is None else since + time for time in gathered[measure.name])
        seen.append(Foreseen(measure, none, half, unseen(measure, own), share >= measure.proceed_from))
    judged = [each for each in seen if each.judged]
    halves = [each.half_bad for each in judged if each.half_bad is not None]
    after = max(halves) if len(halves) == len(judged) else None
    fit = Fit.NEVER if after is None or after > longest else Fit.IN_SOAK if after <= soak else Fit.IN_HOLD
    slowest = max((gathered[each.measure.name][1] or math.inf for each in judged), default=math.inf)
    needed = max(
        max(2 * (gathered[each.measure.name][1] or math.inf), 0.0 if each.measure.at_once else settle)
        for each in judged
    )
    traffic = slowest / (soak / 2) if math.isfinite(slowest) and soak else None
    finite = math.isfinite(needed)
    return Foresight(phase, own, own * soak, tuple(seen), after, fit, needed if finite else None, traffic)


def unseen(measure: Measure, rate: float) -> float | None:
    """Give the seconds that a canary at four times the rollback limit has at the least, at `rate` requests a second."""
    if measure.rollback_above is None or not rate:
        return None
    sick, limit = min(SICK * measure.rollback_above, HIGHEST), measure.proceed_below
    if sick <= limit:
        return None
    divergence = sick * math.log(sick / limit) + (1 - sick) * math.log((1 - sick) / (1 - limit))
    return max(1.0, 1 / rate, math.log(1 / measure.alpha) / (rate * divergence))


def needed_requests(plan: Plan, measure: Measure) -> int:
    """Give how many requests a measure needs from the middle of the soak on, should none of them be bad."""
    wanted = math.log(1 / plan.judging.beta)
    gains = Ratio(measure.level, _hoped(measure), 0.0)(1, 0)
    return math.ceil(_looks(gains, wanted) or 0)


def _gathering(
    plan: Plan, measure: Measure, rate: float, correlations: Sequence[float]
) -> tuple[float | None, float | None]:
    """Give the seconds from the middle of the soak on until evidence is enough: with none bad, with half the limit."""
    if rate <= 0:
        return None, None
    each = max(1, round(rate * plan.guarding.look_every.total_seconds()))
    wanted = math.log(1 / plan.judging.beta)
    found: list[float | None] = []
    for share in (0.0, measure.proceed_below / 2):
        looks = [_looks(_gains(measure, each, share, correlation), wanted) for correlation in correlations]
        known = [number for number in looks if number is not None]
        found.append(max(known) * each / rate if len(known) == len(looks) else None)
    return found[0], found[1]


def _hoped(measure: Measure) -> list[float]:
    return [measure.proceed_below * times for times in HOPED]


def _gains(measure: Measure, requests: int, share: float, correlation: float) -> list[float]:
    """Give what a look of so many requests brings on average, for each hoped-for share, when `share` are bad."""
    ratio = Ratio(measure.level, _hoped(measure), correlation)
    if share <= 0:
        return list(ratio(requests, 0))
    if correlation <= 0:
        good, bad = ratio(1, 0), ratio(1, 1)
        return [requests * (g + share * (b - g)) for g, b in zip(good, bad, strict=True)]
    chances = Ratio(share, (), correlation)
    expected, left = [0.0] * len(HOPED), 1.0
    for number in range(requests + 1):
        chance = math.exp(chances.log_chance(requests, number))
        left -= chance
        gains = ratio(requests, number)
        expected = [total + chance * gain for total, gain in zip(expected, gains, strict=True)]
        if left < RARE:
            break
    return expected


def _looks(gains: Sequence[float], wanted: float) -> float | None:
    """Give how many looks it takes until the mixture is worth `wanted`; None when it never is."""
    if max(gains) <= 0:
        return None

    def worth(looks: float) -> float:
        logs = [gain * looks - math.log(len(gains)) for gain in gains]
        top = max(logs)
        return top + math.log(sum(math.exp(log - top) for log in logs))

    low, high = 0.0, 1.0
    while worth(high) < wanted:
        low, high = high, high * 2
    while high - low > max(0.01, high * 1e-4):
        middle = (low + high) / 2
        low, high = (low, middle) if worth(middle) >= wanted else (middle, high)
    return high
