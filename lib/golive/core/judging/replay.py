"""Recorded samples judged again, second by second, as the guard would have judged them under a plan.

It begins phases, learns from the baseline and finds blindness by the guard's own rules, and has no
statistics of its own. What was not recorded as samples (health, logs, top-up) is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from golive.core.errors import NameUnknown
from golive.core.judging.evidence import GAP, Evidence, Soak
from golive.core.judging.judge import Alarms, judge
from golive.core.judging.looks import Look, length_of, looks_of
from golive.core.phases import Phase, PhaseKind
from golive.core.plan import Plan
from golive.core.samples import Sample, Version
from golive.core.verdict import Verdict, Word

STALE = 3.0  # seconds without counts after which they could not be measured, as for the guard
STILL = 4  # looks without any request after which a source counts as frozen, likewise
NEVER = "the canary never appears: could not measure it, none of its rows has a request while visitors are on it"


def replay(
    samples: Sequence[Sample], plan: Plan, *, phase: str = "", without: Collection[str] = ()
) -> Iterator[tuple[float, Verdict]]:
    """Give the seconds since the first sample and the verdict then, for every look with visitors on the canary.

    It ends with the first ROLLBACK: from there on the guard would have sent everybody back.

    Args:
        samples: In the order in which they were recorded.
        phase: Judge everything as one soak of this phase; "" goes by the samples' own phases.
        without: Criteria of which nothing was recorded; they are not judged.

    Raises:
        NameUnknown: If a phase is none of the plan's.
    """
    return Replay(samples, plan, phase=phase, without=without).looks()


class Replay:
    """One replay; `phase`, `evidence` and `plan` may be read between two looks."""

    def __init__(
        self, samples: Sequence[Sample], plan: Plan, *, phase: str = "", without: Collection[str] = ()
    ) -> None:
        self.plan, self._samples, self._without = plan, samples, without
        self._length = length_of(samples)
        self._lag = max(0.0, 2 * (self._length - 1))
        self.evidence = Evidence(plan, max(GAP, 2 * self._length))
        known = [candidate.name for candidate in plan.phases]
        named = dict.fromkeys(sample.phase for sample in samples if sample.phase)
        for name in (phase,) if phase else named:
            if name not in known:
                raise NameUnknown("phase", name[:60], known)
        self._named = bool(named)
        self._phased = not phase and (self._named or any(sample.share is not None for sample in samples))
        first = next(candidate.name for candidate in plan.phases if candidate.kind is PhaseKind.CANARY)
        self._fixed = phase or first
        self.phase = ""
        self._marker: tuple[str, float] = ("", -1.0)
        self._share = 0.0
        self._out = self._cut = False
        self._baseline: list[Sample] = []
        self._before = -math.inf
        self._measured_at: float | None = None
        self._still = 0

    def looks(self) -> Iterator[tuple[float, Verdict]]:
        """Give what `replay` gives."""
        start, begun, watched = None, 0.0, False
        for look in looks_of(self._samples):
            if start is None:
                start, begun = look.second, look.second - self._length
                self._before = begun
            for second, verdict in (*self._gap(look.second), *self._judged(look, begun)):
                watched = True
                yield second - start, verdict
                if verdict.word is Word.ROLLBACK:
                    return
            self._before = look.second
        if start is not None and not watched:
            yield self._before - start, self._verdict(Alarms(unmeasured=NEVER))

    def _judged(self, look: Look, begun: float) -> Iterator[tuple[float, Verdict]]:
        sample = look.newest
        assert sample is not None
        canary, stable = look.samples.get(Version.CANARY), look.samples.get(Version.STABLE)
        wrong = look.wrong or self._frozen(look)
        visited = canary is not None and not wrong and canary.tally.requests > 0
        self._learn(sample, begun, visited)
        self._begin(sample, visited)
        if self._watching and canary is None:
            wrong = wrong or "the canary has no row at this second"
        if not wrong:
            self.evidence.add(stable, canary)
            self._measured_at = look.second
            if stable is not None and not self.evidence.learned:
                self._baseline.append(stable)
        if self._watching:
            if self._measured_at is None:
                self._measured_at = look.second - self._length
            lonely = "stable has no row at this second" if stable is None and not self._cut else ""
            yield look.second, self._verdict(self._alarms(look.second, wrong or lonely))

    @property
    def _watching(self) -> bool:
        return self._out and bool(self.phase)

    def _verdict(self, alarms: Alarms) -> Verdict:
        return judge(self.evidence, alarms, self._without)

    def _alarms(self, second: float, wrong: str) -> Alarms:
        """Give the guard's alarms of not knowing; blindness is reckoned from the last look that could be measured."""
        age = second - (self._measured_at if self._measured_at is not None else second)
        said = f"could not measure: {wrong}" if wrong else ""
        blind = age > self.plan.guarding.blind_after.total_seconds() + self._lag
        return Alarms(blind=f"blind for {age:.0f} s: {said}" if blind else "", unmeasured=said)

    def _gap(self, until: float) -> Iterator[tuple[float, Verdict]]:
        """Give the verdicts of looks that a recording lacks: when its silence is noticed, and when it is too long."""
        if not self._watching:
            return
        known = self._measured_at if self._measured_at is not None else self._before
        blind = self.plan.guarding.blind_after.total_seconds()
        for patience in (STALE, blind):
            second = known + patience + self._lag + 1
            if self._before < second < until - self._length / 2:
                yield second, self._verdict(self._alarms(second, f"nothing was recorded for {second - known:.0f} s"))

    def _frozen(self, look: Look) -> str:
        self._still = self._still + 1 if not look.wrong and not look.requests else 0
        return f"no request of either version {self._still} times in a row" if self._still >= STILL else ""

    def _learn(self, sample: Sample, begun: float, visited: bool) -> None:
        """Learn from stable when the baseline is over: as long as the plan's, or all there is before the canary."""
        if self.evidence.learned:
            return
        full = self._phased and sample.second - begun >= self.plan.judging.baseline.total_seconds()
        some = any(each.tally.requests for each in self._baseline)
        if visited or (full and some):
            self.evidence.learn(self._baseline)
            self._baseline = []

    def _begin(self, sample: Sample, visited: bool) -> None:
        """Begin a soak where a phase was opened or its split has arrived."""
        if not self._phased:
            if visited and not self._out:
                self._soak(self._fixed, self.plan.phase(self._fixed).share or 1.0, sample, moved=True)
            return
        name = sample.phase if self._named else self._of(sample)
        self.phase = name
        if not name:
            self._marker = ("", self._marker[1])
            return
        share = self._share_of(name, sample, visited)
        moved = share > max(0.0, self._marker[1])
        if name != self._marker[0] or moved:
            self._soak(name, share, sample, moved)
        self._out = share > 0

    def _share_of(self, name: str, sample: Sample, visited: bool) -> float:
        if sample.share is not None:
            return sample.share
        planned = self.plan.phase(name).share
        return max(self._share, planned) if visited and planned is not None else self._share

    def _of(self, sample: Sample) -> str:
        """Give the phase whose split a sample without a phase shows: the last that is not above it."""
        share = sample.share if sample.share is not None else self._share
        reached = [phase.name for phase in self._shifting() if (phase.share or 0.0) <= share + 1e-9]
        return reached[-1] if reached else self._fixed

    def _shifting(self) -> list[Phase]:
        return [phase for phase in self.plan.phases if phase.share is not None]

    def _soak(self, name: str, share: float, sample: Sample, moved: bool) -> None:
        plan, since = self.plan, max(self._before, sample.second - sample.seconds)
        self.phase, self._marker, self._share, self._out = name, (name, share), share, share > 0
        self._cut = self._cut or share >= 1
        settle = plan.judging.settle.total_seconds() if moved else 0.0
        following = min((p.share for p in self._shifting() if p.share is not None and p.share > share), default=share)
        seconds = plan.phase(name).soak.total_seconds()
        self.evidence.begin(Soak(since, since + settle, seconds, share, following, self._cut))
