"""From recorded samples to looks: what both versions counted at one second, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from golive.core.samples import Sample, Tally, Version, flaw

MOST_A_SECOND = 10_000_000  # more is no count of one site's visitors


@dataclass
class Look:
    """One second of a recording; `wrong` says what of it can't be true or came at a wrong time, "" for nothing."""

    second: float
    samples: dict[Version, Sample] = field(default_factory=dict)
    wrong: str = ""

    @property
    def newest(self) -> Sample | None:
        """The canary's sample, else stable's; None when there is none."""
        return self.samples.get(Version.CANARY) or self.samples.get(Version.STABLE)

    @property
    def requests(self) -> int:
        """Requests of both versions."""
        return sum(sample.tally.requests for sample in self.samples.values())


def length_of(samples: Sequence[Sample]) -> float:
    """Give the usual length of a sample, in seconds; 1 when there is none."""
    return median(sample.seconds for sample in samples) if samples else 1.0


def looks_of(samples: Sequence[Sample]) -> Iterator[Look]:
    """Give the looks of a recording in their order.

    A row that repeats a version's second or comes after a later one counts for nobody; the look at
    which it turned up says so. Rows of the two versions less than half a stretch apart are one look.
    Times are those of the file, since no monotonic clock outlives its host.
    """
    near = length_of(samples) / 2
    kept, wrong = _in_order(samples)
    look: Look | None = None
    for sample in kept:
        if look is None or sample.version in look.samples or sample.second - look.second >= near:
            if look is not None:
                yield _checked(look)
            look = Look(sample.second)
        look.samples[sample.version] = sample
        look.wrong = look.wrong or wrong.get((sample.version, sample.second), "")
    if look is not None:
        yield _checked(look)


def _in_order(samples: Sequence[Sample]) -> tuple[list[Sample], Mapping[tuple[Version, float], str]]:
    kept: list[Sample] = []
    newest: dict[Version, float] = {}
    wrong: dict[tuple[Version, float], str] = {}
    for sample in samples:
        version, last = sample.version, newest.get(sample.version)
        if last is None or sample.second > last:
            newest[version] = sample.second
            kept.append(sample if sample.at == sample.second else replace(sample, at=sample.second))
        elif sample.second == last:
            wrong.setdefault((version, last), f"{version}: a second that is repeated")
        else:
            wrong.setdefault((version, last), f"{version}: a row that is {last - sample.second:.0f} s late")
    return sorted(kept, key=lambda sample: sample.second), wrong


def _checked(look: Look) -> Look:
    for version, sample in look.samples.items():
        for route, tally in {"": sample.tally, **sample.routes}.items():
            why = _flaw(tally, sample.seconds)
            if why and not look.wrong:
                look.wrong = f"{version}{', ' + route if route else ''}: {why}"
    return look


def _flaw(tally: Tally, seconds: float) -> str:
    found = flaw(tally)
    if found is not None:
        return f"{found.detail} ({found.why})"
    if tally.requests > MOST_A_SECOND * max(seconds, 1.0):
        return f"{tally.requests} requests in {seconds:.0f} s are not believable"
    if tally.over.get(1000, 0) > tally.over.get(500, tally.requests):
        return "more requests over 1000 ms than over 500 ms"
    return ""
