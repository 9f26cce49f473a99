"""What Envoy's counters say of one cluster's visitors, and what they leave out.

Envoy books one response code for every request that it answered, its own 503 and 504 for a server that is gone or
hung included, so the codes are the requests and nothing is added to them for connect failures, resets before an
answer, or time-outs. Three kinds of request need more than their code:

* cut off after the headers: booked as 200, never timed. What was reset or timed out beyond the 503s and 504s is that.
* a visitor who left before the headers: no code at all. Counted as 499, a client's error, as the sandbox does.
* answered by Envoy itself: never timed, so over every limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.samples import Sample as Point

from golive.core.digest import EDGES
from golive.core.samples import CouldNotMeasure, Unmeasured
from golive.staging.envoy_config import just_below

PREFIX = "envoy_cluster_"
UPTIME = "envoy_server_uptime"
LABEL = "envoy_cluster_name"
CODE = "envoy_response_code"
ALWAYS = "upstream_rq_total"
ANSWERED = "upstream_rq"
ADDED = "_total"  # the parser adds it to the name of every counter that lacks it: `upstream_rq` and `upstream_rq_total`
# become one name, told apart by the label that holds the code
UNSENT = ("upstream_rq_pending_failure_eject", "upstream_cx_none_healthy", "upstream_rq_pending_overflow")
RESETS = ("upstream_cx_destroy_remote_with_active_rq", "upstream_rq_rx_reset")
LEAVES = ("upstream_cx_destroy_local_with_active_rq", "upstream_rq_tx_reset")
TIMEOUTS = ("upstream_rq_timeout", "upstream_rq_per_try_timeout")
NAMES = (ALWAYS, "upstream_rq_active", "upstream_rq_retry", *UNSENT, *RESETS, *LEAVES, *TIMEOUTS)
NEEDED = (500, 1000)


@dataclass(frozen=True)
class ClusterCounts:
    """One cluster's counts as one scrape gave them.

    Attributes:
        codes: Response code -> answers.
        counters: Envoy's other counters, by their name without the prefix.
        timed: Requests whose time is in the histogram.
        within: Milliseconds -> timed requests that took less, where Envoy has the bucket `just_below`; else up to
            a tenth longer.
    """

    codes: Mapping[int, int] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    timed: int = 0
    within: Mapping[int, int] = field(default_factory=dict)

    def of(self, *names: str) -> int:
        """Give the sum of these counters."""
        return sum(self.counters.get(name, 0) for name in names)

    def below(self, before: ClusterCounts) -> bool:
        """Say whether any count is lower than it was, which only a restart does."""
        sums = [(sum(one.codes.values()), one.of(ALWAYS), one.timed) for one in (self, before)]
        return any(less < more for less, more in zip(*sums, strict=True))


def pattern(clusters: Sequence[str]) -> str:
    """Give the regular expression over Envoy's own stat names that asks for these clusters and no more."""
    escaped = "|".join("".join(c if c.isalnum() or c in "_-" else f"\\{c}" for c in name) for name in clusters)
    return rf"^(server\.uptime|cluster\.({escaped})\.({'|'.join(NAMES)}|upstream_rq_\d\d\d|upstream_rq_time))$"


def uptime_of(points: Sequence[Point]) -> float:
    """Give the seconds that Envoy says it has been up, as of its last flush; 0 when it does not say."""
    return next((point.value for point in points if point.name == UPTIME and point.value > 0), 0.0)


def counts_of(points: Sequence[Point], cluster: str) -> ClusterCounts | CouldNotMeasure:
    """Give what a scrape says of one cluster; a code that was never answered has no series, a cluster always has."""
    codes: dict[int, int] = {}
    counters: dict[str, int] = {}
    timed, buckets = 0, dict[int, int]()
    for point in points:
        if point.labels.get(LABEL) != cluster:
            continue
        if not math.isfinite(point.value) or point.value < 0:
            return CouldNotMeasure(Unmeasured.NOT_A_NUMBER, f"{point.name} of {cluster} is {point.value}")
        name, value = point.name.removeprefix(PREFIX).removesuffix(ADDED), int(point.value)
        if CODE in point.labels:
            codes |= {int(point.labels[CODE]): value} if name == ANSWERED and _is_code(point.labels[CODE]) else {}
        elif name == ANSWERED:
            counters[ALWAYS] = value
        elif name == "upstream_rq_time_count":
            timed = value
        elif name == "upstream_rq_time_bucket":
            buckets[_edge(point.labels.get("le", ""))] = value
        elif name in NAMES:
            counters[name] = value
    if ALWAYS not in counters:
        return CouldNotMeasure(Unmeasured.EMPTY, f"Envoy has no cluster {cluster}")
    within = {e: buckets.get(just_below(e), buckets.get(e, 0)) for e in EDGES if buckets.keys() & {e, just_below(e)}}
    missing = set(NEEDED) - set(within) if timed else set()
    if missing:
        return CouldNotMeasure(Unmeasured.EMPTY, f"the histogram of {cluster} has no edge at {min(missing)} ms")
    return ClusterCounts(codes, counters, timed, within)


def _is_code(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isdecimal()


def _edge(text: str) -> int:
    """Give a bucket's edge in whole milliseconds; Envoy writes `500`, not `0.5` and not `500.0`."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1


@dataclass(frozen=True)
class Bounds:
    """What no code tells, as bounds that never go beyond the truth: cut off in the answer, left before it, untimed."""

    cut: int = 0
    left: int = 0
    untimed: int = 0

    def or_more(self, other: Bounds) -> Bounds:
        """Give the higher of each; a bound that was true stays true."""
        return Bounds(max(self.cut, other.cut), max(self.left, other.left), max(self.untimed, other.untimed))


def bounds(counts: ClusterCounts) -> Bounds:
    """Give what the counters show beyond the codes. With retries on, what a retry hid is not counted."""
    retried, unsent = counts.of("upstream_rq_retry"), counts.of(*UNSENT)
    resets, timeouts = max(0, counts.of(*RESETS) - retried), counts.of(*TIMEOUTS)
    own = max(0, counts.codes.get(503, 0) - unsent)
    cut = max(0, resets - own) + max(0, timeouts - counts.codes.get(504, 0))
    answered = sum(counts.codes.values()) - unsent
    waiting = counts.of(ALWAYS) - retried - counts.of("upstream_rq_active") - answered
    left = max(0, min(counts.of(*LEAVES) - timeouts, waiting))
    return Bounds(cut, left, unsent + resets + timeouts + left)
