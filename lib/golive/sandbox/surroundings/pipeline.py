"""What the pipeline of the sandbox's site has written of the release, in the dialects of the tools that write it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from golive.sandbox.faults import Fault
from golive.sandbox.surroundings.freezing import calendar
from golive.sandbox.surroundings.operations import cost
from golive.sandbox.surroundings.people import statements

COMMIT = "7a409cf8280396f9acb224669a5a1ae12475a96c"
OTHER_COMMIT = "9b1d0f77aa4e4c0d8f21c3b6e5d49a7012fe8cc3"
PAGE = "https://sandbox.example/"
BEACONS = 200
TESTS = ("login", "search", "cart", "checkout", "chat")


def reports(now: datetime, faults: frozenset[Fault]) -> Mapping[str, bytes]:
    """Give name -> content of every report of the release, made a little before `now`."""
    made = now.astimezone(UTC) - timedelta(minutes=20)
    lighthouse = {
        f"lighthouse-{number}.json": _json(_lighthouse(made, number, Fault.VITALS_POOR in faults))
        for number in (1, 2, 3)
    }
    approved = _json(_cyclonedx(made, False))
    return {
        "tests.json": _json(_playwright(made, Fault.TESTS_FAILED in faults)),
        "tests.xml": _junit(made, Fault.TESTS_FAILED in faults),
        "sast.sarif": _json(_sarif(made, "semgrep", Fault.SCAN_FOUND in faults)),
        "dast.sarif": _json(_sarif(made, "zap", False)),
        "sbom.cdx.json": _json(_cyclonedx(made, Fault.SBOM_OTHER_BUILD in faults)),
        "sbom.spdx.json": _json(_spdx(made, Fault.SBOM_OTHER_BUILD in faults)),
        **lighthouse,
        "beacons.jsonl": _beacons(made, Fault.VITALS_POOR in faults, Fault.VITALS_WORSE in faults),
        "cost-before.json": _json(cost(frozenset(), made)),
        "freezes.ics": calendar(now.astimezone(UTC), faults),
        **statements(made, faults, (COMMIT, OTHER_COMMIT), approved),
    }


def write(folder: Path, now: datetime, faults: frozenset[Fault]) -> None:
    """Write every report into `folder`, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in reports(now, faults).items():
        draft = folder / f".{name}.tmp"
        draft.write_bytes(content)
        draft.replace(folder / name)


def _json(document: Any) -> bytes:
    return json.dumps(document, indent=1).encode()


def _z(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _playwright(made: datetime, failed: bool) -> dict[str, Any]:
    specs = []
    for name in TESTS:
        bad = failed and name == "checkout"
        result = {"status": "failed" if bad else "passed", "duration": 1200, "retry": 0}
        test = {"projectName": "chromium", "expectedStatus": "passed", "results": [result]}
        specs.append({"title": name, "ok": not bad, "tests": [{**test, "status": "unexpected" if bad else "expected"}]})
    stats = {"startTime": _z(made), "duration": 6000.5, "skipped": 0, "flaky": 0}
    metadata = {"gitCommit": {"hash": COMMIT, "shortHash": COMMIT[:7], "subject": "Release 1.5.0"}}
    return {
        "config": {"metadata": metadata, "version": "1.56.0", "workers": 4},
        "suites": [{"title": "smoke.spec.ts", "file": "smoke.spec.ts", "specs": specs}],
        "errors": [],
        "stats": {**stats, "expected": len(TESTS) - failed, "unexpected": int(failed)},
    }


def _junit(made: datetime, failed: bool) -> bytes:
    counts = {"tests": str(len(TESTS)), "failures": str(int(failed)), "errors": "0"}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {**counts, "name": "smoke", "time": "6.0", "timestamp": _z(made)})
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", {"name": "git.commit", "value": COMMIT})
    for name in TESTS:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "smoke", "name": name, "time": "1.2"})
        if failed and name == "checkout":
            ElementTree.SubElement(case, "failure", {"message": "expected 200"}).text = "expected 200, got 500"
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _sarif(made: datetime, tool: str, found: bool) -> dict[str, Any]:
    rules = [
        {"id": "sql-injection", "defaultConfiguration": {"level": "error"}},
        {"id": "weak-header", "defaultConfiguration": {"level": "note"}},
    ]
    results = [_result(1, "weak-header", "app/headers.ts", 7)]
    if found:
        results.append(_result(0, "sql-injection", "app/orders.ts", 41))
    run = {
        "tool": {"driver": {"name": tool, "rules": rules}},
        "results": results,
        "invocations": [{"executionSuccessful": True, "endTimeUtc": _z(made)}],
        "versionControlProvenance": [{"repositoryUri": "https://git.example/site", "revisionId": COMMIT}],
    }
    return {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [run]}


def _result(index: int, rule: str, uri: str, line: int) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}
    return {"ruleId": rule, "ruleIndex": index, "message": {"text": rule}, "locations": [place]}


def _cyclonedx(made: datetime, other: bool) -> dict[str, Any]:
    built = OTHER_COMMIT if other else COMMIT
    component = {
        "type": "application",
        "name": "site",
        "version": "1.5.0",
        "bom-ref": "site",
        "properties": [{"name": "git.commit", "value": built}],
    }
    parts = [("express", "5.1.0"), ("pg", "8.16.0")]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, built)}",
        "version": 1,
        "metadata": {"timestamp": _z(made), "component": component},
        "components": [
            {"type": "library", "name": n, "version": v, "purl": f"pkg:npm/{n}@{v}", "bom-ref": n} for n, v in parts
        ],
    }


def _spdx(made: datetime, other: bool) -> dict[str, Any]:
    built = OTHER_COMMIT if other else COMMIT
    site = _package("site", "1.5.0", f"git+https://git.example.com/site.git@{built}")
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "site",
        "documentNamespace": f"https://sandbox.example/spdx/{uuid5(NAMESPACE_URL, built)}",
        "creationInfo": {"created": _z(made), "creators": ["Tool: sandbox-1.0"]},
        "packages": [site, _package("express", "5.1.0", "NOASSERTION"), _package("pg", "8.16.0", "NOASSERTION")],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-site",
            }
        ],
    }


def _package(name: str, version: str, source: str) -> dict[str, Any]:
    said = dict.fromkeys(("licenseConcluded", "licenseDeclared", "copyrightText"), "NOASSERTION")
    known = {"SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": version, "downloadLocation": source}
    return {**known, "filesAnalyzed": False, **said}


def _lighthouse(made: datetime, number: int, poor: bool) -> dict[str, Any]:
    lcp = (5200.0 if poor else 1700.0) + 40 * number
    return {
        "lighthouseVersion": "12.8.0",
        "fetchTime": _z(made + timedelta(minutes=number)),
        "requestedUrl": PAGE,
        "finalDisplayedUrl": PAGE,
        "audits": {
            "largest-contentful-paint": {"numericValue": lcp, "numericUnit": "millisecond"},
            "cumulative-layout-shift": {"numericValue": 0.02, "numericUnit": "unitless"},
        },
    }


def _beacons(made: datetime, poor: bool, worse: bool) -> bytes:
    """Give what pages have sent, a metric a line; the same pages each time, slower under a fault."""
    chance = random.Random(7)
    slow = 3.0 if poor else 1.3 if worse else 1.0
    lines = []
    for number in range(BEACONS):
        at = _z(made + timedelta(seconds=number))
        for name, median in (("LCP", 1500.0), ("INP", 110.0), ("CLS", 0.03)):
            value = round(median * chance.lognormvariate(0, 0.3) * slow, 4)
            lines.append({"name": name, "value": value, "id": f"v5-{number}-{name}", "url": PAGE, "at": at})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
