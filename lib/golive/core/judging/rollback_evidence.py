"""Evidence that this is no healthy canary: an e-process that may be looked at every second.

For each share q worse than the rollback limit, and each look at which a change may have begun, the
likelihood ratio of q against the proceed limit is a supermartingale while the canary is healthy.
A mixture of them, with weights that are fixed before each look and sum to at most one, is one too:
a canary at or below the limit ever reaches 1/α with a chance of at most α (Ville 1939; see Ramdas
and others, "Game-theoretic statistics and safe anytime-valid inference", 2023; for changes at an
unknown time, Shin, Ramdas and Rinaldo, "E-detectors", 2022).

Nothing is gained by passing 1/α by far. What a look could bring beyond it is taken off and given
back to all that it can bring below it, so that the expectation stays what it was (Fischer and
Ramdas, "Improving Wald's sequential probability ratio test by avoiding overshoot", 2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from golive.core.judging.bursts import Ratio

TIMES = (2, 5, 25)  # multiples of the rollback limit that are tried as alternatives, and HIGHEST
HIGHEST = 0.95
PRIOR = (0.3, 0.3, 0.25, 0.15)
AT_FIRST, AT_SHIFTS, ANYWHERE = 0.85, 0.05, 0.10  # prior chances of where a change begins
LOWEST_BOOSTED = -1.0  # below it the line is too far for a boost to matter


@dataclass(frozen=True)
class Stretch:
    """What was counted since the change that the evidence points at."""

    requests: int
    bad: int

    @property
    def share(self) -> float:
        """The share of bad requests, 0 to 1; 0 without requests."""
        return self.bad / self.requests if self.requests else 0.0


def alternatives(trigger: float) -> tuple[tuple[float, float], ...]:
    """Give the shares that are tried, from twice the rollback limit upwards, with their weights."""
    shares = [trigger * times for times in TIMES if trigger * times < HIGHEST * 0.8]
    kept = [*PRIOR[: len(shares)], PRIOR[-1]]
    return tuple((share, weight / sum(kept)) for share, weight in zip([*shares, HIGHEST], kept, strict=True))


def spent(expected: float) -> float:
    """Give how much of the weight for a change at any look is spent when so many bad ones were due.

    In units of what the limit allows, so that it does not depend on traffic; its density falls as
    1/(m log² m), the slowest that still sums to one without an end of time.
    """
    return 1 - 1 / (1 + math.log1p(expected))


class _Track:
    """The mixture at one correlation within a second; everything as natural logarithms."""

    def __init__(self, limit: float, trigger: float, correlation: float, wanted: float) -> None:
        tried = alternatives(trigger)
        self._ratio = Ratio(limit, [share for share, _ in tried], correlation)
        self._prior = [math.log(weight) for _, weight in tried]
        self._limit, self._wanted = limit, wanted
        self._logs = [-math.inf] * len(tried)
        self._untouched = 0.0  # of the weight that no change has taken yet
        self.best = [-math.inf] * len(tried)  # the single start with the greatest weight, each alternative's
        self.begun = [(0, 0)] * len(tried)
        self.log = 0.0

    def add(self, requests: int, bad: int, entering: float, left: float, before: tuple[int, int]) -> None:
        """Take in a look: `entering` (a logarithm) begins a change here, `left` of the weight is untouched."""
        scale, logs, exp, log1p = self._untouched, self._logs, math.exp, math.log1p
        new = entering + scale
        for j, prior in enumerate(self._prior):
            low, high = logs[j], new + prior
            if self.best[j] < high:
                self.best[j], self.begun[j] = high, before
            if low > high:
                low, high = high, low
            logs[j] = high + log1p(exp(low - high))
        rest = left + scale
        boost = self._boost(logs, rest, requests) if LOWEST_BOOSTED <= self.log < self._wanted else 0.0
        for j, gain in enumerate(self._ratio(requests, bad)):
            logs[j] += gain + boost
            self.best[j] += gain + boost
        self._untouched = scale + boost
        self.log = _log_sum([*logs, rest + boost])

    def _boost(self, base: list[float], rest: float, requests: int) -> float:
        """Give by how much every outcome below the line may be raised for what lies beyond it."""
        due = self._limit * requests
        most = min(requests, int(due + 3 * math.sqrt(due)) + 2)  # more is too rare to give anything back
        if self._after(base, rest, requests, most) < self._wanted:
            return 0.0
        values: list[float] = []
        while not values or values[-1] < self._wanted:
            values.append(self._after(base, rest, requests, len(values)))
        chances = [math.exp(self._ratio.log_chance(requests, bad)) for bad in range(len(values))]
        below = len(values) - 1
        while below > 0:
            beyond = 1 - sum(chances[:below])
            room = math.exp(self.log - self._wanted) - beyond
            held = sum(c * math.exp(v - self._wanted) for c, v in zip(chances[:below], values[:below], strict=True))
            boost = math.log(room / held) if room > held > 0 else 0.0
            if values[below - 1] + boost < self._wanted:
                return boost
            below -= 1
        return 0.0

    def _after(self, base: list[float], rest: float, requests: int, bad: int) -> float:
        gains = self._ratio(requests, bad)
        return _log_sum([*(log + gain for log, gain in zip(base, gains, strict=True)), rest])


class RollbackEvidence:
    """The running evidence of one criterion against a canary at `limit`."""

    def __init__(self, limit: float, trigger: float, correlations: Sequence[float], wanted: float) -> None:
        """Begin with nothing seen.

        Args:
            limit: Share up to which a canary is healthy.
            trigger: Share above which the runbook rolls back; alternatives begin beyond it.
            correlations: What the correlation within a second may be; the least evidence counts.
            wanted: log(1/α): what a rollback needs.
        """
        self.limit, self.wanted = limit, wanted
        self.requests = self.bad = 0
        self._tracks = [_Track(limit, trigger, correlation, wanted) for correlation in correlations]
        self._entering, self._left, self._shifts = AT_FIRST, 1.0, 0

    def shift(self) -> None:
        """Say that a split has just moved: changes like to begin there."""
        if self.requests:
            self._shifts += 1
            self._entering += AT_SHIFTS / (self._shifts * (self._shifts + 1))

    def add(self, requests: int, bad: int) -> None:
        """Take in one look's canary requests and the bad ones among them."""
        if not requests:
            return
        due, before = self.limit * self.requests, (self.requests, self.bad)
        entering = self._entering + ANYWHERE * (spent(due + self.limit * requests) - spent(due))
        self._entering = 0.0
        self._left -= entering
        weight, left = math.log(entering), math.log(self._left)
        for track in self._tracks:
            track.add(requests, bad, weight, left, before)
        self.requests += requests
        self.bad += bad

    @property
    def log(self) -> float:
        """The logarithm of the e-process, at the correlation that gives the least."""
        return min(track.log for track in self._tracks)

    @property
    def stretch(self) -> Stretch:
        """What was counted since the best supported change, at the correlation that gives the least."""
        track = min(self._tracks, key=lambda each: each.log)
        requests, bad = track.begun[max(range(len(track.best)), key=track.best.__getitem__)]
        return Stretch(self.requests - requests, self.bad - bad)


def _log_sum(logs: Sequence[float]) -> float:
    highest, total, exp = max(logs), 0.0, math.exp
    for log in logs:
        total += exp(log - highest)
    return highest + math.log(total)
