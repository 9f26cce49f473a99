"""What a stretch of a long watch comes to: counts and shares of both versions, and the worst moment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from golive.core.judging.measures import bad_of
from golive.core.moments import utc
from golive.core.samples import Sample, Tally, Version

MEASURES = ("failed", "over_500ms", "over_1000ms", "client_errors")
GAUGES = ("cpu", "memory")
MINUTE = 60


def due(since: str, now: datetime, every: timedelta) -> str:
    """Give the whole minute until which a stretch begun `since` is to be summed up now; "" while it is not over."""
    until = now.replace(second=0, microsecond=0)
    return utc(until, "seconds") if until - datetime.fromisoformat(since) >= every else ""


def whole_minute(moment: str) -> str:
    """Give the beginning of the minute that a moment lies in (both UTC, ISO 8601)."""
    return utc(datetime.fromisoformat(moment).replace(second=0, microsecond=0), "seconds")


def summary(samples: Sequence[Sample], since: str, until: str) -> dict[str, Any]:
    """Give what was counted in the minutes that began at `since` or later, and before `until` (UTC, ISO 8601).

    A sample counts for the minute in which it ended. For each version that had visitors: `requests`, the share of each
    measure, the greatest `cpu` and `memory`; and as `worst`, for each measure that was not nothing, the sample (a
    minute, in a long watch) with its greatest share: when it ended, the share and the requests.
    """
    first, last = (datetime.fromisoformat(moment).timestamp() for moment in (since, until))
    chosen = [sample for sample in samples if first <= sample.second // MINUTE * MINUTE < last]
    versions = {version.value: _of([s for s in chosen if s.version is version]) for version in Version}
    return {"since": since, "until": until, "versions": {name: told for name, told in versions.items() if told}}


def _of(samples: Sequence[Sample]) -> dict[str, Any]:
    total = sum((sample.tally for sample in samples), Tally())
    if not total.requests:
        return {}
    shares = {name: round(bad_of(name, total) / total.requests, 6) for name in MEASURES}
    worst = {name: _worst(samples, name) for name in MEASURES if bad_of(name, total)}
    return {"requests": total.requests, **shares, **_greatest(samples), "worst": worst}


def _worst(samples: Sequence[Sample], name: str) -> dict[str, Any]:
    visited = [sample for sample in samples if sample.tally.requests]
    worst = max(visited, key=lambda sample: (bad_of(name, sample.tally) / sample.tally.requests, -sample.second))
    share = round(bad_of(name, worst.tally) / worst.tally.requests, 6)
    return {
        "at": utc(datetime.fromtimestamp(worst.second, UTC), "seconds"),
        "share": share,
        "requests": worst.tally.requests,
    }


def _greatest(samples: Sequence[Sample]) -> dict[str, float | None]:
    known = {name: [getattr(sample.gauges, name) for sample in samples] for name in GAUGES}
    return {name: max((one for one in values if one is not None), default=None) for name, values in known.items()}
