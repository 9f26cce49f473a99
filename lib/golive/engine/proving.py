"""What proves a split: visitors counted on both versions or, where each stays where he was put, forced requests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from golive.core.proof import Proving, Standing
from golive.core.samples import Version
from golive.engine.sight import Sight
from golive.engine.stray import SAME
from golive.ports import Clock, Forcing, Sick, Split

DEADLINE = 30.0
COUNT_EVERY = 0.2
FORCE_EVERY = 1.0
RESULTS = {Standing.PROVEN: "done", Standing.NOT_SO: "failed", Standing.NOT_ENOUGH: "unknown"}


@dataclass(frozen=True)
class Proven:
    """What a proof came to: "done", "failed" when it shows that the split is not so, "unknown" when not enough yet.

    `counted` has the numbers behind it, `read_back` the share that the router read back meanwhile.
    """

    result: str
    seen: str
    read_back: float | None
    counted: Mapping[str, float] = field(default_factory=dict)


async def prove_counted(sight: Sight, clock: Clock, share: float, since: float) -> Proven:
    """Count visitors from `since` (monotonic) on, until they prove the share or the time is over."""
    until, proving = clock.monotonic() + DEADLINE, Proving(share)
    while proving.standing is not Standing.PROVEN and clock.monotonic() <= until:
        requests = sight.requests(since)
        proving.look(requests[Version.CANARY], sum(requests.values()))
        await clock.sleep(COUNT_EVERY)
    seen, back = proving.seen, _read_back(sight)
    same = back is not None and abs(back - share) < SAME
    said = f"{seen.canary} of {seen.requests} visitors met the canary: {seen.share:.2%}"
    said += f" (99.9 % range {seen.low:.2%} to {seen.high:.2%}), wanted {share:.2%}"
    if proving.standing is Standing.NOT_ENOUGH:
        said = f"not enough yet, about {proving.more} more visitors: {said}"
    elif not same:
        said += f"; the router reads back {'nothing' if back is None else f'{back:.2%}'}"
    numbers = {"asked": seen.requests, "canary": seen.canary, "low": seen.low, "high": seen.high}
    result = RESULTS[proving.standing]
    if result == "done" and not same:
        result = "unknown" if back is None else "failed"
    return Proven(result, said, back, numbers)


async def prove_forced(forcing: Forcing, sight: Sight, clock: Clock, share: float, since: float) -> Proven:
    """Force requests of ours to each version that has visitors, until each meets it or the time is over.

    It proves that the router shows the share and that both versions are reached through it. Which share of the
    visitors met the canary it does not prove: what was counted so far is told beside it.
    """
    until = clock.monotonic() + DEADLINE
    wanted = [version for version in Version if share < 1 or version is Version.CANARY]
    while True:
        answers = await asyncio.gather(*(forcing.forced(version) for version in wanted))
        met = dict(zip(wanted, answers, strict=True))
        back = _read_back(sight)
        same = back is not None and abs(back - share) < SAME
        if (same and all(met[version] is version for version in wanted)) or clock.monotonic() > until:
            break
        await clock.sleep(FORCE_EVERY)
    requests = sight.requests(since)
    canary, number = requests[Version.CANARY], sum(requests.values())
    result = _result(met, back, share)
    said = f"the router reads back {'nothing' if back is None else f'{back:.2%}'}, wanted {share:.2%}; "
    said += "; ".join(_met(version, answer) for version, answer in met.items())
    said += f"; {canary} of {number} visitors counted so far met the canary" if number else "; no visitor counted yet"
    if result == "done" and share < 1:
        said += ", which is no proof of the share: visitors stay where they were put"
    return Proven(result, said, back, {"asked": number, "canary": canary, "low": 0.0, "high": 1.0})


def _result(met: Mapping[Version, Version | Sick], back: float | None, share: float) -> str:
    if back is None or any(isinstance(answer, Sick) for answer in met.values()):
        return "unknown"
    right = abs(back - share) < SAME and all(answer is version for version, answer in met.items())
    return "done" if right else "failed"


def _met(version: Version, answer: Version | Sick) -> str:
    if isinstance(answer, Sick):
        return f"forced to {version}: {answer.why}"
    return f"forced to {version}: met {answer}"


def _read_back(sight: Sight) -> float | None:
    split = sight.inbox.split
    return split.share if isinstance(split, Split) else None
