"""Simulated visitors of a go-live, second by second, for many runs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK = 60
PROBE_EVERY = 5
SPARSE = 0.5

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Scenario:
    """What a site and its two versions are like.

    Attributes:
        site_rate: Requests per second of the whole site.
        canary_failed: Share of the canary's requests that fail; `stable_failed` the same of stable.
        shares: The split of each phase; `soaks` the phases' planned lengths in seconds, whole minutes.
        change: (phase index, second in that phase) from which the canary fails and is slow as given
            here; before it the canary is as stable. None: from the first shift.
        canary_over_500: Share of the canary's requests that did not fail and took over 500 ms;
            `canary_over_1000`, `stable_over_500` and `stable_over_1000` likewise.
        client_errors: Share of 4xx among either version's requests that did not fail.
        correlation: Of two requests' failures within one second of one version; 0 is independent.
        cold_start: Seconds after each shift in which `cold_slow` of the canary's requests that did
            not fail take over 1000 ms, on top of its own slow ones.
        probe_loss: Chance that one health probe of the canary is lost.
        baseline: Seconds of stable alone before the first shift.
    """

    site_rate: float
    canary_failed: float
    stable_failed: float = 0.0005
    shares: tuple[float, ...] = (0.01, 0.05, 0.25, 0.5)
    soaks: tuple[int, ...] = (300, 600, 900, 1200)
    change: tuple[int, int] | None = None
    canary_over_500: float = 0.001
    canary_over_1000: float = 0.00001
    stable_over_500: float = 0.001
    stable_over_1000: float = 0.00001
    client_errors: float = 0.0
    correlation: float = 0.0
    cold_start: int = 0
    cold_slow: float = 0.2
    probe_loss: float = 0.0
    baseline: int = 600

    def __post_init__(self) -> None:
        if len(self.shares) != len(self.soaks) or not self.shares:
            raise ValueError(
                f"{len(self.shares)} shares for {len(self.soaks)} soaks: give as many of each, at least one"
            )
        if wrong := [soak for soak in self.soaks if soak <= 0 or soak % CHUNK]:
            raise ValueError(f"soaks of {wrong} s: give whole minutes, in seconds")
        if self.site_rate < 0 or not 0 <= self.correlation < 1:
            raise ValueError(f"a rate of {self.site_rate} or correlation of {self.correlation}: give ≥ 0 and 0 ≤ ρ < 1")
        shares = (*self.shares, self.canary_failed, self.stable_failed, self.cold_slow, self.probe_loss)
        if wrong_shares := [share for share in shares if not 0 <= share <= 1]:
            raise ValueError(f"{wrong_shares} for a share or chance: give numbers from 0 to 1")
        for low, high in (
            (self.canary_over_1000, self.canary_over_500),
            (self.stable_over_1000, self.stable_over_500),
        ):
            if not 0 <= low <= high <= 1 - self.client_errors:
                raise ValueError(f"over 1000 ms {low}, over 500 ms {high}: the first is part of the second")

    @classmethod
    def one_soak(
        cls, canary_rate: float, canary_failed: float, soak: int, share: float = 0.1, **more: float
    ) -> Scenario:
        """Give one soak alone with `canary_rate` requests/s of the canary; `more` are attributes by name."""
        return cls(canary_rate / share, canary_failed, shares=(share,), soaks=(soak,), **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Counts:
    """One version's requests, each array (runs, CHUNK): run by run, second by second.

    `over_1000` is part of `over_500`. Neither holds failed requests, nor does `client_errors`.
    """

    requests: Whole
    failed: Whole
    over_500: Whole
    over_1000: Whole
    client_errors: Whole


@dataclass(frozen=True)
class Chunk:
    """CHUNK seconds of all runs.

    `probe_failed` is (runs, CHUNK / PROBE_EVERY): column k is the health probe of the canary at the
    end of second (k + 1) * PROBE_EVERY. Only `probe_loss` makes it fail, never the canary's failures.
    """

    canary: Counts
    stable: Counts
    probe_failed: Truth


class Streams:
    """The same visitors for every rule, chunk by chunk and in any order.

    A chunk depends on the scenario, the number of runs, the seed, the phase and the chunk's number
    alone, so a rule that holds may ask for chunks beyond the planned soak.
    """

    def __init__(self, scenario: Scenario, runs: int, seed: int) -> None:
        self.scenario, self.runs, self.seed = scenario, runs, seed

    def baseline(self, chunk: int) -> Chunk:
        """Give a chunk of the time before the first shift, when stable has all visitors."""
        return self._draw(-1, chunk)

    def phase(self, index: int, chunk: int) -> Chunk:
        """Give chunk number `chunk` of a phase's soak; both count from 0."""
        if not 0 <= index < len(self.scenario.shares) or chunk < 0:
            raise ValueError(f"phase {index}, chunk {chunk}: there are {len(self.scenario.shares)} phases, from 0")
        return self._draw(index, chunk)

    def _draw(self, phase: int, chunk: int) -> Chunk:
        scenario = self.scenario
        # Spawned by key, so that no two chunks share a state whatever the order they are asked for in.
        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(phase + 1, chunk)))
        share = scenario.shares[phase] if phase >= 0 else 0.0
        seconds = np.arange(chunk * CHUNK, (chunk + 1) * CHUNK)
        sick = np.full(CHUNK, True)
        if scenario.change is not None:
            changed, at = scenario.change
            sick = (phase > changed) | ((phase == changed) & (seconds >= at))
        cold = np.where(seconds < scenario.cold_start, scenario.cold_slow, 0.0)
        canary = self._counts(
            generator,
            scenario.site_rate * share,
            np.where(sick, scenario.canary_failed, scenario.stable_failed),
            cold + (1 - cold) * np.where(sick, scenario.canary_over_500, scenario.stable_over_500),
            cold + (1 - cold) * np.where(sick, scenario.canary_over_1000, scenario.stable_over_1000),
        )
        stable = self._counts(
            generator,
            scenario.site_rate * (1 - share),
            np.full(CHUNK, scenario.stable_failed),
            np.full(CHUNK, scenario.stable_over_500),
            np.full(CHUNK, scenario.stable_over_1000),
        )
        probes = (self.runs, CHUNK // PROBE_EVERY)
        lost = generator.random(probes) < scenario.probe_loss if scenario.probe_loss else np.zeros(probes, np.bool_)
        return Chunk(canary, stable, lost)

    def _counts(
        self, generator: np.random.Generator, rate: float, failed: Real, over_500: Real, over_1000: Real
    ) -> Counts:
        """Draw one version. A Poisson number of requests, each put into one class by chance, is an
        independent Poisson number in each class; that is exact and cheaper than binomials.
        """
        chance = _chance(generator, failed, self.scenario.correlation, self.runs)
        # A cold start may leave no room for all 4xx answers.
        client = np.minimum(self.scenario.client_errors, 1 - over_500)

        def drawn(share: Real) -> Whole:
            return _poisson(generator, rate * share, self.runs)

        bad = drawn(chance)
        answered = 1 - chance
        slowest, slow = drawn(answered * over_1000), drawn(answered * (over_500 - over_1000))
        refused, plain = drawn(answered * client), drawn(answered * (1 - over_500 - client))
        slow += slowest
        plain += bad
        plain += slow
        plain += refused
        return Counts(plain, bad, slow, slowest, refused)


def _poisson(generator: np.random.Generator, rates: Real, runs: int) -> Whole:
    """Draw (runs, CHUNK) Poisson numbers; the rates are by second, or by run and second."""
    if rates.ndim > 1 or rates.max() > SPARSE:
        return generator.poisson(rates, (runs, CHUNK))
    # Few events: draw how many there are in each second of all runs together, then whose they are.
    second = np.repeat(np.arange(CHUNK), generator.poisson(rates * runs))
    run = generator.integers(runs, size=second.size)
    return np.bincount(run * CHUNK + second, minlength=runs * CHUNK).reshape(runs, CHUNK)


def _chance(generator: np.random.Generator, failed: Real, correlation: float, runs: int) -> Real:
    """Give the chance of failure: by second, or by run and second when failures are correlated.

    With p_t ~ Beta(p(1/ρ − 1), (1 − p)(1/ρ − 1)) anew each second, two requests of the same second
    fail with correlation ρ (the beta-binomial distribution).
    """
    if not correlation:
        return failed
    chance = np.broadcast_to(failed, (runs, CHUNK)).copy()
    unsure = (failed > 0) & (failed < 1)
    weight = 1 / correlation - 1
    chance[:, unsure] = generator.beta(
        failed[unsure] * weight, (1 - failed[unsure]) * weight, (runs, int(unsure.sum()))
    )
    return chance
