"""Results of tests: Playwright's JSON report, or JUnit's XML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

from pydantic import Field

from golive.adapters.reports.origin import moment
from golive.adapters.reports.reading import (
    Loose,
    Report,
    ReportTrouble,
    is_xml,
    json_of,
    model_of,
    other_dialect,
    xml_of,
)

PLAYWRIGHT, JUNIT = "Playwright JSON report", "JUnit XML"
COMMIT_PROPERTIES = ("commit", "git.commit", "git_commit", "revision", "revision.id", "vcs.revision")
STATUSES = ("expected", "unexpected", "flaky", "skipped")


@dataclass(frozen=True)
class Tests:
    """What a run of tests came to.

    Attributes:
        errors: How many things went wrong that are no test.
        failing: Names of the tests that did not pass.
        commits: Of which commit it says to be; empty when it does not.
        times: When its parts ended.
    """

    dialect: str
    passed: int
    failed: int
    flaky: int
    skipped: int
    errors: int
    failing: Sequence[str]
    commits: Sequence[str]
    times: Sequence[datetime]


def tests_of(report: Report, zone: str = "") -> Tests:
    """Give the results in a report.

    Raises:
        ReportTrouble: If it can't be read, is of another dialect, or contradicts itself.
    """
    if is_xml(report):
        return _junit(report, zone)
    data = json_of(report)
    if not isinstance(data, dict) or not {"config", "suites", "stats"} <= data.keys():
        other_dialect(report, (PLAYWRIGHT, JUNIT))
    return _playwright(report, data)


class _Test(Loose):
    status: str
    projectName: str = ""


class _Spec(Loose):
    title: str
    tests: tuple[_Test, ...]


class _Suite(Loose):
    title: str = ""
    specs: tuple[_Spec, ...] = ()
    suites: tuple[_Suite, ...] = ()


class _Config(Loose):
    metadata: dict[str, Any] = Field(default_factory=dict)


class _Stats(Loose):
    startTime: str
    duration: float
    expected: int
    unexpected: int
    flaky: int
    skipped: int


class _Playwright(Loose):
    config: _Config
    suites: tuple[_Suite, ...]
    errors: tuple[Any, ...] = ()
    stats: _Stats


def _playwright(report: Report, data: Any) -> Tests:
    told = model_of(_Playwright, data, report, PLAYWRIGHT)
    ran = [test for suite in told.suites for test in _ran(suite, ())]
    counted = Counter(status for _, status in ran)
    strange = next((status for status in counted if status not in STATUSES), None)
    if strange is not None:
        raise ReportTrouble(f"{report.address}: a test is {strange!r}", f"let the tool write a {PLAYWRIGHT}")
    stats = told.stats
    if any(counted[status] != getattr(stats, status) for status in STATUSES):
        raise ReportTrouble(
            f"{report.address} counts {stats.expected} passed and {stats.unexpected} failed, and lists "
            f"{counted['expected']} and {counted['unexpected']}",
            "take the whole file that the runner wrote, and not one that was merged or edited",
        )
    if not 0 <= stats.duration < 1e10:
        raise ReportTrouble(f"{report.address}: a duration of {stats.duration:g} ms", "run the tests again")
    return Tests(
        PLAYWRIGHT,
        counted["expected"],
        counted["unexpected"],
        counted["flaky"],
        counted["skipped"],
        len(told.errors),
        [name for name, status in ran if status == "unexpected"],
        _metadata_commits(told.config.metadata),
        [moment(stats.startTime) + timedelta(milliseconds=stats.duration)],
    )


def _ran(suite: _Suite, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    titles = (*above, suite.title) if suite.title else above
    for spec in suite.specs:
        for test in spec.tests:
            yield " › ".join((*titles, spec.title)), test.status
    for inner in suite.suites:
        yield from _ran(inner, titles)


def _metadata_commits(metadata: dict[str, Any]) -> list[str]:
    """Give the commit where the runner's versions have put it: what it captured of Git, what CI said, an older key."""
    git, ci = metadata.get("gitCommit"), metadata.get("ci")
    found = [metadata.get("revision.id"), metadata.get("commit")]
    found += [git.get("hash")] if isinstance(git, dict) else []
    found += [ci.get("commitHash")] if isinstance(ci, dict) else []
    return [text for text in found if isinstance(text, str)]


def _junit(report: Report, zone: str) -> Tests:
    root = xml_of(report)
    if root.tag not in ("testsuites", "testsuite"):
        other_dialect(report, (JUNIT, PLAYWRIGHT))
    suites = [element for element in root.iter("testsuite")]
    cases = list(root.iter("testcase"))
    results = Counter(_case(case) for case in cases)
    if not results["failed"] + results["error"]:
        for name, counted in (("tests", len(cases)), ("failures", 0), ("errors", 0)):
            _agree(report, root, suites, name, counted)
    ends = [_ended(suite, zone) for suite in suites if list(suite.iterfind("testcase"))]
    if not ends:
        ends = [moment(root.get("timestamp", ""), zone)]
    properties = [p for p in root.iter("property") if p.get("name", "").lower() in COMMIT_PROPERTIES]
    return Tests(
        JUNIT,
        results["passed"],
        results["failed"] + results["error"],
        results["flaky"],
        results["skipped"],
        0,
        [
            f"{case.get('classname', '')} › {case.get('name', '')}"
            for case in cases
            if _case(case) in ("failed", "error")
        ],
        [p.get("value") or p.text or "" for p in properties],
        ends,
    )


def _case(case: Element) -> str:
    tags = {child.tag for child in case}
    for tag, result in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        if tag in tags:
            return result
    return "flaky" if tags & {"flakyFailure", "flakyError"} else "passed"


def _agree(report: Report, root: Element, suites: Sequence[Element], name: str, counted: int) -> None:
    """Raise ReportTrouble when a report says another number than it lists; many tools count nested suites twice."""
    said = root.get(name)
    if said is None:
        leaves = [suite for suite in suites if suite.find("testsuite") is None and suite.get(name) is not None]
        said = str(sum(_number(report, suite.get(name, "")) for suite in leaves)) if leaves else None
    if said is not None and _number(report, said) != counted:
        raise ReportTrouble(
            f"{report.address} says {name}={said}, and lists {counted}", "take the whole file that the runner wrote"
        )


def _number(report: Report, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ReportTrouble(f"{report.address}: {text[:20]!r} is no number of tests", f"let the tool write {JUNIT}")
    return int(text)


def _ended(suite: Element, zone: str) -> datetime:
    try:
        took = float(suite.get("time") or 0)
    except ValueError:
        took = 0.0
    return moment(suite.get("timestamp", ""), zone) + timedelta(seconds=took if 0 <= took < 1e7 else 0.0)
