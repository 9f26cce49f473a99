"""From Envoy's live counters and its merged histograms to tallies that belong together.

Counters are live; histograms are merged every `stats_flush_interval`, so that a time comes up to one flush after its
request was counted. A request is told when its time has come, or when it has waited so long that it will never have
one. What the told requests were (failed, 4xx, 429) is taken from the counters as they stood when so many requests
had been counted, in proportion between two reads. So no stretch has more bad requests than requests, and neither
failures nor times run ahead of the requests that they belong to.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from golive.adapters.envoy_counts import Bounds, ClusterCounts, bounds
from golive.core.digest import EDGES
from golive.core.samples import Tally

NEVER = float("-inf")


@dataclass(frozen=True)
class Stand:
    """Live counts at one read: all requests, and of them the failed, the client's errors and the limited."""

    at: float
    requests: int = 0
    failed: int = 0
    client_errors: int = 0
    limited: int = 0


class Settled:
    """One cluster's tally, read after read. `hold` is how many seconds a request waits for its time."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._base = self._told = Tally(over=dict.fromkeys(EDGES, 0))
        self.last = ClusterCounts()
        self._bounds = Bounds()
        self._stands = deque([Stand(NEVER)])

    def begin_anew(self) -> None:
        """Go on from what was told: Envoy's own counts have begun at nothing."""
        self._base, self._told = self._base + self._told, Tally(over=dict.fromkeys(EDGES, 0))
        self.last, self._bounds, self._stands = ClusterCounts(), Bounds(), deque([Stand(NEVER)])

    def take(self, counts: ClusterCounts, at: float) -> Tally:
        """Give the tally so far, from what was read at the second `at`."""
        self.last = counts
        self._bounds = self._bounds.or_more(bounds(counts))
        now = stand_of(counts, self._bounds, at)
        self._stands.append(now)
        waited = max((one.requests for one in self._stands if one.at <= at - self._hold), default=0)
        timed = min(counts.timed + self._bounds.untimed, now.requests)
        self._told = self._next(counts, max(self._told.requests, timed, waited))
        while len(self._stands) > 1 and self._stands[1].requests <= self._told.requests and self._stands[1].at < at:
            self._stands.popleft()
        return self._base + self._told

    def _next(self, counts: ClusterCounts, requests: int) -> Tally:
        told = self._told
        room = requests - told.requests
        failed, client_errors, limited = self._kinds(requests)
        more_failed = min(max(0, failed - told.failed), room)
        more_limited = min(max(0, limited - told.limited), room - more_failed)
        more_client = min(max(0, client_errors - told.client_errors), room - more_failed - more_limited)
        over = {}
        for edge in counts.within if counts.timed else EDGES:
            slow = counts.timed - counts.within.get(edge, 0) + self._bounds.untimed
            before = told.over.get(edge, 0)
            over[edge] = before + min(max(0, slow - before), room)
        return Tally(
            requests,
            told.failed + more_failed,
            told.client_errors + more_client,
            told.limited + more_limited,
            over,
        )

    def _kinds(self, requests: int) -> tuple[int, int, int]:
        """Give how many of the first so many requests failed, were the client's errors, and were limited."""
        below = max((s for s in self._stands if s.requests <= requests), key=lambda s: (s.requests, s.at))
        above = min((s for s in self._stands if s.requests >= requests), key=lambda s: (s.requests, -s.at))
        ahead, between = requests - below.requests, max(1, above.requests - below.requests)
        return (
            below.failed + (above.failed - below.failed) * ahead // between,
            below.client_errors + (above.client_errors - below.client_errors) * ahead // between,
            below.limited + (above.limited - below.limited) * ahead // between,
        )


def stand_of(counts: ClusterCounts, seen: Bounds, at: float) -> Stand:
    """Give the live counts, with what no code tells."""
    limited = counts.codes.get(429, 0)
    of_clients = sum(number for code, number in counts.codes.items() if 400 <= code < 500)
    failed = sum(number for code, number in counts.codes.items() if code >= 500)
    requests = sum(counts.codes.values()) + seen.left
    return Stand(at, requests, failed + seen.cut, of_clients - limited + seen.left, limited)
