"""Checks of the site's operations: a number that an endpoint gives, dashboards with data, flags and their values."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from golive.adapters.checks.asking import TRIES, Site, at, json_at, json_in, measuring, shown, text_at
from golive.adapters.checks.run import Known, Saw, Scene
from golive.adapters.reports.origin import Wrong, from_epoch, moment, of_time
from golive.adapters.reports.reading import ReportTrouble
from golive.core.plain import plain
from golive.core.scalars import Part, PositiveDuration, Share, Texts
from golive.core.units import say_duration
from golive.core.watched import EXCESS

EPOCH_MILLISECONDS = 1e11
SHOWN = 3


def _limit(value: Any) -> Any:
    if value is None or isinstance(value, float):
        return value
    text = str(value)
    number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not math.isfinite(number):
        raise ValueError("a number was expected, for example '10' or '80%'")
    return number


Limit = Annotated[float | None, BeforeValidator(_limit)]


class NumberSettings(Part):
    """Where the number is read, an address or a file, and within which limits it has to lie.

    `value` and `time` are JSON pointers (RFC 6901); a list counts as the number of its items. `time` is when it was
    measured: ISO 8601, or seconds or milliseconds since 1970; without it the number is taken as of now.
    """

    endpoint: str
    value: str = ""
    at_least: Limit = None
    at_most: Limit = None
    time: str = ""
    not_older_than: PositiveDuration = timedelta(minutes=5)


class GrowthSettings(Part):
    """Where the number is read, as for `number`, and by which share it may have grown since the line `before`.

    `before_endpoint`, an address or a file of before, is read where that line has not run in this run.
    """

    endpoint: str
    value: str = ""
    time: str = ""
    not_older_than: PositiveDuration = timedelta(minutes=5)
    before: str
    before_endpoint: str = ""
    grown_at_most: Share


class DashboardSettings(Part):
    """Addresses that have to answer 200, and endpoints that say when their newest data came, at the pointer `time`."""

    pages: Texts = ()
    data: Texts = ()
    time: str = "/newest"
    not_older_than: PositiveDuration = timedelta(minutes=5)


def _some(value: Mapping[str, str]) -> Mapping[str, str]:
    if not value:
        raise ValueError("at least one flag was expected")
    return value


class FlagSettings(Part):
    """The path of the flags on the canary, and each JSON pointer with the value that has to stand there."""

    path: str = "/api/feature-flags"
    flags: Annotated[dict[str, str], AfterValidator(_some)]


@measuring("a number within its limits")
async def number(scene: Scene, wanted: NumberSettings) -> Saw:
    """See whether a number lies within its limits, and is not too old."""
    if wanted.at_least is None and wanted.at_most is None:
        raise ReportTrouble("the line has no limit", "give at_least or at_most")
    expected = " and ".join(
        f"{word} {limit:g}" for word, limit in (("≥", wanted.at_least), ("≤", wanted.at_most)) if limit is not None
    )
    counted, wrong = await _read(scene, wanted)
    evidence = {"endpoint": plain(wanted.endpoint, 200), "value": counted, EXCESS: _excess(counted, wanted)}
    seen = f"{counted:g}"
    if wanted.time:
        expected += f", at most {say_duration(wanted.not_older_than)} old"
    if wrong is not None:
        return Saw(False, expected, f"{seen}, {wrong.why}", evidence, "see why it is not measured any more")
    low = wanted.at_least is not None and counted < wanted.at_least
    high = wanted.at_most is not None and counted > wanted.at_most
    then = f"see why it is {'low' if low else 'high'}, and wait until it is not"
    return Saw(not (low or high), expected, seen, evidence, then)


def _excess(value: float, wanted: NumberSettings) -> float:
    """Give by how much a number lies beyond its nearest limit; below 0 within them."""
    high = value - wanted.at_most if wanted.at_most is not None else -math.inf
    return max(high, wanted.at_least - value if wanted.at_least is not None else -math.inf)


@measuring("a number that has not grown too much")
async def number_as_before(scene: Scene, wanted: GrowthSettings) -> Saw:
    """See whether a number has grown by no more than a share since the line `before` read it."""
    kept = scene.earlier.get(wanted.before, {}).get("value")
    if kept is None and not wanted.before_endpoint:
        raise ReportTrouble(
            f"the line {wanted.before!r} has kept no number in this run", f"let the preflight have {wanted.before}"
        )
    before = _counted(kept if kept is not None else at(await json_at(wanted.before_endpoint, scene.base), wanted.value))
    if before <= 0:
        raise ReportTrouble(f"it was {before:g} before: no growth can be told", f"see what {wanted.before} reads")
    now, wrong = await _read(scene, wanted)
    grown = now / before - 1
    expected = f"at most {wanted.grown_at_most:.0%} more than {before:g}"
    evidence = {"endpoint": plain(wanted.endpoint, 200), "value": now, "before": before, "grown": round(grown, 4)}
    seen = f"{now:g}, {grown:+.1%}"
    if wrong is not None:
        return Saw(False, expected, f"{seen}, {wrong.why}", evidence, "see why it is not measured any more")
    return Saw(grown <= wanted.grown_at_most, expected, seen, evidence, "see what made it grow, and who has to know")


async def _read(scene: Scene, wanted: NumberSettings | GrowthSettings) -> tuple[float, Wrong | None]:
    """Give the number, and what is wrong with when it was measured."""
    data = await json_at(wanted.endpoint, scene.base)
    counted = _counted(at(data, wanted.value))
    if not wanted.time:
        return counted, None
    return counted, of_time(moment_of(at(data, wanted.time)), scene.clock.now(), wanted.not_older_than)


def _counted(value: Any) -> float:
    counted = float(len(value)) if isinstance(value, list) else value
    if isinstance(counted, bool) or not isinstance(counted, int | float) or not math.isfinite(counted):
        raise ReportTrouble(f"{shown(value)} is no number", "mend the pointer `value` of this line")
    return counted


@measuring("dashboards that answer, with data")
async def dashboards(scene: Scene, wanted: DashboardSettings) -> Saw:
    """See whether each dashboard answers, and whether data still comes in."""
    if not wanted.pages and not wanted.data:
        raise ReportTrouble("the line names no dashboard", "give pages or data")
    expected = f"{len(wanted.pages)} answer 200, {len(wanted.data)} have data of the last "
    expected += say_duration(wanted.not_older_than)
    looks = [*(_answers(page) for page in wanted.pages), *(_has_data(scene, one, wanted) for one in wanted.data)]
    wrong = [said for said in await asyncio.gather(*looks) if said]
    evidence = {"pages": list(wanted.pages), "data": list(wanted.data)}
    seen = "; ".join(wrong[:SHOWN]) if wrong else "all do"
    return Saw(not wrong, expected, seen, evidence, "mend the dashboard before anybody needs it")


async def _answers(address: str) -> str:
    """Give what is wrong with a dashboard; "" when nothing is."""
    try:
        answer = await Site("").ask(address, tries=2)
    except ReportTrouble as trouble:
        return trouble.why
    return "" if answer.status_code == 200 else f"{plain(address, 80)} answered {answer.status_code}"


async def _has_data(scene: Scene, address: str, wanted: DashboardSettings) -> str:
    try:
        newest = moment_of(at(json_in(await Site("").ask(address, tries=2)), wanted.time))
    except ReportTrouble as trouble:
        return f"{plain(address, 80)}: {trouble.why}"
    wrong = of_time(newest, scene.clock.now(), wanted.not_older_than)
    return f"{plain(address, 80)}: newest data {wrong.why}" if wrong else ""


@measuring("flags that can be read")
async def flags(scene: Scene, wanted: FlagSettings) -> Saw:
    """See whether each flag has the value that it must have."""
    data = json_in(await Site(scene.canary).ask(wanted.path, tries=TRIES))
    have = {pointer: text_at(data, pointer) for pointer in wanted.flags}
    wrong = [f"{pointer} is {have[pointer]}" for pointer, value in wanted.flags.items() if have[pointer] != value]
    expected = ", ".join(f"{pointer} {value}" for pointer, value in wanted.flags.items())
    seen = ", ".join(wrong[:SHOWN]) if wrong else f"all {len(have)} are"
    return Saw(not wrong, expected, seen, {"flags": have}, "set the flag, and look again")


def moment_of(value: Any) -> datetime:
    """Give a moment that JSON holds: ISO 8601, or seconds or milliseconds since 1970; ReportTrouble for all else."""
    if isinstance(value, str):
        return moment(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ReportTrouble(f"{shown(value)} is no time", "mend the pointer `time` of this line")
    return from_epoch(value / 1000 if value > EPOCH_MILLISECONDS else value).astimezone(UTC)


KNOWN = {
    "number": Known("A number of the operations lies within its limits", number, NumberSettings),
    "number-as-before": Known("A number is about what it was before", number_as_before, GrowthSettings),
    "dashboards": Known("The dashboards answer and have data", dashboards, DashboardSettings),
    "flags": Known("Feature flags have their values", flags, FlagSettings),
}
