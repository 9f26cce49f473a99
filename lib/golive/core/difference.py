"""From cumulative counts to what happened between two reads."""

from __future__ import annotations

from collections.abc import Mapping

from golive.core.samples import CouldNotMeasure, Counters, Gauges, Sample, Tally, Unmeasured, Version, flaw


def difference(before: Counters, after: Counters, *, second: float) -> list[Sample] | CouldNotMeasure:
    """Give a sample for each version between two reads, or why there is none.

    A count that went backwards is a restart of the source (RESET); one that shows more failed
    than all requests is GARBAGE; a read that is not later than the one before is FROZEN.
    """
    seconds = after.at - before.at
    if seconds <= 0:
        return CouldNotMeasure(Unmeasured.FROZEN, "the source gave no later counts")
    samples = []
    for version in Version:
        if version not in before.tallies or version not in after.tallies:
            return CouldNotMeasure(Unmeasured.EMPTY, f"the source says nothing of {version}")
        tally = after.tallies[version] - before.tallies[version]
        routes = _routes(before.routes.get(version, {}), after.routes.get(version, {}))
        for name, part in {"": tally, **routes}.items():
            wrong = flaw(part)
            if wrong is not None:
                of = f"{version}, {name}" if name else version.value
                why = "the counts went backwards" if wrong.why is Unmeasured.RESET else wrong.detail
                return CouldNotMeasure(wrong.why, f"{of}: {why}")
        gauges = after.gauges.get(version) or Gauges()
        samples.append(Sample(second, after.at, seconds, version, tally, gauges, routes=routes, told=after.told))
    return samples


def _routes(before: Mapping[str, Tally], after: Mapping[str, Tally]) -> dict[str, Tally]:
    return {name: tally - before[name] for name, tally in after.items() if name in before}
