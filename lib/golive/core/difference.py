"""From cumulative counts to what happened between two reads."""

from __future__ import annotations

from golive.core.samples import CouldNotMeasure, Counters, Sample, Tally, Unmeasured, Version


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
        tally = _minus(after.tallies[version], before.tallies[version])
        if tally is None:
            return CouldNotMeasure(Unmeasured.RESET, f"the counts of {version} went backwards")
        if tally.failed + tally.client_errors + tally.limited > tally.requests or any(
            count > tally.requests for count in tally.over.values()
        ):
            return CouldNotMeasure(Unmeasured.GARBAGE, f"{version} has more bad requests than requests")
        gauges = after.gauges.get(version)
        samples.append(
            Sample(second, after.at, seconds, version, tally, gauges)
            if gauges
            else Sample(second, after.at, seconds, version, tally)
        )
    return samples


def _minus(after: Tally, before: Tally) -> Tally | None:
    numbers = (
        after.requests - before.requests,
        after.failed - before.failed,
        after.client_errors - before.client_errors,
        after.limited - before.limited,
    )
    over = {edge: count - before.over.get(edge, 0) for edge, count in after.over.items()}
    if any(number < 0 for number in (*numbers, *over.values())):
        return None
    return Tally(*numbers, over=over)
