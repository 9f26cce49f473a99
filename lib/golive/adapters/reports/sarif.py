"""Findings of a security scan: SARIF 2.1.0, as SAST and DAST tools write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from golive.adapters.reports.origin import moment
from golive.adapters.reports.reading import Loose, Report, ReportTrouble, json_of, model_of, other_dialect

SARIF = "SARIF 2.1.0"
Level = Literal["none", "note", "warning", "error"]
LEVELS: tuple[Level, ...] = ("none", "note", "warning", "error")


@dataclass(frozen=True)
class Result:
    """One result: its rule, how grave it is, where it is, and whether the source says to suppress it."""

    rule: str
    level: Level
    place: str
    suppressed: bool


@dataclass(frozen=True)
class Scan:
    """What a scan found; `failed` says which of its tools did not come to an end."""

    tools: Sequence[str]
    results: Sequence[Result]
    failed: Sequence[str]
    commits: Sequence[str]
    times: Sequence[datetime]


class _Uri(Loose):
    uri: str = ""


class _Region(Loose):
    startLine: int | None = None


class _Physical(Loose):
    artifactLocation: _Uri = _Uri()
    region: _Region = _Region()


class _Location(Loose):
    physicalLocation: _Physical = _Physical()


class _Configuration(Loose):
    level: Level = "warning"
    enabled: bool = True


class _Rule(Loose):
    id: str
    defaultConfiguration: _Configuration = _Configuration()


class _Component(Loose):
    name: str
    rules: tuple[_Rule, ...] = ()


class _Tool(Loose):
    driver: _Component
    extensions: tuple[_Component, ...] = ()


class _ComponentReference(Loose):
    index: int = -1


class _RuleReference(Loose):
    id: str = ""
    index: int = -1
    toolComponent: _ComponentReference = _ComponentReference()


class _Suppression(Loose):
    status: Literal["accepted", "underReview", "rejected"] = "accepted"


class _Result(Loose):
    ruleId: str = ""
    ruleIndex: int = -1
    rule: _RuleReference = _RuleReference()
    kind: str = "fail"
    level: Level | None = None
    locations: tuple[_Location, ...] = ()
    suppressions: tuple[_Suppression, ...] | None = None


class _Notification(Loose):
    level: Level = "warning"


class _Invocation(Loose):
    executionSuccessful: bool
    endTimeUtc: str = ""
    startTimeUtc: str = ""
    toolExecutionNotifications: tuple[_Notification, ...] = ()


class _Provenance(Loose):
    revisionId: str = ""


class _Run(Loose):
    tool: _Tool
    results: tuple[_Result, ...] | None = None
    invocations: tuple[_Invocation, ...] = ()
    versionControlProvenance: tuple[_Provenance, ...] = ()


class _Sarif(Loose):
    version: Literal["2.1.0"]
    runs: tuple[_Run, ...]


def scan_of(report: Report) -> Scan:
    """Give what a scan found.

    Raises:
        ReportTrouble: If it can't be read, is of another dialect, or holds no run of a tool with results.
    """
    data: Any = json_of(report)
    if not isinstance(data, dict) or "runs" not in data:
        other_dialect(report, (SARIF,))
    runs = model_of(_Sarif, data, report, SARIF).runs
    if not runs:
        raise ReportTrouble(f"{report.address} holds no run of a tool", "run the scan again")
    for run in runs:
        if run.results is None:
            raise ReportTrouble(f"{report.address}: {run.tool.driver.name} gives no results", "run the scan to its end")
    ends = [i.endTimeUtc or i.startTimeUtc for run in runs for i in run.invocations]
    if not any(ends):
        raise ReportTrouble(f"{report.address} does not say when it was made", "let the tool write its invocations")
    return Scan(
        [run.tool.driver.name for run in runs],
        [result for run in runs for result in _results(run)],
        [run.tool.driver.name for run in runs if any(not i.executionSuccessful for i in run.invocations)],
        [p.revisionId for run in runs for p in run.versionControlProvenance if p.revisionId],
        [moment(end) for end in ends if end],
    )


def _results(run: _Run) -> Iterator[Result]:
    for result in run.results or ():
        rule = _rule(run, result)
        name = result.ruleId or result.rule.id or (rule.id if rule else "no rule")
        suppressions = result.suppressions or ()
        suppressed = bool(suppressions) and all(one.status == "accepted" for one in suppressions)
        yield Result(name, _level(result, rule), _place(result), suppressed)


def _rule(run: _Run, result: _Result) -> _Rule | None:
    """Give the rule of a result: by its index in the driver or the extension that it names, else by its id."""
    extension = result.rule.toolComponent.index
    within = run.tool.extensions[extension] if 0 <= extension < len(run.tool.extensions) else run.tool.driver
    index = result.ruleIndex if result.ruleIndex >= 0 else result.rule.index
    if 0 <= index < len(within.rules):
        return within.rules[index]
    name = result.ruleId or result.rule.id
    known = [rule for component in (run.tool.driver, *run.tool.extensions) for rule in component.rules]
    return next((rule for rule in known if name and (rule.id == name or name.startswith(f"{rule.id}/"))), None)


def _level(result: _Result, rule: _Rule | None) -> Level:
    if result.level is not None:
        return result.level
    if result.kind != "fail":
        return "none"
    return rule.defaultConfiguration.level if rule else "warning"


def _place(result: _Result) -> str:
    if not result.locations:
        return ""
    physical = result.locations[0].physicalLocation
    line = physical.region.startLine
    return physical.artifactLocation.uri + (f":{line}" if line is not None else "")
