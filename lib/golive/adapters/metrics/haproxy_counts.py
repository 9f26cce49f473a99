"""What HAProxy and the versions counted, put together into tallies of visitors' requests. Pure.

HAProxy knows requests and failures and no times; a version knows times and nothing of requests that never
reached it. What HAProxy's columns count was measured with 2.6.12:

* `stot` counts every try at a server, `scur` those still open; a retry (`wretr`) is a further try of one request.
* A refused connection counts in `econ` alone; an answer that never came or broke off before its header in `eresp`
  alone; one cut off in its body in its status class and in `eresp`, `srv_abrt` or both. None of them is an `hrsp_5xx`.
* When a server drops a connection that it had used before, HAProxy closes the visitor's without an answer and counts
  that nowhere: such a request shows only as one that is over (`stot`) and has no answer (`req_tot`).
* A request that was sent on to the other server (`option redispatch`) counts there as answered, and here only in
  `wredis`: visitors got an answer, and the version that should have given it did not. It is failed for that version;
  otherwise a dead canary would show no failure at all.
* A retry waits up to a second, in which no version measures anything: a retried request is over every limit.
* A visitor who gives up (`cli_abrt`) is a client error, as an answer of 4xx is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from golive.core.disagreement import Agreement
from golive.core.samples import CouldNotMeasure, Tally, Unmeasured, Version


@dataclass(frozen=True)
class Routed:
    """What HAProxy counts for one version: columns of `show stat`, cumulative or between two."""

    stot: int = 0
    scur: int = 0
    req_tot: int = 0
    hrsp_1xx: int = 0
    hrsp_4xx: int = 0
    hrsp_5xx: int = 0
    econ: int = 0
    eresp: int = 0
    wretr: int = 0
    wredis: int = 0
    cli_abrt: int = 0
    srv_abrt: int = 0

    def __add__(self, other: Routed) -> Routed:
        return Routed(*(one + two for one, two in zip(_values(self), _values(other), strict=True)))

    def __sub__(self, other: Routed) -> Routed:
        return Routed(*(one - two for one, two in zip(_values(self), _values(other), strict=True)))

    @property
    def went_back(self) -> bool:
        """Say, of a difference, whether HAProxy began to count anew."""
        return any(value < 0 for name, value in zip(COLUMNS, _values(self), strict=True) if name != "scur")

    @property
    def requests(self) -> int:
        """Requests that are over, answered or not."""
        return max(0, self.stot - self.scur - self.wretr)

    @property
    def cut(self) -> int:
        """Requests that got no whole answer from this version, as far as HAProxy counts them."""
        return self.econ + max(self.eresp, self.srv_abrt) + self.wredis

    @property
    def unaccounted(self) -> int:
        """Requests that are over and neither answered nor counted as anything else, less those begun to be answered."""
        known = self.econ + self.wredis + max(0, self.eresp - self.srv_abrt) + self.cli_abrt
        return self.stot - self.scur - self.wretr - self.req_tot - known


COLUMNS = tuple(part.name for part in fields(Routed))


@dataclass(frozen=True)
class Reported:
    """What a version itself counts of visitors' requests, cumulative or between two.

    Attributes:
        requests: All that it answered.
        limited: 429 answers.
        over: Milliseconds -> requests that took longer.
    """

    requests: int = 0
    limited: int = 0
    over: Mapping[int, int] = field(default_factory=dict)

    def __sub__(self, other: Reported) -> Reported:
        over = {edge: count - other.over.get(edge, 0) for edge, count in self.over.items()}
        return Reported(self.requests - other.requests, self.limited - other.limited, over)

    @property
    def went_back(self) -> bool:
        """Say, of a difference, whether the version began to count anew."""
        return min(self.requests, self.limited, *self.over.values()) < 0


@dataclass(frozen=True)
class Between:
    """One version's counts between two reads; `reported` is None when its own could not be had at both ends."""

    routed: Routed
    reported: Reported | None


class _Waiting:
    """What one source has counted before the other counted its request: it waits for the next read, and no longer."""

    def __init__(self) -> None:
        self._left = 0

    def take(self, fresh: int, room: int) -> int:
        """Give how many of what is fresh, and of what waited, go into `room` requests."""
        taken = min(fresh + self._left, max(0, room))
        self._left = max(0, fresh - taken)
        return taken


class _Dropped:
    """Requests that HAProxy dropped without counting why: at least so many.

    An answer counts when its header comes and its request when it is over, so the two differ by what is open just now:
    only a difference greater than ever before, and than what was open at the start, is sure.
    """

    def __init__(self) -> None:
        self._level = self._peak = 0

    def begin(self, open_now: int) -> None:
        """Begin, or begin again after a read that was not counted, with so many open requests."""
        self._peak = self._level + open_now

    def take(self, unaccounted: int) -> int:
        """Give how many more are sure now."""
        self._level += unaccounted
        more = max(0, self._level - self._peak)
        self._peak += more
        return more


class VersionLedger:
    """Adds up one version's tallies so that between any two of them nothing bad is counted before its request.

    HAProxy and the version are read a moment apart, and HAProxy counts a failure a moment before its request is over.
    What a version counts as slow although HAProxy had given up on it is not counted twice: it waits in vain.
    """

    def __init__(self, edges: tuple[int, ...], open_now: int = 0) -> None:
        self._dropped = _Dropped()
        self._dropped.begin(open_now)
        self.tally = Tally(over=dict.fromkeys(edges, 0))
        self._failed, self._client_errors, self._limited = _Waiting(), _Waiting(), _Waiting()
        self._slow = {edge: _Waiting() for edge in edges}

    def skip(self, open_now: int) -> None:
        """Leave out what was counted since the last read; so many requests are open now."""
        self._dropped.begin(open_now)

    def add(self, between: Between) -> None:
        """Take what was counted between two reads."""
        routed, reported = between.routed, between.reported or Reported()
        requests, cut = routed.requests, routed.cut + self._dropped.take(routed.unaccounted)
        failed = self._failed.take(routed.hrsp_5xx + cut, requests)
        limited = self._limited.take(reported.limited, min(routed.hrsp_4xx, requests - failed))
        others = routed.hrsp_4xx - limited + routed.cli_abrt
        client_errors = self._client_errors.take(others, requests - failed - limited)
        lost = min(cut + routed.wretr, requests)
        over = {
            edge: lost + slow.take(reported.over.get(edge, 0), requests - lost) for edge, slow in self._slow.items()
        }
        self.tally += Tally(requests, failed, client_errors, limited, over)


class CanaryAgreement:
    """Whether HAProxy and the canary count the same requests."""

    def __init__(self) -> None:
        self._agreement = Agreement()
        self._wrong: CouldNotMeasure | None = None

    def take(self, between: Between, open_now: int) -> CouldNotMeasure | None:
        """Say that they disagreed over the last whole stretch, or None; `open_now` requests are under way."""
        if between.reported is None:
            self._agreement.begin()
            return self._wrong
        sent = between.routed.req_tot - between.routed.hrsp_1xx  # "100 Continue" is no further request
        self._wrong = self._agreement.take(sent, between.reported.requests, open_now)
        return self._wrong


def unmeasured(version: Version, between: Between, why: str) -> CouldNotMeasure | None:
    """Say why what happened between two reads can't be judged: requests were answered whose times nobody knows."""
    if between.reported is None and between.routed.req_tot:
        return CouldNotMeasure(Unmeasured.EMPTY, f"nobody knows how long {version}'s answers took: {why}")
    return None


def _values(counts: Routed) -> tuple[int, ...]:
    return tuple(getattr(counts, name) for name in COLUMNS)
