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

A canary that is not healthy need not be sick: it may lie between the lines, where HOLD is right.
So the same is reckoned against a canary between them, and that has to show a little, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from golive.core.judging.beginnings import Beginnings, Parts, Schedule
from golive.core.judging.bursts import Ratio

TIMES = (2, 12)  # multiples of the rollback limit that are tried as alternatives, and HIGHEST
HIGHEST = 0.95
PRIOR = (0.46, 0.46, 0.08)
HEALTHY = Parts(first=0.86, shifts=0.01, anywhere=0.13)  # of the stake against a healthy canary
BETWEEN = Parts(first=0.50, shifts=0.02, anywhere=0.48)  # of the stake against one between the lines
BETWEEN_WANTED = math.log(3)
NOTHING_LEFT, NOT_BEGUN = 1e-300, -1e300
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


def weights_of_others(number: int) -> tuple[float, ...]:
    """Give the weights, against a canary between the lines, of the first of so many alternatives.

    The highest is left out where there are others: what is gained by it is not needed for so little evidence.
    """
    used = max(1, number - 1)
    return (1 / used,) * used


def between(limit: float, trigger: float) -> float:
    """Give the share that lies between the lines: twice the proceed limit, or the middle when that is nearer."""
    return min(2 * limit, math.sqrt(limit * trigger))


class _Staking:
    """Divides a stake of 1 by its parts, look by look."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._left = parts, 1.0

    def __call__(self, now: Parts) -> tuple[float, float]:
        """Give what is staked on a change that begins with this look, and what then is left; as logarithms."""
        first, shifts, anywhere = self._parts
        entering = first * now[0] + shifts * now[1] + anywhere * now[2]
        self._left -= entering
        return math.log(entering or NOTHING_LEFT), math.log(max(self._left, NOTHING_LEFT))


class _Track:
    """The mixture at one correlation within a second; everything as natural logarithms."""

    def __init__(self, limit: float, trigger: float, correlation: float, wanted: float) -> None:
        tried = alternatives(trigger)
        self._ratio = Ratio(limit, [*(share for share, _ in tried), between(limit, trigger)], correlation)
        self._prior = [math.log(weight) for _, weight in tried]
        self._limit, self._wanted = limit, wanted
        self._logs = [NOT_BEGUN] * len(tried)
        self._untouched = 0.0  # of the weight that no change has taken yet
        self.best = [NOT_BEGUN] * len(tried)  # the single start with the greatest weight, each alternative's
        self.begun = [(0, 0)] * len(tried)
        self._prior_of_others = [math.log(weight) for weight in weights_of_others(len(tried))]
        self._others = [NOT_BEGUN] * len(self._prior_of_others)
        self.log = self.beyond = 0.0

    def add(
        self, requests: int, bad: int, healthy: tuple[float, float], sick: tuple[float, float], before: tuple[int, int]
    ) -> None:
        """Take in a look: what enters and what is left against a healthy canary, and against one between the lines."""
        scale, logs, best, exp, log1p = self._untouched, self._logs, self.best, math.exp, math.log1p
        new, rest = healthy[0] + scale, healthy[1] + scale
        for j, prior in enumerate(self._prior):
            low, high = logs[j], new + prior
            if best[j] < high:
                best[j], self.begun[j] = high, before
            logs[j] = high + log1p(exp(low - high)) if low < high else low + log1p(exp(high - low))
        boost = self._boost(logs, rest, requests) if LOWEST_BOOSTED <= self.log < self._wanted else 0.0
        *gains, against_between = self._ratio(requests, bad)
        highest = rest = rest + boost
        for j, gain in enumerate(gains):
            logs[j] = log = logs[j] + gain + boost
            best[j] += gain + boost
            if log > highest:
                highest = log
        total = exp(rest - highest)
        for log in logs:
            total += exp(log - highest)
        self._untouched = scale + boost
        self.log = highest + math.log(total)
        others, (new, rest) = self._others, sick
        highest = rest
        for j, (prior, gain) in enumerate(zip(self._prior_of_others, gains, strict=False)):
            low, high = others[j], new + prior
            log = high + log1p(exp(low - high)) if low < high else low + log1p(exp(high - low))
            others[j] = log = log + gain - against_between
            if log > highest:
                highest = log
        total = exp(rest - highest)
        for log in others:
            total += exp(log - highest)
        self.beyond = highest + math.log(total)

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
        gains = self._ratio(requests, bad)  # and one more, of the share between the lines
        return _log_sum([*(log + gain for log, gain in zip(base, gains, strict=False)), rest])


class RollbackEvidence:
    """The running evidence of one criterion against a canary at `limit`, and against one between the lines."""

    def __init__(
        self, limit: float, trigger: float, correlations: Sequence[float], wanted: float, schedule: Schedule
    ) -> None:
        """Begin with nothing seen.

        Args:
            limit: Share up to which a canary is healthy.
            trigger: Share above which the runbook rolls back; alternatives begin beyond it.
            correlations: What the correlation within a second may be; the least evidence counts.
            wanted: log(1/α): what a rollback needs.
            schedule: What is planned of the half that this α is for.
        """
        self.limit, self.wanted = limit, wanted
        self.requests = self.bad = 0
        self._tracks = [_Track(limit, trigger, correlation, wanted) for correlation in correlations]
        self._beginnings = Beginnings(schedule)
        self._healthy, self._sick = _Staking(HEALTHY), _Staking(BETWEEN)

    def shift(self) -> None:
        """Say that a split has just moved: changes like to begin there."""
        self._beginnings.shift()

    def wait(self, seconds: float, planned: bool) -> None:
        """Say that so many seconds have passed up to the coming look, of a planned soak or beyond it."""
        self._beginnings.wait(seconds, planned)

    def add(self, requests: int, bad: int) -> None:
        """Take in one look's canary requests and the bad ones among them."""
        if not requests:
            return
        now, before = self._beginnings.take(), (self.requests, self.bad)
        healthy, sick = self._healthy(now), self._sick(now)
        for track in self._tracks:
            track.add(requests, bad, healthy, sick, before)
        self.requests += requests
        self.bad += bad

    @property
    def log(self) -> float:
        """The logarithm of the e-process, at the correlation that gives the least."""
        return min(track.log for track in self._tracks)

    @property
    def beyond(self) -> float:
        """The logarithm of the evidence against a canary between the lines, at the correlation that gives the least."""
        return min(track.beyond for track in self._tracks)

    @property
    def strength(self) -> float:
        """The weaker of the two as a share of what it takes: from 1 on there is evidence for a rollback."""
        return max(0.0, min(self.log / self.wanted, self.beyond / BETWEEN_WANTED))

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
