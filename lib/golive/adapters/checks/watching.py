"""Checks of what watches and moves: guard, router, metrics, disk."""

from __future__ import annotations

import shutil
from typing import Annotated

from pydantic import AfterValidator

from golive.adapters.checks.run import Known, Saw, Scene, Unseen, Waived
from golive.core.pair import acting_beat
from golive.core.phases import UNFILLED
from golive.core.samples import CouldNotMeasure, Version
from golive.core.scalars import Part
from golive.core.skew import MOST, in_words
from golive.ports import Alive, Sick, Split, Unknown

SILENT = 5.0
LEAST_FREE = 200 * 2**20
PROBES = 3
LATEST = 2.0
AGAIN, AGAIN_FOR = 0.3, 5.0  # after a read without an answer; a busy machine loses one, and not all


def _somebody(value: str) -> str:
    if value in UNFILLED and value:
        raise ValueError("the name of who accepts that was expected")
    return value


async def guard_watching(scene: Scene, nothing: Part) -> Saw:
    """See whether the guard's last beat is fresh."""
    beat = acting_beat(scene.book.beats())
    seen = f"last beat {beat.age:.1f} s ago" if beat is not None else "no guard acts"
    return Saw(beat is not None and beat.age < SILENT, f"a beat within {SILENT:.0f} s", seen)


async def router_reads_back(scene: Scene, nothing: Part) -> Saw:
    """See whether the router shows the split that the record knows; a read that says nothing is made again."""
    until = scene.clock.monotonic() + AGAIN_FOR
    while isinstance(split := await scene.router.read(), Unknown) and scene.clock.monotonic() < until:
        await scene.clock.sleep(AGAIN)
    if not isinstance(split, Split):
        return Saw(False, f"{scene.share:.2%} on the canary", split.why)
    return Saw(
        abs(split.share - scene.share) < 1e-9, f"{scene.share:.2%} on the canary", f"{split.share:.2%} on the canary"
    )


async def metrics_arrive(scene: Scene, nothing: Part) -> Saw:
    """See whether counts arrive and have visitors in them; a source may count from its first read on, and lag."""
    can = scene.metrics.can
    until = scene.clock.monotonic() + can.lag + 2 * can.granularity + LATEST
    while True:
        read = await scene.metrics.read()
        counted = 0 if isinstance(read, CouldNotMeasure) else sum(tally.requests for tally in read.tallies.values())
        if counted or scene.clock.monotonic() > until:
            break
        await scene.clock.sleep(0.2)
    seen = f"{read.why}: {read.detail}" if isinstance(read, CouldNotMeasure) else f"{counted} visitors' requests so far"
    return Saw(counted > 0, "counts of both versions", seen)


async def versions_healthy(scene: Scene, nothing: Part) -> Saw:
    """See whether both versions answer, and as different deployments; one probe may be lost, not three in a row."""
    answers = {version: await _answer(scene, version) for version in Version}
    seen = "; ".join(
        f"{version} {a.version} ({a.deployment})" if isinstance(a, Alive) else f"{version}: {a.why}"
        for version, a in answers.items()
    )
    deployments = {a.deployment for a in answers.values() if isinstance(a, Alive)}
    return Saw(len(deployments) == len(answers), "both answer, as two deployments", seen)


async def _answer(scene: Scene, version: Version) -> Alive | Sick:
    for _ in range(PROBES):
        answer = await scene.health.probe(version)
        if isinstance(answer, Alive):
            break
        await scene.clock.sleep(AGAIN)
    return answer


async def disk_space(scene: Scene, nothing: Part) -> Saw:
    """See whether the record's disk has room."""
    free = shutil.disk_usage(scene.folder).free
    return Saw(free > LEAST_FREE, f"over {LEAST_FREE // 2**20} MiB free", f"{free // 2**20} MiB free")


class Survives(Part):
    """`waived_by`: the name of who accepts that this guard may be ended by what the check finds; "" for nobody."""

    waived_by: Annotated[str, AfterValidator(_somebody)] = ""


async def guard_survives(scene: Scene, settings: Survives) -> Saw | Unseen | Waived:
    """See whether something that is no failure of its machine would end every guard."""
    expected = "a guard that only the end of its machine ends"
    said = [guard for guard in scene.guards if guard.place]
    if not said:
        return Unseen(expected, "no guard has said where it stands")
    safe = next((guard for guard in said if not guard.dangers), None)
    if safe is not None:
        return Saw(True, expected, safe.place)
    seen = f"{said[0].place}: {'; '.join(said[0].dangers)}"
    if scene.own_world:
        return Saw(True, expected, f"good enough for a rehearsal, whose world ends with it: {seen}")
    return Waived(expected, seen, settings.waived_by) if settings.waived_by else Saw(False, expected, seen)


async def clocks_agree(scene: Scene, nothing: Part) -> Saw | Unseen:
    """See whether the clock of what gives the counts is near the guard's."""
    expected = f"within {MOST:.0f} s of the guard's"
    look = scene.book.last_look()
    if look is None:
        return Unseen(expected, "no guard has looked yet")
    skew = look.body.get("skew")
    if skew is None:
        return Saw(True, expected, "this source has told no time: counts are reckoned by when they arrive")
    return Saw(abs(skew) <= MOST, expected, in_words(skew, "the source of the counts"))


KNOWN = {
    "guard-watching": Known("The guard is watching", guard_watching),
    "router-reads-back": Known("The router shows the split that the record knows", router_reads_back),
    "metrics-arrive": Known("Counts of visitors' requests arrive", metrics_arrive),
    "versions-healthy": Known("Stable and canary are healthy", versions_healthy),
    "guard-survives": Known("Nothing ends the guard but its machine's end", guard_survives, Survives),
    "clocks-agree": Known("The clocks agree", clocks_agree),
    "disk-space": Known("The record's disk has room", disk_space),
}
