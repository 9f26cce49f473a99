"""What each dialect means: levels of rules, waivers one by one, percentiles, counts that have to agree."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.reports.vitals import Vitals
from golive.core.phases import CheckUse
from golive.ports import Result
from golive.sandbox.surroundings.pipeline import reports
from tests.checks.test_reports import GOOD, unmeasured, use


@pytest.fixture
def look(around, tmp_path):
    async def looked(check, content, **more):
        (tmp_path / "report").write_bytes(content)
        return await around.look(use(check, "report"), **more)

    return looked


def playwright(**changes):
    document = json.loads(GOOD["tests.json"])
    for key, value in changes.items():
        document[key] = value
    return json.dumps(document).encode()


async def test_flaky_and_skipped_tests_have_not_passed(look):
    for status in ("flaky", "skipped"):
        document = json.loads(GOOD["tests.json"])
        document["suites"][0]["specs"][0]["tests"][0]["status"] = status
        document["stats"] |= {"expected": 4, status: 1}
        finding = await look("tests", json.dumps(document).encode())
        assert finding.result is Result.FAIL and f"1 {status}" in finding.seen


async def test_a_report_of_no_test_at_all_fails(look):
    stats = json.loads(GOOD["tests.json"])["stats"]
    finding = await look("tests", playwright(suites=[], stats={**stats, "expected": 0}))

    assert finding.result is Result.FAIL and "0 passed" in finding.seen


async def test_errors_beside_the_tests_fail(look):
    finding = await look("tests", playwright(errors=[{"message": "cannot find module"}]))

    assert finding.result is Result.FAIL and "1 errors beside the tests" in finding.seen


async def test_a_report_whose_counts_contradict_its_tests_could_not_be_measured(look):
    finding = await look("tests", playwright(suites=[]))
    assert unmeasured(finding) and "counts 5 passed and 0 failed, and lists 0 and 0" in finding.seen

    finding = await look("tests", GOOD["tests.xml"].replace(b'tests="5"', b'tests="6"'))
    assert unmeasured(finding) and "says tests=6, and lists 5" in finding.seen


async def test_a_clock_without_a_zone_counts_only_with_the_zone_that_the_plan_gives(around, tmp_path):
    stamp = (datetime.now(UTC) - timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M:%S")
    content = GOOD["tests.xml"].decode()
    begin = content.index('timestamp="') + 11
    (tmp_path / "report").write_text(content[:begin] + stamp + content[content.index('"', begin) :])

    line = CheckUse(check="tests", settings={"report": "report"})
    assert "names no zone" in (await around.look(line)).seen
    for zone, result in (("UTC", Result.PASS), ("Nowhere/Land", Result.COULD_NOT_MEASURE)):
        line = CheckUse(check="tests", settings={"report": "report", "zone": zone})
        assert (await around.look(line)).result is result


def sarif(**run):
    document = json.loads(reports(datetime.now(UTC), frozenset())["sast.sarif"])
    document["runs"][0].update(run)
    return document


async def scanned(look, document, **more):
    return await look("security-scan", json.dumps(document).encode(), **more)


async def test_a_results_level_comes_from_its_rule_when_it_says_none(look):
    document = sarif(results=[{"ruleId": "sql-injection"}])
    assert (await scanned(look, document)).result is Result.FAIL

    document = sarif(results=[{"ruleId": "sql-injection", "level": "note"}])
    assert (await scanned(look, document)).result is Result.PASS

    document = sarif(results=[{"ruleId": "nobody-knows"}])
    assert (await scanned(look, document)).evidence["levels"]["warning"] == 1

    document = sarif(results=[{"ruleId": "sql-injection", "kind": "pass"}])
    assert (await scanned(look, document)).evidence["levels"]["none"] == 1


async def test_a_rule_of_an_extension_gives_its_level(look):
    tool = {"driver": {"name": "semgrep"}, "extensions": [{"name": "pack", "rules": [{"id": "x"}]}]}
    tool["extensions"][0]["rules"][0]["defaultConfiguration"] = {"level": "error"}
    document = sarif(tool=tool, results=[{"rule": {"index": 0, "toolComponent": {"index": 0}}}])

    assert (await scanned(look, document)).result is Result.FAIL


async def test_a_suppression_in_the_source_is_no_waiver(look):
    result = {"ruleId": "sql-injection", "suppressions": [{"kind": "inSource"}]}
    finding = await scanned(look, sarif(results=[result]))

    assert finding.result is Result.FAIL and "which is no waiver" in finding.seen


async def test_results_are_waived_one_by_one_until_a_day(around, tmp_path):
    document = sarif(
        results=[
            {"ruleId": "sql-injection", "locations": [place("a.ts", 1)]},
            {"ruleId": "sql-injection", "locations": [place("b.ts", 2)]},
        ]
    )
    (tmp_path / "report").write_text(json.dumps(document))

    async def with_waived(*waived):
        words = {"because": "a false alarm", "by": "Ada"}
        settings = {"report": "report", "waived": [{**words, **one} for one in waived]}
        return await around.look(CheckUse(check="security-scan", settings=settings))

    first = {"rule": "sql-injection", "place": "a.ts:1", "until": "2999-01-01"}
    second = {"rule": "sql-injection", "place": "b.ts:2", "until": "2999-01-01"}
    assert "1 refused: sql-injection at b.ts:2, 1 waived" in (await with_waived(first)).seen
    assert (await with_waived(first, second)).result is Result.PASS
    assert (await with_waived(first, {**second, "until": "2020-01-01"})).result is Result.FAIL


def place(uri, line):
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}


@pytest.mark.parametrize(
    ("run", "result", "why"),
    [
        ({"results": None}, Result.COULD_NOT_MEASURE, "gives no results"),
        ({"invocations": []}, Result.COULD_NOT_MEASURE, "does not say when"),
        (
            {"invocations": [{"executionSuccessful": False, "endTimeUtc": datetime.now(UTC).isoformat()}]},
            Result.FAIL,
            "did not come to its end",
        ),
    ],
)
async def test_a_scan_that_did_not_come_to_its_end_is_no_clean_one(look, run, result, why):
    finding = await scanned(look, sarif(**run))

    assert finding.result is result and why in finding.seen


async def test_a_scan_of_no_run_and_of_another_tool_is_no_clean_one(around, tmp_path):
    (tmp_path / "report").write_text(json.dumps({"version": "2.1.0", "runs": []}))
    assert unmeasured(await around.look(use("security-scan", "report")))

    (tmp_path / "report").write_bytes(GOOD["sast.sarif"])
    line = CheckUse(check="security-scan", settings={"report": "report", "tools": ["zap"]})
    assert "nothing of zap" in (await around.look(line)).seen


@pytest.mark.parametrize(
    ("name", "before", "after", "why"),
    [
        ("sbom.cdx.json", b'"type": "library"', b'"type": "libary"', "no valid CycloneDX"),
        ("sbom.cdx.json", b'"specVersion": "1.6"', b'"specVersion": "9.9"', "'9.9' is not read"),
        ("sbom.spdx.json", b'"SPDX-2.3"', b'"SPDX-3.0"', "SPDX-3.0 is not read"),
        ("sbom.spdx.json", b'"CC0-1.0"', b'"MIT"', "no valid SPDX"),
        ("sbom.spdx.json", b'"SPDXRef-pg"', b'"pg"', "no valid SPDX"),
    ],
)
async def test_a_bill_that_is_not_valid_could_not_be_measured(look, name, before, after, why):
    finding = await look("sbom", GOOD[name].replace(before, after))

    assert unmeasured(finding) and why in finding.seen, finding


async def test_a_bill_of_nothing_fails(look):
    document = json.loads(GOOD["sbom.cdx.json"]) | {"components": []}
    finding = await look("sbom", json.dumps(document).encode())

    assert finding.result is Result.FAIL and "0 components" in finding.seen


async def test_a_vital_that_nobody_measured_is_not_good(around, tmp_path):
    (tmp_path / "report").write_bytes(GOOD["lighthouse-1.json"])
    line = CheckUse(check="web-vitals", settings={"reports": ["report"], "at_least": "1"})
    assert "without INP" in (await around.look(line)).seen

    line = CheckUse(check="web-vitals", settings={"reports": ["report"], "vitals": ["LCP"], "at_least": "2"})
    assert "1 values of LCP: 2 are needed" in (await around.look(line)).seen


async def test_vitals_of_another_page_fail(around, tmp_path):
    (tmp_path / "report").write_bytes(GOOD["beacons.jsonl"])
    line = CheckUse(check="web-vitals", settings={"reports": ["report"], "page": "https://www.example.com/"})
    finding = await around.look(line)

    assert finding.result is Result.FAIL and "of https://sandbox.example/" in finding.seen


async def test_the_percentile_of_crux_is_taken_as_it_is(look):
    today = datetime.now(UTC) - timedelta(days=2)
    last = {"year": today.year, "month": today.month, "day": today.day}
    metrics = {
        "largest_contentful_paint": {"percentiles": {"p75": 2400}},
        "cumulative_layout_shift": {"percentiles": {"p75": "0.05"}},
    }
    record = {"key": {"origin": "https://x"}, "metrics": metrics, "collectionPeriod": {"lastDate": last}}
    finding = await look("web-vitals", json.dumps({"record": record}).encode())

    assert finding.result is Result.PASS and finding.seen == "LCP 2400 ms, CLS 0.05"


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=50))
def test_p75_is_a_value_that_three_quarters_do_not_exceed(values):
    p75 = Vitals("", {"LCP": values}, [], []).at_p75("LCP")

    assert sum(value <= p75 for value in values) >= 0.75 * len(values)
    assert sum(value < p75 for value in values) < 0.75 * len(values)


async def test_what_was_sent_again_under_its_id_counts_once(look):
    line = {"name": "LCP", "id": "v5-1", "url": "https://x/?who=grace", "at": datetime.now(UTC).isoformat()}
    sent = [{**line, "value": 9000.0}, {**line, "value": 1000.0}, {**line, "name": "CLS", "id": "v5-2", "value": 0.0}]
    finding = await look("web-vitals", b"\n".join(json.dumps(one).encode() for one in sent))

    assert finding.result is Result.PASS and finding.seen.startswith("LCP 1000 ms")
    assert "grace" not in str(finding)


async def test_a_comparison_without_anything_before_it_could_not_be_measured(around):
    line = around.lines["web-vitals-as-before"]
    bare = {key: value for key, value in line.settings.items() if key != "before_reports"}
    finding = await around.look(line.model_copy(update={"settings": bare}))

    assert unmeasured(finding) and "vitals-baseline has left no values" in finding.seen


async def test_where_no_preflight_has_run_the_plans_own_reports_of_before_are_compared_with(around):
    finding = await around.look("web-vitals-as-before")

    assert finding.result is Result.PASS and "worse than LCP" in finding.expected
