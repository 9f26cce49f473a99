"""The worst minute that the canary's visitors met in each phase, by criterion. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from golive.core.judging.measures import bad_of, measures_of
from golive.core.plan import Plan
from golive.core.samples import Sample, Tally, Version

MINUTE = 60.0
LEAST = 20  # requests that a minute needs: below that its share says little, and the whole phase is taken
OF_ALL = ("client_errors",)
GAUGES = ("cpu", "memory")


@dataclass(frozen=True)
class Worst:
    """The worst minute of one criterion in one phase.

    Attributes:
        second: Its beginning, in UTC seconds since the epoch.
        share: What was measured then, 0 to 1.
        requests: Of how many requests; 0 for CPU and memory.
        whole: Whether it is the whole phase, since no minute had enough requests.
    """

    phase: str
    criterion: str
    second: float
    share: float
    requests: int = 0
    whole: bool = False


def worst_moments(samples: Iterable[Sample], plan: Plan) -> tuple[Worst, ...]:
    """Give the worst minutes, phase by phase; what was not measured in a phase is not there."""
    phases = dict[str, list[Sample]]()
    for sample in samples:
        if sample.version is Version.CANARY:
            phases.setdefault(sample.phase, []).append(sample)
    found = [worst for phase, own in phases.items() for worst in _of_phase(phase, own, plan)]
    order = [phase.name for phase in plan.phases]
    return tuple(sorted(found, key=lambda one: order.index(one.phase) if one.phase in order else -1))


def _of_phase(phase: str, own: Sequence[Sample], plan: Plan) -> Iterable[Worst]:
    minutes = dict[float, list[Sample]]()
    for sample in own:
        minutes.setdefault(sample.second // MINUTE * MINUTE, []).append(sample)
    counted = [(measure.name, measure.kind, measure.route) for measure in measures_of(plan)]
    for name, kind, route in (*counted, *((kind, kind, "") for kind in OF_ALL)):
        tallies = {second: _tally(samples, route) for second, samples in minutes.items()}
        whole = sum(tallies.values(), Tally())
        enough = {second: tally for second, tally in tallies.items() if tally.requests >= LEAST}
        if whole.requests:
            judged = enough or {min(minutes): whole}
            second = max(sorted(judged), key=lambda at: bad_of(kind, judged[at]) / judged[at].requests)
            tally = judged[second]
            yield Worst(phase, name, second, bad_of(kind, tally) / tally.requests, tally.requests, not enough)
    for gauge in GAUGES:
        seen = [(value, one.second) for one in own if (value := getattr(one.gauges, gauge)) is not None]
        if seen:
            value, at = max(seen, key=lambda one: (one[0], -one[1]))
            yield Worst(phase, gauge, at // MINUTE * MINUTE, value)


def _tally(samples: Iterable[Sample], route: str) -> Tally:
    return sum((one.routes.get(route, Tally()) if route else one.tally for one in samples), Tally())
