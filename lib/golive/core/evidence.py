"""Evidence that may be looked at every second: e-processes on shares of requests.

An e-process is a running product that, were the canary what it is tested against, would reach
1/α with a probability of at most α however often one looks (Ville's inequality; see Ramdas and
others, "Game-theoretic statistics and safe anytime-valid inference", 2023). Everything is kept as
a natural logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

HIGHEST_ALTERNATIVE = 0.95


@dataclass(frozen=True)
class AgainstHealthy:
    """Evidence that a share is above `limit`, for a change that may begin at any look.

    A mixture over alternatives and over the look at which the change began: look k has the
    prior weight 1/(k(k+1)), so that all weights sum to one and the whole is a test martingale
    for every share up to the limit. `logs` are the mixtures' parts and `runs` the best single
    start of each alternative, with the look where it begins.
    """

    limit: float
    alternatives: tuple[float, ...]
    logs: tuple[float, ...]
    runs: tuple[tuple[float, int], ...]
    looks: int = 0

    @classmethod
    def start(cls, limit: float) -> AgainstHealthy:
        """Give the evidence before anything was seen."""
        alternatives = tuple(_geometric(limit))
        nothing = -math.inf
        return cls(limit, alternatives, (nothing,) * len(alternatives), ((nothing, 0),) * len(alternatives))

    def add(self, requests: int, bad: int, dispersion: float = 1.0) -> AgainstHealthy:
        """Give the evidence after one more look; `dispersion` ≥ 1 tempers what a burst can say."""
        look = self.looks + 1
        prior = -math.log(look * (look + 1))
        gains = [_gain(requests, bad, q, self.limit) / dispersion for q in self.alternatives]
        logs = tuple(_log_add(log, prior) + gain for log, gain in zip(self.logs, gains, strict=True))
        runs = tuple(
            (run + gain, since) if run >= prior else (prior + gain, look)
            for (run, since), gain in zip(self.runs, gains, strict=True)
        )
        return replace(self, logs=logs, runs=runs, looks=look)

    @property
    def log(self) -> float:
        """The logarithm of the e-process."""
        untouched = -math.log(self.looks + 1)
        mixed = _log_sum(self.logs) - math.log(len(self.alternatives))
        return _log_add(mixed, untouched)

    @property
    def since(self) -> int:
        """The look (counted from 1) at which the best supported change began; 0 before any."""
        return max(self.runs)[1]


@dataclass(frozen=True)
class AgainstSick:
    """Evidence that a share is below `level`: the dual, for PROCEED.

    A mixture of likelihood ratios of smaller shares against `level`; each is a supermartingale
    for every share at or above it.
    """

    level: float
    alternatives: tuple[float, ...]
    logs: tuple[float, ...]

    @classmethod
    def start(cls, level: float, good: float) -> AgainstSick:
        """Give the evidence before anything was seen; `good` is the share that is hoped for."""
        alternatives = (good, good / 3, good / 10)
        return cls(level, alternatives, (0.0,) * len(alternatives))

    def add(self, requests: int, bad: int, dispersion: float = 1.0) -> AgainstSick:
        """Give the evidence after some more requests."""
        logs = tuple(
            log + _gain(requests, bad, q, self.level) / dispersion
            for log, q in zip(self.logs, self.alternatives, strict=True)
        )
        return replace(self, logs=logs)

    @property
    def log(self) -> float:
        """The logarithm of the e-process."""
        return _log_sum(self.logs) - math.log(len(self.logs))

    def needed(self, log_wanted: float, dispersion: float = 1.0) -> int:
        """Give how many more requests reach `log_wanted`, if none of them is bad."""
        low, high = 0, 1
        while self.add(high, 0, dispersion).log < log_wanted:
            low, high = high, high * 2
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.add(middle, 0, dispersion).log >= log_wanted else (middle, high)
        return 0 if self.log >= log_wanted else high


@dataclass(frozen=True)
class AgainstStable:
    """Evidence that the canary's share is above stable's in the same seconds.

    Conditional on their sum, the canary's part of the bad requests is binomial with its part of
    all requests when both are alike; alternatives multiply its odds by 2, 4 and 16.
    """

    logs: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def add(self, canary: tuple[int, int], stable: tuple[int, int], dispersion: float = 1.0) -> AgainstStable:
        """Give the evidence after one more second: each pair is (requests, bad)."""
        if not canary[0] or not stable[0]:
            return self
        alike = canary[0] / (canary[0] + stable[0])
        first, second, third = (
            log
            + _gain(canary[1] + stable[1], canary[1], ratio * canary[0] / (ratio * canary[0] + stable[0]), alike)
            / dispersion
            for log, ratio in zip(self.logs, (2, 4, 16), strict=True)
        )
        return AgainstStable((first, second, third))

    @property
    def log(self) -> float:
        """The logarithm of the e-process."""
        return _log_sum(self.logs) - math.log(3)


def dispersion(seconds: Sequence[tuple[int, int]], most: float) -> float:
    """Give how much more stable's bad requests vary than independent ones would, from 1 to `most`.

    `seconds` are (requests, bad) of stable's baseline; Pearson's chi-square over its degrees of
    freedom. Without a bad request there is nothing to learn, and 1 is given.
    """
    requests = sum(n for n, _ in seconds)
    bad = sum(x for _, x in seconds)
    full = [(n, x) for n, x in seconds if n]
    if not bad or len(full) < 2 or bad == requests:
        return 1.0
    share = bad / requests
    pearson = sum((x - n * share) ** 2 / (n * share * (1 - share)) for n, x in full)
    return min(max(pearson / (len(full) - 1), 1.0), most)


def _geometric(limit: float) -> list[float]:
    shares = []
    share = 2 * limit
    while share < HIGHEST_ALTERNATIVE:
        shares.append(share)
        share *= 2
    return [*shares, HIGHEST_ALTERNATIVE]


def _gain(requests: int, bad: int, alternative: float, against: float) -> float:
    good = requests - bad
    return bad * math.log(alternative / against) + good * (math.log1p(-alternative) - math.log1p(-against))


def _log_add(a: float, b: float) -> float:
    low, high = min(a, b), max(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def _log_sum(logs: Sequence[float]) -> float:
    highest = max(logs)
    if highest == -math.inf:
        return highest
    return highest + math.log(sum(math.exp(log - highest) for log in logs))
