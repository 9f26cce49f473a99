"""Whether the way back was rehearsed lately, as the archives of rehearsals show it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from golive.adapters.checks.run import Known, Saw, Scene, Unseen
from golive.archive import manifest
from golive.archive.verify import RECORD, Standing, read_record, verify
from golive.core.errors import GoLiveError
from golive.core.folding import fold
from golive.core.plain import plain
from golive.core.scalars import Part, PositiveDuration, Texts
from golive.core.units import say_duration

MOST, LONGEST_LINE = 200, 1_000_000


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("at least one plan was expected, for example [staging]")
    return value


class RehearsedSettings(Part):
    """Of which plans a rehearsal counts, and how old the newest may be; `archives` is where they lie, else the runs."""

    plans: Annotated[Texts, AfterValidator(_some)]
    not_older_than: PositiveDuration = timedelta(days=30)
    archives: str = ""


@dataclass(frozen=True)
class _Rehearsal:
    run: str
    rolled_back: datetime
    seconds: float


async def rollback_rehearsed(scene: Scene, wanted: RehearsedSettings) -> Saw | Unseen:
    """See whether an archive that verifies tells of a rollback that was done, lately, in a rehearsal of such a plan."""
    plans, age = ", ".join(wanted.plans), say_duration(wanted.not_older_than)
    expected = f"a rollback done in a rehearsal of {plans} within {age}, in an archive that verifies"
    place = scene.base / wanted.archives if wanted.archives else scene.runs
    found, broken = await asyncio.to_thread(_newest, place, wanted.plans)
    then = f"golive rehearse {wanted.plans[0]} --fault errors@3"
    if found is None:
        return Saw(False, expected, broken or f"none in {plain(place, 100)}", {}, then)
    old = scene.clock.now() - found.rolled_back
    seen = f"{found.run}: back in {found.seconds:.1f} s, {old.days} days ago"
    return Saw(old <= wanted.not_older_than, expected, seen, {"run": found.run, "seconds": found.seconds}, then)


def _newest(place: Path, plans: tuple[str, ...]) -> tuple[_Rehearsal | None, str]:
    """Give the newest rehearsal that counts, and of those that do not why the newest does not."""
    broken = ""
    for root in _archives(place):
        if _plan_of(root) not in plans:
            continue
        standing = verify(root)
        if standing.standing is not Standing.CONSISTENT:
            broken = broken or f"{root.name}: {standing.why}"
            continue
        try:
            back = fold(read_record(root / RECORD)).rollback
        except GoLiveError as error:
            broken = broken or f"{root.name}: {str(error).splitlines()[0]}"
            continue
        if back is not None and back.done:
            seconds = float(back.detail.get("verified", {}).get("seconds_to_safe", 0.0))
            return _Rehearsal(root.name, datetime.fromisoformat(back.ended_at), seconds), broken
    return None, broken


def _archives(place: Path) -> list[Path]:
    """Give the sealed archives there, the newest first: their names begin with their time."""
    sealed = [root for root in place.glob("*") if (root / manifest.SEAL).is_file()] if place.is_dir() else []
    return sorted(sealed, key=lambda root: root.name, reverse=True)[:MOST]


def _plan_of(root: Path) -> str:
    """Give the name of the plan that an archive says it is of; "" when it can't be read."""
    try:
        with (root / RECORD).open(encoding="utf-8") as file:
            return str(json.loads(file.readline(LONGEST_LINE))["body"]["plan"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


KNOWN = {"rollback-rehearsed": Known("The rollback was rehearsed lately", rollback_rehearsed, RehearsedSettings)}
