"""Web Vitals at the 75th percentile: several Lighthouse runs, beacons of the web-vitals library, or CrUX's answer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from golive.adapters.reports.origin import from_epoch, moment
from golive.adapters.reports.reading import Loose, Report, ReportTrouble, json_of, model_of, other_dialect

LIGHTHOUSE, BEACONS, CRUX = "Lighthouse JSON", "web-vitals beacons", "CrUX JSON"
AUDITS = {
    "LCP": "largest-contentful-paint",
    "INP": "interaction-to-next-paint",
    "CLS": "cumulative-layout-shift",
}
CRUX_NAMES = {
    "LCP": "largest_contentful_paint",
    "INP": "interaction_to_next_paint",
    "CLS": "cumulative_layout_shift",
}
LARGEST = {"LCP": 600_000.0, "INP": 600_000.0, "CLS": 1000.0}
P75 = 0.75


@dataclass(frozen=True)
class Vitals:
    """Values of each vital (LCP and INP in ms), the pages that they are of, and when.

    `p75` is set where the source gives the percentile alone and not the values.
    """

    dialect: str
    values: Mapping[str, Sequence[float]]
    pages: Sequence[str]
    times: Sequence[datetime]
    p75: Mapping[str, float] = field(default_factory=dict)

    def at_p75(self, name: str) -> float | None:
        """Give a vital at the 75th percentile, by nearest rank; None when there is no value of it."""
        if name in self.p75:
            return self.p75[name]
        ordered = sorted(self.values.get(name, ()))
        return ordered[math.ceil(P75 * len(ordered)) - 1] if ordered else None


def vitals_of(reports: Sequence[Report]) -> Vitals:
    """Give what some reports say together.

    Raises:
        ReportTrouble: If one can't be read, is of another dialect, or they are of different ones.
    """
    found = [_one(report) for report in reports]
    dialects = sorted({one.dialect for one in found})
    if len(dialects) > 1:
        raise ReportTrouble(f"the reports are of {' and '.join(dialects)}", "give reports of one kind to a line")
    if len(found) > 1 and found[0].p75:
        raise ReportTrouble("several answers of CrUX can't be added up", "give one")
    values = {name: [value for one in found for value in one.values.get(name, ())] for name in AUDITS}
    return Vitals(
        dialects[0],
        values,
        sorted({page for one in found for page in one.pages}),
        [at for one in found for at in one.times],
        found[0].p75,
    )


def _one(report: Report) -> Vitals:
    data = _lines_or_json(report)
    if isinstance(data, list):
        return _beacons(report, data)
    if isinstance(data, dict) and "lighthouseVersion" in data:
        return _lighthouse(report, [data])
    if isinstance(data, dict) and isinstance(data.get("steps"), list):
        steps = [step.get("lhr") for step in data["steps"] if isinstance(step, dict)]
        return _lighthouse(report, steps)
    if isinstance(data, dict) and "record" in data:
        return _crux(report, data)
    other_dialect(report, (LIGHTHOUSE, BEACONS, CRUX))


def _lines_or_json(report: Report) -> Any:
    """Give the JSON of a report; beacons may come one a line."""
    lines = [line for line in report.content.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.strip().startswith(b"{") and line.strip().endswith(b"}") for line in lines[:2]):
        return [json_of(Report(f"{report.address}, line {number}", line)) for number, line in enumerate(lines, 1)]
    return json_of(report)


class _Audit(Loose):
    numericValue: float | None = None


class _RuntimeError(Loose):
    code: str = ""


class _Lighthouse(Loose):
    fetchTime: str
    finalDisplayedUrl: str = ""
    requestedUrl: str = ""
    audits: dict[str, _Audit]
    runtimeError: _RuntimeError | None = None


def _lighthouse(report: Report, documents: Sequence[Any]) -> Vitals:
    runs = [model_of(_Lighthouse, document, report, LIGHTHOUSE) for document in documents]
    broken = next((run.runtimeError.code for run in runs if run.runtimeError and run.runtimeError.code), None)
    if broken or not runs:
        raise ReportTrouble(f"{report.address}: Lighthouse ended with {broken or 'no step'}", "run Lighthouse again")
    values: dict[str, list[float]] = {name: [] for name in AUDITS}
    for run in runs:
        for name, audit in AUDITS.items():
            value = run.audits[audit].numericValue if audit in run.audits else None
            if value is not None:
                values[name].append(_sane(report, name, value))
    pages = [run.finalDisplayedUrl or run.requestedUrl for run in runs]
    return Vitals(LIGHTHOUSE, values, pages, [moment(run.fetchTime) for run in runs])


class _Beacon(Loose):
    name: str
    value: float
    id: str
    url: str = ""
    at: str | float = ""


def _beacons(report: Report, data: Sequence[Any]) -> Vitals:
    """Read what pages sent: the library's metric objects, each with `at` (ISO 8601, or epoch milliseconds) and `url`.

    A metric that changed is sent again under its id: the last one counts.
    """
    newest: dict[tuple[str, str], _Beacon] = {}
    for one in data:
        beacon = model_of(_Beacon, one, report, BEACONS)
        newest[beacon.name, beacon.id] = beacon
    known = [beacon for beacon in newest.values() if beacon.name in AUDITS]
    if not known:
        other_dialect(report, (BEACONS, LIGHTHOUSE, CRUX))
    values: dict[str, list[float]] = {name: [] for name in AUDITS}
    for beacon in known:
        values[beacon.name].append(_sane(report, beacon.name, beacon.value))
    times = [from_epoch(b.at / 1000) if isinstance(b.at, float | int) else moment(b.at) for b in known]
    return Vitals(BEACONS, values, _hosts(known), [min(times), max(times)])


def _hosts(beacons: Iterable[_Beacon]) -> list[str]:
    """Give the pages without what stands behind `?`, which may be about a person."""
    return sorted({beacon.url.partition("?")[0] for beacon in beacons if beacon.url})[:20]


def _crux(report: Report, data: Mapping[str, Any]) -> Vitals:
    record = data["record"] if isinstance(data["record"], dict) else {}
    metrics, period = record.get("metrics"), record.get("collectionPeriod")
    if not isinstance(metrics, dict) or not isinstance(period, dict):
        other_dialect(report, (CRUX, LIGHTHOUSE, BEACONS))
    found = {}
    for name, key in CRUX_NAMES.items():
        try:
            if key in metrics:
                found[name] = _sane(report, name, float(metrics[key]["percentiles"]["p75"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ReportTrouble(f"{report.address}: {key} has no p75", f"ask for {CRUX} again") from error
    try:
        last = date(**{part: int(period["lastDate"][part]) for part in ("year", "month", "day")})
    except (KeyError, TypeError, ValueError) as error:
        raise ReportTrouble(f"{report.address}: its period has no end", f"ask for {CRUX} again") from error
    key = record.get("key", {})
    page = str(key.get("url") or key.get("origin") or "") if isinstance(key, dict) else ""
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(hours=24)
    return Vitals(CRUX, {}, [page], [end - timedelta(seconds=1)], found)


def _sane(report: Report, name: str, value: float) -> float:
    if not 0 <= value <= LARGEST[name]:
        raise ReportTrouble(f"{report.address}: {name} of {json.dumps(value)} can't be", "measure again")
    return value
