"""A report that is empty, cut off, of something else, of another time or of nobody's making is never a pass."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from golive.adapters.reports.origin import commits_in, same_commit
from golive.adapters.reports.reading import Report, ReportTrouble
from golive.adapters.reports.sarif import scan_of
from golive.adapters.reports.sbom import bill_of
from golive.adapters.reports.tests import tests_of as read_tests
from golive.adapters.reports.vitals import vitals_of
from golive.core.phases import CheckUse
from golive.ports import Result
from golive.sandbox.surroundings.pipeline import COMMIT, OTHER_COMMIT, reports
from tests.checks.hostile import PLACES, hostile

GOOD = reports(datetime.now(UTC), frozenset())
CHECKS = {
    "tests.json": "tests",
    "tests.xml": "tests",
    "sast.sarif": "security-scan",
    "sbom.cdx.json": "sbom",
    "sbom.spdx.json": "sbom",
    "lighthouse-1.json": "web-vitals",
    "beacons.jsonl": "web-vitals",
}
BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]><testsuites><testsuite name="&lol3;"/></testsuites>"""
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><testsuites>&x;</testsuites>'
CONTENTS = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\t", "is empty"),
    "an error page": (b"<html><body>Not found</body></html>", "is no"),
    "no json": (b"all tests passed!", "is no JSON"),
    "a list": (b"[]", "is no"),
    "null": (b"null", "is no"),
    "a number": (b"42", "is no"),
    "not a number": (b'{"a": NaN}', "NaN is no number"),
    "a key twice": (b'{"runs": [], "runs": []}', "'runs' stands twice"),
    "deep": (b"[" * 100_000, "nests too deeply"),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "no text in UTF-8"),
    "noise": (bytes(range(128, 256)), "no text in UTF-8"),
    "a bomb": (BOMB, "DTD or entities"),
    "an entity from outside": (OUTSIDE, "DTD or entities"),
    "another encoding said": (b'<?xml version="1.0" encoding="utf-99"?><testsuites/>', "is no XML"),
    "deep xml": (b"<testsuites>" + b"<testsuite>" * 5000 + b"</testsuite>" * 5000 + b"</testsuites>", "elements deep"),
}


def use(check, address):
    key = {"web-vitals": {"reports": [address], "at_least": "1"}}.get(check, {"report": address})
    if check == "web-vitals":
        key["vitals"] = ["LCP", "CLS"]
    return CheckUse(check=check, settings=key, within=timedelta(seconds=8))


@pytest.fixture
def look(around, tmp_path):
    async def looked(check, content, name="report", **more):
        if isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
        return await around.look(use(check, name), **more)

    return looked


def unmeasured(finding):
    """Say whether a finding is the check's own word on what it could not measure, and says what to do next."""
    return finding.result is Result.COULD_NOT_MEASURE and finding.then and "Error:" not in finding.seen


@pytest.mark.parametrize("name", CHECKS)
async def test_each_dialect_that_is_read_passes_as_its_tool_wrote_it(look, name):
    finding = await look(CHECKS[name], GOOD[name])

    assert finding.result is Result.PASS, finding
    assert len(str(finding.evidence["sha256"])) >= 64


@pytest.mark.parametrize("check", sorted(set(CHECKS.values())))
@pytest.mark.parametrize("case", CONTENTS)
async def test_what_is_no_report_could_not_be_measured(look, check, case):
    content, why = CONTENTS[case]
    finding = await look(check, content)

    assert unmeasured(finding), finding
    if not content.startswith(b"<") or check == "tests":
        assert why in finding.seen


@pytest.mark.parametrize("check", sorted(set(CHECKS.values())))
@pytest.mark.parametrize("name", CHECKS)
async def test_the_report_of_another_tool_is_named_as_of_another_dialect(look, check, name):
    if CHECKS[name] == check:
        return
    finding = await look(check, GOOD[name])

    assert unmeasured(finding) and "is no" in finding.seen, finding


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("name", CHECKS)
def test_a_report_that_is_cut_off_anywhere_never_reads_as_whole(name, data):
    content = GOOD[name].rstrip()
    cut = content[: data.draw(st.integers(1, len(content) - 2))]
    if name == "beacons.jsonl" and cut.endswith((b"}", b"}\n")):
        return  # whole lines are whole beacons: that there are fewer is seen by their number
    with pytest.raises(ReportTrouble) as trouble:
        read(name, cut)
    assert trouble.value.then


def read(name, content):
    readers = {"tests": read_tests, "security-scan": scan_of, "sbom": bill_of, "web-vitals": lambda r: vitals_of([r])}
    return readers[CHECKS[name]](Report(name, content))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", [name for name in CHECKS if name.endswith(("json", "sarif"))])
def test_a_report_with_anything_in_any_place_is_read_or_said_to_be_none(name, data):
    document = json.loads(GOOD[name])
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(JSON)
            break
        place = inner
    try:
        read(name, json.dumps(document).encode())
    except ReportTrouble as trouble:
        assert trouble.why and trouble.then


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300))
@pytest.mark.parametrize("name", CHECKS)
def test_noise_is_never_a_report(name, content):
    with pytest.raises(ReportTrouble):
        read(name, content or b" ")


@pytest.mark.parametrize("check", sorted(set(CHECKS.values())))
async def test_what_is_no_plain_file_could_not_be_measured(look, tmp_path, check):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(3 * 10**9)
    for name, why in (
        ("nowhere", "No such file"),
        ("folder", "no plain file"),
        ("pipe", "no plain file"),
        ("/dev/zero", "no plain file"),
        ("huge", "3000000000 bytes"),
        ("x" * 5000, "File name too long"),
    ):
        finding = await look(check, None, name)
        assert unmeasured(finding) and why in finding.seen, finding


@pytest_asyncio.fixture
async def nowhere_nice():
    server = hostile()
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.mark.parametrize("place", PLACES)
async def test_a_hostile_server_of_reports_could_not_be_measured(around, nowhere_nice, place, monkeypatch):
    monkeypatch.setattr("golive.adapters.reports.reading.LARGEST", 3 * 2**20)
    monkeypatch.setattr("golive.adapters.checks.reports.report_at.__defaults__", (0.5,))
    finding = await around.look(use("security-scan", f"{nowhere_nice}/{place}"))

    assert unmeasured(finding) and "script" not in finding.seen, finding


async def test_an_address_where_nobody_answers_could_not_be_measured(around):
    for address in ("http://127.0.0.1:1/x", "http://[::1", "ftp://127.0.0.1/x", "http://"):
        assert unmeasured(await around.look(use("tests", address)))


def aged(name, days):
    return reports(datetime.now(UTC) + timedelta(days=days), frozenset())[name]


@pytest.mark.parametrize("name", CHECKS)
async def test_a_report_from_the_future_fails(look, name):
    finding = await look(CHECKS[name], aged(name, 1))

    assert finding.result is Result.FAIL and "from the future" in finding.seen and finding.then


@pytest.mark.parametrize("name", CHECKS)
async def test_a_report_that_is_too_old_fails(look, name):
    finding = await look(CHECKS[name], aged(name, -40))

    assert finding.result is Result.FAIL and "older than" in finding.seen and finding.then


@pytest.mark.parametrize("name", [name for name in CHECKS if "vitals" not in CHECKS[name]])
async def test_a_report_of_another_commit_fails(look, name):
    finding = await look(CHECKS[name], GOOD[name].replace(COMMIT.encode(), OTHER_COMMIT.encode()))

    assert finding.result is Result.FAIL and f"of commit {OTHER_COMMIT[:12]}" in finding.seen and finding.then


@pytest.mark.parametrize("name", [name for name in CHECKS if "vitals" not in CHECKS[name]])
async def test_a_report_that_names_no_commit_counts_only_at_an_address_that_does(look, tmp_path, name):
    silent = GOOD[name].replace(COMMIT.encode(), b"unknown")
    (tmp_path / COMMIT).mkdir()

    assert unmeasured(await look(CHECKS[name], silent))
    finding = await look(CHECKS[name], silent, f"{COMMIT}/report")
    assert finding.result is Result.PASS, finding


@pytest.mark.parametrize("commit", ["", "main", "3f0c5a9", "v1.5.0"])
async def test_a_plan_without_a_commit_passes_no_report(look, commit):
    finding = await look("tests", GOOD["tests.json"], commit=commit)

    assert unmeasured(finding) and "release.commit" in finding.seen


@given(st.text("0123456789abcdef", min_size=12, max_size=40), st.integers(12, 40))
def test_a_shortened_commit_is_the_same_one_and_no_other_is(commit, length):
    assert same_commit(commit, commit[:length].upper())
    other = ("0" if commit[0] != "0" else "1") + commit[1:]
    assert not same_commit(commit, other) and not same_commit(commit, commit[:11])
    assert commits_in([f"git+https://x/y@{commit}"]) == [commit]
