"""Many seconds as few: samples summed over longer stretches, so that a day can be drawn as fast as a minute."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from golive.core.samples import Gauges, Sample, Tally, Version

MOST = 1200  # of one version; a picture has fewer columns


def summed(parts: Sequence[Sample]) -> Sample:
    """Give samples of one version, in their order and at least one, as one: requests summed, gauges at their worst."""
    counted = [part.tally for part in parts]
    over: dict[int, int] = {}
    for tally in counted:
        for edge, count in tally.over.items():
            over[edge] = over.get(edge, 0) + count
    tally = Tally(
        sum(one.requests for one in counted),
        sum(one.failed for one in counted),
        sum(one.client_errors for one in counted),
        sum(one.limited for one in counted),
        over,
    )
    gauges = Gauges(_worst(part.gauges.cpu for part in parts), _worst(part.gauges.memory for part in parts))
    return replace(parts[-1], seconds=sum(part.seconds for part in parts), tally=tally, gauges=gauges, routes={})


def thinned(samples: Sequence[Sample], most: int = MOST) -> Sequence[Sample]:
    """Give samples as they are, or summed over equal stretches when there are more than `most` of a version.

    A stretch never holds two phases, and the order in time stays.
    """
    highest = max((sum(one.version is version for one in samples) for version in Version), default=0)
    if highest <= most:
        return samples
    seconds = [sample.second for sample in samples]
    length = max(1.0, math.ceil((max(seconds) - min(seconds)) / most))
    stretches: dict[tuple[int, str, Version], list[Sample]] = {}
    for sample in samples:
        stretches.setdefault((int(sample.second // length), sample.phase, sample.version), []).append(sample)
    return sorted(map(summed, stretches.values()), key=lambda one: one.second)


def _worst(shares: Iterable[float | None]) -> float | None:
    return max((share for share in shares if share is not None), default=None)
