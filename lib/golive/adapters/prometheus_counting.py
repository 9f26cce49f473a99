"""From scrapes to counts that only grow: differences of each series, summed since the first scrape.

Sums of raw counters would hide a counter that restarted behind others that grew, and would jump when a target
comes or goes; so every series is followed by itself, and the first sight of a target counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from golive.adapters.prometheus_scrapes import ALL, Group, Key, Scrape, Target, edges_of
from golive.core.samples import CouldNotMeasure, Tally, Unmeasured, Version

COUNTS, TIMES = "counts", "times"
Scrapes = Mapping[Group, Mapping[Target, Scrape]]


@dataclass
class _Told:
    """What one group has come to since the first scrape, and what its targets were last seen at."""

    seen: dict[Target, Scrape] = field(default_factory=dict)
    totals: dict[str | float, float] = field(default_factory=dict)
    edges: frozenset[int] | None = None


class Counting:
    """Follows every series of every group."""

    def __init__(self, groups: tuple[Group, ...]) -> None:
        self._told = {group: _Told() for group in groups}
        self._over: dict[tuple[Version, str], tuple[int, dict[int, int]]] = {}
        self.targets: frozenset[Target] = frozenset()

    def oldest(self, scrapes: Scrapes) -> tuple[float, Target]:
        """Give when the target that was scraped longest ago was scraped, and which it is."""
        return min((scrape.at, target) for of_group in scrapes.values() for target, scrape in of_group.items())

    def newer(self, scrapes: Scrapes) -> bool:
        """Say whether every target was scraped since the last `take`."""
        return all(
            target not in told.seen or scrape.at > told.seen[target].at
            for group, told in self._told.items()
            for target, scrape in scrapes[group].items()
        )

    def take(self, scrapes: Scrapes) -> CouldNotMeasure | None:
        """Add what was counted since the last scrapes; or say why this stretch can't be counted."""
        lacking = self._edges(scrapes)
        if lacking is not None:
            return lacking
        gone = self._gone(scrapes)
        self.targets = frozenset(target for of_group in scrapes.values() for target in of_group)
        restarted = self._restarted(scrapes)
        for group, told in self._told.items():
            for target, scrape in scrapes[group].items():
                if target not in restarted:
                    _add(told.totals, told.seen.get(target), scrape)
                told.seen[target] = scrape
        if restarted:
            job, instance = min(restarted)
            return CouldNotMeasure(
                Unmeasured.RESET, f"{instance} ({job}) counts from the start again: {restarted[job, instance]}"
            )
        return gone

    def tallies(self) -> dict[Version, Tally]:
        """Give each version's counts since the first scrape."""
        return {version: self._tally(version, "") for version in Version}

    def routes(self) -> dict[Version, dict[str, Tally]]:
        """Give the same of each route."""
        names = dict.fromkeys(group.route for group in self._told if group.route)
        return {version: {name: self._tally(version, name) for name in names} for version in Version}

    def sent_and_timed(self, version: Version) -> tuple[int, int] | None:
        """Give how many requests a version was sent, those cut off left out, and how many it has timed itself.

        The two are to be alike over a while. None where both stand in the same target, which can't disagree.
        """
        told = {group.kind: told for group, told in self._told.items() if (group.version, group.route) == (version, "")}
        counts, times = told[COUNTS], told[TIMES]
        if counts.seen.keys() & times.seen.keys():
            return None
        sent = counts.totals.get("requests", 0) - counts.totals.get("cut_off", 0)
        return round(sent), round(times.totals.get(ALL, 0))

    def _tally(self, version: Version, route: str) -> Tally:
        groups = {
            group.kind: told for group, told in self._told.items() if (group.version, group.route) == (version, route)
        }
        counts = {name: round(value) for name, value in groups[COUNTS].totals.items()}
        requests = counts.get("requests", 0)
        over = self._slow(groups.get(TIMES), counts.get("cut_off", 0))
        return Tally(
            requests,
            counts.get("failed", 0),
            counts.get("client_errors", 0),
            counts.get("limited", 0),
            self._fitted(version, route, requests, over),
        )

    def _slow(self, times: _Told | None, cut_off: int) -> dict[int, int]:
        """Give edge -> requests that took longer; one that was cut off took longer than any."""
        if times is None or times.edges is None:
            return {}
        timed = times.totals.get(ALL, 0)
        return {edge: round(timed - times.totals.get(edge, 0)) + cut_off for edge in sorted(times.edges)}

    def _fitted(self, version: Version, route: str, requests: int, over: Mapping[int, int]) -> dict[int, int]:
        """Give the slow requests so that none is told before the request itself is.

        Router and version are scraped at different moments: of slow requests that the version has timed and the
        router has not counted yet, the rest is told with the next scrape.
        """
        before, told = self._over.get((version, route), (0, {}))
        room = max(0, requests - before)
        fitted = {edge: told.get(edge, 0) + min(count - told.get(edge, 0), room) for edge, count in over.items()}
        self._over[version, route] = (requests, fitted)
        return fitted

    def _edges(self, scrapes: Scrapes) -> CouldNotMeasure | None:
        for group, told in self._told.items():
            if group.kind != TIMES:
                continue
            edges = edges_of(group, scrapes[group])
            if isinstance(edges, CouldNotMeasure):
                return edges
            timed = any(ALL in scrape.named for scrape in scrapes[group].values())
            if timed:
                told.edges = edges if told.edges is None else told.edges & edges
        return None

    def _gone(self, scrapes: Scrapes) -> CouldNotMeasure | None:
        found = None
        for group, told in self._told.items():
            for target in [target for target in told.seen if target not in scrapes[group]]:
                del told.seen[target]
                found = CouldNotMeasure(
                    Unmeasured.REFUSED, f"{group}: {target[1]} ({target[0]}) is gone from Prometheus"
                )
        return found

    def _restarted(self, scrapes: Scrapes) -> dict[Target, str]:
        """Give target -> a series of it that went backwards."""
        found: dict[Target, str] = {}
        for group, told in self._told.items():
            for target, scrape in scrapes[group].items():
                before = told.seen[target].values if target in told.seen else {}
                for key, value in scrape.values.items():
                    if value < before.get(key, 0.0):
                        found.setdefault(target, f"{dict(key).get('__name__', '')} {before[key]:g} -> {value:g}")
        return found


def _add(totals: dict[str | float, float], before: Scrape | None, scrape: Scrape) -> None:
    """Add a scrape's growth to the totals; the first scrape of a target only shows where it stands."""
    for name, keys in scrape.named.items():
        grown = sum(_grown(before, scrape, key) for key in keys)
        totals[name] = totals.get(name, 0.0) + grown


def _grown(before: Scrape | None, scrape: Scrape, key: Key) -> float:
    return 0.0 if before is None else scrape.values[key] - before.values.get(key, 0.0)
