"""From observability's buckets of time to cumulative counts of both versions; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from golive.adapters.vercel.observability import Row, tally_of
from golive.core.samples import CouldNotMeasure, Tally, Unmeasured, Version

NEEDED = (500, 1000)
LATE_SHARE = 0.01


@dataclass(frozen=True)
class Answers:
    """What one round of questions gave.

    Attributes:
        counts: Requests by status.
        timed: Requests that the durations are of.
        quantiles: Percentile -> durations in milliseconds.
        routes: Critical route -> requests by status.
    """

    counts: Sequence[Row]
    timed: Sequence[Row]
    quantiles: Mapping[int, Sequence[Row]]
    routes: Mapping[str, Sequence[Row]] = field(default_factory=dict)


class Buckets:
    """Adds up finished buckets, each once; one that grew after it was counted is told, since then the lag is longer."""

    def __init__(self, versions: Mapping[Version, str]) -> None:
        self._versions = versions
        self.tallies: dict[Version, Tally] = dict.fromkeys(Version, Tally())
        self.routes: dict[Version, dict[str, Tally]] = {version: {} for version in Version}
        self._last: tuple[float, float] | None = None

    def take(self, answers: Answers, buckets: Sequence[float]) -> CouldNotMeasure | None:
        """Take in buckets (their begins, UTC seconds, in order); nothing of them when something is wrong."""
        late = self._late(answers)
        if late is not None:
            return late
        for begun in buckets:
            if not sum(row.value for row in answers.counts if row.at == begun and row.deployment in self._ids):
                return CouldNotMeasure(
                    Unmeasured.LATE, f"observability has no request of either version at {_clock(begun)}"
                )
        for begun in buckets:
            for version, deployment in self._versions.items():
                self._add(version, answers, begun, deployment)
        if buckets:
            newest = buckets[-1]
            self._last = newest, _total(answers.counts, newest, self._ids)
        return None

    @property
    def _ids(self) -> frozenset[str]:
        return frozenset(self._versions.values())

    def _add(self, version: Version, answers: Answers, begun: float, deployment: str) -> None:
        quantiles = {
            percentile: row.value
            for percentile, rows in answers.quantiles.items()
            for row in _of(rows, begun, deployment)
        }
        timed = round(sum(row.value for row in _of(answers.timed, begun, deployment)))
        self.tallies[version] += tally_of(_of(answers.counts, begun, deployment), quantiles, timed, NEEDED)
        for route, rows in answers.routes.items():
            before = self.routes[version].get(route, Tally())
            self.routes[version][route] = before + tally_of(_of(rows, begun, deployment), {}, 0, NEEDED)

    def _late(self, answers: Answers) -> CouldNotMeasure | None:
        if self._last is None:
            return None
        begun, counted = self._last
        found = _total(answers.counts, begun, self._ids)
        if found - counted <= LATE_SHARE * counted:
            return None
        self._last = begun, found
        return CouldNotMeasure(
            Unmeasured.LATE,
            f"{found - counted:.0f} of {found:.0f} requests at {_clock(begun)} arrived after it was counted: "
            "the lag is longer than the plan's metrics.settings.lag",
        )


def _of(rows: Iterable[Row], begun: float, deployment: str) -> list[Row]:
    return [row for row in rows if row.at == begun and row.deployment == deployment]


def _total(rows: Iterable[Row], begun: float, deployments: frozenset[str]) -> float:
    return sum(row.value for row in rows if row.at == begun and row.deployment in deployments)


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%MZ")
