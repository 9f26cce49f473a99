"""Checks of what other tools have found: results of tests, security scans, bills of materials, Web Vitals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from golive.adapters.checks.asking import measuring
from golive.adapters.checks.run import Known, Saw, Scene
from golive.adapters.reports.origin import Wrong, of_commit, of_time
from golive.adapters.reports.reading import Report, ReportTrouble, report_at
from golive.adapters.reports.sarif import LEVELS, Level, Result, scan_of
from golive.adapters.reports.sbom import bill_of
from golive.adapters.reports.tests import tests_of
from golive.adapters.reports.vitals import Vitals, vitals_of
from golive.core.scalars import Count, Part, PositiveDuration, Share, Texts, as_tuple
from golive.core.units import say_duration

SHOWN = 3
DAY = timedelta(days=1)
Vital = Literal["LCP", "INP", "CLS"]
GOOD: Mapping[str, float] = {"LCP": 2500.0, "INP": 200.0, "CLS": 0.1}
UNITS = {"LCP": " ms", "INP": " ms", "CLS": ""}
VITALS: tuple[Vital, ...] = ("LCP", "INP", "CLS")


class TestsSettings(Part):
    """Where the report is, how old it may be, and how many tests there have to be; `zone` is for clocks without one."""

    report: str
    not_older_than: PositiveDuration = DAY
    at_least: Count = 1
    skipped_at_most: Count = 0
    flaky_at_most: Count = 0
    zone: str = ""


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


class WaivedResult(Part):
    """One result that a named person lets stand until a day: its rule, and its place as the scan gives it."""

    rule: str
    place: str
    because: str
    by: str
    until: Annotated[str, AfterValidator(_day)]


class ScanSettings(Part):
    """Where the report is, how old it may be, from which level on a result is refused, and which tools it must have."""

    report: str
    not_older_than: PositiveDuration = 7 * DAY
    refused_from: Level = "error"
    tools: Texts = ()
    waived: Annotated[tuple[WaivedResult, ...], BeforeValidator(as_tuple)] = ()


class BillSettings(Part):
    """Where the bill is, how old it may be, and how many components it has to name at least."""

    report: str
    not_older_than: PositiveDuration = 7 * DAY
    at_least: Count = 1


class VitalsSettings(Part):
    """Where the reports are, how old they may be, of which page, which vitals, and how many values of each are needed.

    A percentile that CrUX gives is taken as it is.
    """

    reports: Texts
    not_older_than: PositiveDuration = 30 * DAY
    page: str = ""
    vitals: Annotated[tuple[Vital, ...], BeforeValidator(as_tuple)] = VITALS
    at_least: Count = 3


class ComparisonSettings(VitalsSettings):
    """As for Web Vitals; `before` is what the plan calls the line whose values they are held against.

    `before_reports` are read for these values where that line has not run in this run.
    """

    before: str
    before_reports: Texts = ()
    worse_by_at_most: Share = 0.1


@measuring("all tests passed, of the release's commit")
async def tests(scene: Scene, wanted: TestsSettings) -> Saw:
    """See whether all tests passed, of the release's commit and not too long ago."""
    report = await report_at(wanted.report, scene.base)
    told = await asyncio.to_thread(tests_of, report, wanted.zone)
    expected = f"all passed ({wanted.at_least} or more), of the release's commit, at most {_old(wanted)} old"
    seen = f"{told.passed} passed, {told.failed} failed, {told.flaky} flaky, {told.skipped} skipped"
    seen += f", {told.errors} errors beside the tests" if told.errors else ""
    evidence = {**_of(report), "dialect": told.dialect, "failing": list(told.failing[:20])}
    if told.failed or told.errors:
        names = f": {', '.join(told.failing[:SHOWN])}" if told.failing else ""
        return Saw(False, expected, seen + names, evidence, "mend what the tests found, build, and run them again")
    wrong = of_commit(scene.commit, told.commits, wanted.report) or _aged(told.times, scene, wanted.not_older_than)
    if wrong is not None:
        return Saw(False, expected, f"{seen}; {wrong.why}", evidence, wrong.then)
    enough = told.passed >= wanted.at_least
    clean = told.flaky <= wanted.flaky_at_most and told.skipped <= wanted.skipped_at_most
    then = "run those that were skipped or flaky" if enough else "run the whole suite"
    return Saw(enough and clean, expected, seen, evidence, then)


@measuring("a finished scan without refused results")
async def scan(scene: Scene, wanted: ScanSettings) -> Saw:
    """See whether a security scan of the release's commit came to its end without a result that is refused."""
    report = await report_at(wanted.report, scene.base)
    told = await asyncio.to_thread(scan_of, report)
    expected = f"no result of level {wanted.refused_from} or above, of the release's commit, at most {_old(wanted)} old"
    refused = [one for one in told.results if LEVELS.index(one.level) >= LEVELS.index(wanted.refused_from)]
    today = scene.clock.now().date()
    waived = {(one.rule, one.place) for one in wanted.waived if date.fromisoformat(one.until) >= today}
    left = [one for one in refused if (one.rule, one.place) not in waived]
    counts = {level: sum(one.level == level for one in told.results) for level in LEVELS}
    seen = f"{', '.join(told.tools)}: {len(left)} refused" + (f": {_named(left)}" if left else "")
    seen += f", {len(refused) - len(left)} waived" if len(refused) > len(left) else ""
    suppressed = sum(one.suppressed for one in left)
    seen += f" ({suppressed} suppressed in the source, which is no waiver)" if suppressed else ""
    evidence = {
        **_of(report),
        "tools": list(told.tools),
        "levels": counts,
        "refused": [_line(one) for one in left[:20]],
    }
    if told.failed:
        seen += f"; {', '.join(told.failed)} did not come to its end"
        return Saw(False, expected, seen, evidence, "run the scan again, to its end")
    missing = [tool for tool in wanted.tools if tool.lower() not in {name.lower() for name in told.tools}]
    if missing:
        return Saw(False, expected, f"{seen}; nothing of {', '.join(missing)}", evidence, "run the missing tool")
    wrong = of_commit(scene.commit, told.commits, wanted.report) or _aged(told.times, scene, wanted.not_older_than)
    if wrong is not None:
        return Saw(False, expected, f"{seen}; {wrong.why}", evidence, wrong.then)
    then = "mend what it found, or waive it one by one: settings.waived of this line"
    return Saw(not left, expected, seen, evidence, then)


@measuring("a valid bill of materials of the release's commit")
async def bill(scene: Scene, wanted: BillSettings) -> Saw:
    """See whether a bill of materials is valid and of the release's commit; its hash is kept."""
    report = await report_at(wanted.report, scene.base)
    told = await asyncio.to_thread(bill_of, report)
    expected = f"valid, {wanted.at_least} components or more, of the release's commit, at most {_old(wanted)} old"
    seen = f"valid {told.dialect} of {told.components} components"
    evidence = {**_of(report), "dialect": told.dialect, "components": told.components}
    wrong = of_commit(scene.commit, told.commits, wanted.report) or _aged([told.made_at], scene, wanted.not_older_than)
    if wrong is not None:
        return Saw(False, expected, f"{seen}; {wrong.why}", evidence, wrong.then)
    return Saw(told.components >= wanted.at_least, expected, seen, evidence, "see why the generator names so few")


@measuring("Web Vitals that can be read")
async def vitals(scene: Scene, wanted: VitalsSettings) -> Saw:
    """See whether each vital is good at the 75th percentile; what was seen is kept to be compared with."""
    told, evidence = await _vitals(scene, wanted)
    expected = "p75: " + ", ".join(f"{name} ≤ {GOOD[name]:g}{UNITS[name]}" for name in wanted.vitals)
    p75 = evidence["p75"]
    bad = [name for name in wanted.vitals if p75[name] > GOOD[name]]
    wrong = _of_page(told, wanted) or _aged(told.times, scene, wanted.not_older_than)
    if wrong is not None:
        return Saw(False, expected, f"{_values(p75)}; {wrong.why}", evidence, wrong.then)
    return Saw(not bad, expected, _values(p75), evidence, f"make {', '.join(bad)} better, and measure again")


@measuring("Web Vitals that can be read")
async def compared(scene: Scene, wanted: ComparisonSettings) -> Saw:
    """See whether each vital is about as good as in an earlier line of this run."""
    before = await _before(scene, wanted)
    told, evidence = await _vitals(scene, wanted)
    expected = f"at most {wanted.worse_by_at_most:.0%} worse than {_values(before)}"
    p75 = evidence["p75"]
    worse = [name for name in wanted.vitals if p75[name] > float(before[name]) * (1 + wanted.worse_by_at_most)]
    wrong = _of_page(told, wanted) or _aged(told.times, scene, wanted.not_older_than)
    if wrong is not None:
        return Saw(False, expected, f"{_values(p75)}; {wrong.why}", evidence, wrong.then)
    return Saw(not worse, expected, _values(p75), evidence, f"see what made {', '.join(worse)} worse")


async def _before(scene: Scene, wanted: ComparisonSettings) -> Mapping[str, Any]:
    """Give each vital at p75 before the go-live, as the line `before` left it, or else the reports of before."""
    before = scene.earlier.get(wanted.before, {}).get("p75")
    if isinstance(before, Mapping) and all(name in before for name in wanted.vitals):
        return before
    if not wanted.before_reports:
        raise ReportTrouble(
            f"{wanted.before} has left no values in this run", f"let the preflight have {wanted.before}"
        )
    _, evidence = await _vitals(scene, wanted.model_copy(update={"reports": wanted.before_reports}))
    found: Mapping[str, Any] = evidence["p75"]
    return found


async def _vitals(scene: Scene, wanted: VitalsSettings) -> tuple[Vitals, dict[str, Any]]:
    if not wanted.reports:
        raise ReportTrouble("the plan names no report", "put one under `reports` of this line")
    reports = await asyncio.gather(*(report_at(address, scene.base) for address in wanted.reports))
    told = await asyncio.to_thread(vitals_of, reports)
    p75 = {name: told.at_p75(name) for name in wanted.vitals}
    for name in wanted.vitals:
        number = len(told.values.get(name, ()))
        if p75[name] is None:
            raise ReportTrouble(
                f"{told.dialect} without {name}", "measure it in the field, or leave it out of `vitals`"
            )
        if name not in told.p75 and number < wanted.at_least:
            raise ReportTrouble(f"{number} values of {name}: {wanted.at_least} are needed", "measure more often")
    numbers = {name: len(told.values.get(name, ())) for name in wanted.vitals}
    hashes = [report.sha256 for report in reports[:20]]
    return told, {"p75": p75, "values": numbers, "dialect": told.dialect, "sha256": hashes}


def _of_page(told: Vitals, wanted: VitalsSettings) -> Wrong | None:
    other = [page for page in told.pages if wanted.page and not page.startswith(wanted.page)]
    return Wrong(f"of {other[0]}", f"measure {wanted.page}") if other else None


def _aged(times: Sequence[datetime], scene: Scene, not_older_than: timedelta) -> Wrong | None:
    """Give what is wrong with the latest or the earliest moment that a report names."""
    now = scene.clock.now()
    found = (of_time(at, now, not_older_than) for at in (max(times), min(times)))
    return next((wrong for wrong in found if wrong is not None), None)


def _of(report: Report) -> dict[str, Any]:
    return {"report": report.address, "sha256": report.sha256, "bytes": len(report.content)}


def _old(wanted: Any) -> str:
    return say_duration(wanted.not_older_than)


def _values(p75: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {float(value):.4g}{UNITS.get(name, '')}" for name, value in p75.items())


def _line(result: Result) -> str:
    return f"{result.rule} at {result.place or 'no place'}"


def _named(results: Iterable[Result]) -> str:
    lines = [_line(one) for one in results]
    return ", ".join(lines[:SHOWN]) + (f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else "")


KNOWN = {
    "tests": Known("All tests passed, on this release", tests, TestsSettings),
    "security-scan": Known("The security scan found nothing that is refused", scan, ScanSettings),
    "sbom": Known("The bill of materials is valid and of this release", bill, BillSettings),
    "web-vitals": Known("Web Vitals are good, and kept as the baseline", vitals, VitalsSettings),
    "web-vitals-as-before": Known("Web Vitals are as good as before", compared, ComparisonSettings),
}
