"""An archive shows every change, offline."""

import json
import shutil
from datetime import UTC, datetime

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from golive.archive import addenda, manifest
from golive.archive.seal import seal
from golive.archive.verify import Standing, read_record, verify
from golive.core.digest import minute_digests, row
from golive.core.errors import ArchiveBroken
from golive.core.record import Kind
from golive.core.samples import Version
from golive.folders import RunFolder
from golive.plans import find
from tests.builders import Story, sample


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    folder.pages.mkdir(parents=True)
    folder.plan.write_text(find("sandbox", None)[0])
    story = Story().open({"plan_sha256": manifest.sha256(folder.plan)})
    samples = [sample(at, Version.CANARY, 10) for at in range(1, 70)]
    for minute, (rows, digest) in minute_digests([row(s) for s in samples]).items():
        story.tell(Kind.DIGEST, {"minute": minute, "rows": rows, "sha256": digest})
    folder.evidence.mkdir()
    kept = folder.evidence / "0123abcd-mail.txt"
    kept.write_text("we agree")
    word = {"called": "scan", "code": "c0de", "until": "2026-01-02T00:00:00.000Z", "because": "a false alarm"}
    story.tell(Kind.WAIVED, {**word, "file": kept.name, "sha256": manifest.sha256(kept)}, "preflight")
    story.tell(Kind.RUN_CLOSED, {"result": "completed", "why": "all is done"})
    seal(folder, entries=story.entries, samples=samples, index_html=lambda pages: "<html></html>")
    return folder.root, story.entries[-1].hash


@pytest.fixture
def copy(archive, tmp_path):
    shutil.copytree(archive[0], tmp_path / "run")
    return tmp_path / "run"


def reseal(root):
    (root / "SEAL").unlink()
    (root / "MANIFEST.json").unlink()
    manifest.write(root)


def test_an_untouched_archive_is_consistent_and_with_its_head_proven(archive):
    root, head = archive

    assert verify(root).standing is Standing.CONSISTENT
    assert verify(root, head).standing is Standing.PROVEN
    assert verify(root, head[:16]).standing is Standing.PROVEN
    assert verify(root, "0" * 64).standing is Standing.BROKEN


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_any_file_is_found(archive, data):
    root, head = archive
    path = root / data.draw(st.sampled_from([*manifest.files(root), "MANIFEST.json", "SEAL"]))
    before = path.read_bytes()
    if not before:
        return
    at = data.draw(st.integers(0, len(before) - 1))
    changed = data.draw(st.integers(0, 255).filter(lambda value: value != before[at]))
    path.write_bytes(before[:at] + bytes([changed]) + before[at + 1 :])
    try:
        assert verify(root, head).standing is Standing.BROKEN
        assert verify(root).standing is Standing.BROKEN
    finally:
        path.write_bytes(before)


def test_a_missing_file_is_named(copy):
    (copy / "samples.csv").unlink()

    assert verify(copy).why == "samples.csv is missing"


def test_an_added_file_is_named(copy):
    (copy / "extra.txt").write_text("x")

    assert verify(copy).why == "extra.txt was added"


def test_evidence_that_the_record_does_not_name_so_is_found_even_under_a_new_seal(copy):
    (copy / "evidence" / "0123abcd-mail.txt").write_text("we do not agree")
    reseal(copy)
    assert "is not the file that the record names" in verify(copy).why

    (copy / "evidence" / "0123abcd-mail.txt").unlink()
    reseal(copy)
    assert "is in the record and not in the archive" in verify(copy).why


def test_a_link_is_refused(copy):
    (copy / "samples.csv").unlink()
    (copy / "samples.csv").symlink_to("/etc/hostname")

    assert "no plain file" in verify(copy).why


@pytest.mark.parametrize("change", ["swap", "drop", "repeat"])
def test_a_reordered_record_is_found_even_under_a_new_seal(copy, change):
    lines = (copy / "record.jsonl").read_bytes().splitlines(keepends=True)
    lines = {
        "swap": [lines[0], lines[2], lines[1], *lines[3:]],
        "drop": [lines[0], *lines[2:]],
        "repeat": [*lines, lines[-1]],
    }[change]
    (copy / "record.jsonl").write_bytes(b"".join(lines))
    reseal(copy)

    assert verify(copy).standing is Standing.BROKEN


@pytest.mark.parametrize(("cut", "why"), [(1, "cut off before its end"), (30, "cut off before its end")])
def test_a_record_whose_last_line_is_cut_off_is_found_even_under_a_new_seal(copy, cut, why):
    whole = (copy / "record.jsonl").read_bytes()
    (copy / "record.jsonl").write_bytes(whole[:-cut])
    assert why in verify(copy).why
    reseal(copy)

    assert verify(copy).why == f"record.jsonl line {whole.count(10)} is {why}"


def test_a_changed_record_names_its_first_wrong_entry(copy):
    lines = (copy / "record.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "record.jsonl").write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))

    assert verify(copy).why == "record.jsonl was changed: entry 2 is missing: entry 3 stands in its place"


def test_another_plan_under_a_new_seal_is_found(copy):
    (copy / "plan.yaml").write_text((copy / "plan.yaml").read_text() + "# a word more\n")
    reseal(copy)

    assert verify(copy).why == "plan.yaml is not the plan that the record names"


def test_samples_that_differ_from_the_record_are_found_even_under_a_new_seal(copy):
    text = (copy / "samples.csv").read_text()
    (copy / "samples.csv").write_text(text.replace(",10,0,", ",10,1,", 1))
    reseal(copy)

    assert "samples.csv differs" in verify(copy).why


def test_a_whole_rewritten_archive_is_consistent_and_only_the_noted_head_finds_it(copy, archive):
    entries = read_record(copy / "record.jsonl")
    story = Story()
    for entry in entries:
        story.tell(
            entry.kind, {**entry.body, "result": "rewritten"} if entry.kind is Kind.RUN_CLOSED else dict(entry.body)
        )
    (copy / "record.jsonl").write_bytes(b"".join(entry.line() + b"\n" for entry in story.entries))
    reseal(copy)

    assert verify(copy).standing is Standing.CONSISTENT
    assert verify(copy, archive[1]).standing is Standing.BROKEN


def test_a_folder_without_seal_is_not_sealed(copy):
    (copy / "SEAL").unlink()

    assert verify(copy).standing is Standing.NOT_SEALED


def test_the_manifest_is_exactly_canonical(copy):
    path = copy / "MANIFEST.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    (copy / "SEAL").write_text(manifest.seal_text(path.read_bytes()))

    assert verify(copy).why == "MANIFEST.json is not canonical"


def test_an_addendum_is_chained_and_its_change_is_found(copy, tmp_path):
    (tmp_path / "lessons.md").write_text("we learned")
    for because in ("post-mortem", "a correction"):
        added = addenda.add(copy, tmp_path / "lessons.md", who="ada", because=because, at=datetime.now(UTC).isoformat())
    assert verify(copy).standing is Standing.CONSISTENT
    assert "with 2 addenda" in verify(copy).why
    added.write_text("we learned nothing")

    assert "was changed" in verify(copy).why


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda folder: (folder / "0001.json").write_text("{}"), "0001.json"),
        (lambda folder: (folder / "0001.json").unlink(), "0002.json does not follow"),
        (lambda folder: (folder / "0002-lessons.md").unlink(), "0002-lessons.md was changed or is missing"),
        (lambda folder: (folder / "loose.txt").write_text(""), "loose.txt was added without its entry"),
    ],
)
def test_harm_to_addenda_is_named(copy, tmp_path, harm, why):
    (tmp_path / "lessons.md").write_text("we learned")
    for because in ("post-mortem", "a correction"):
        addenda.add(copy, tmp_path / "lessons.md", who="ada", because=because, at=datetime.now(UTC).isoformat())
    harm(copy / "addenda")

    assert verify(copy).standing is Standing.BROKEN
    assert why in verify(copy).why


def test_a_page_that_failed_keeps_its_title_and_shows_what_never_ran():
    from golive.archive.html import page_html
    from golive.archive.seal import title_of

    nb = new_notebook(
        cells=[
            new_markdown_cell(
                "<span>An Exception was encountered</span>", metadata={"tags": ["papermill-error-cell-tag"]}
            ),
            new_markdown_cell("# 2 · Canary at 5 %\n**Send some visitors**"),
            new_code_cell("await go.soak()"),
        ],
        metadata={"papermill": {"golive": {"complete": False, "why": "cell 3 never ran <b>"}}},
    )
    html = page_html(nbformat.writes(nb), title_of(nb, "02_canary_5"))

    assert "<title>2 · Canary at 5 %</title>" in html
    assert "An Exception" not in html and "NEVER RAN" in html
    assert "not run to its end:</b> cell 3 never ran &lt;b&gt;" in html
    assert "<script" not in html


def test_the_password_of_a_stores_url_keeps_the_archive_open_and_its_words_alone_do_not(tmp_path, monkeypatch):
    monkeypatch.setenv("STORE", "postgresql://golive:postgresql@db/golive")
    folder = RunFolder(tmp_path / "run")
    folder.pages.mkdir(parents=True)
    folder.plan.write_text("store: {driver: postgresql}")
    told = {"entries": [], "samples": [], "secret_variables": ["STORE"]}

    with pytest.raises(ArchiveBroken, match="STORE stands in index"):
        seal(folder, index_html=lambda pages: "by golive:postgresql@db", **told)
    assert seal(folder, index_html=lambda pages: "by golive@db", **told)


def test_a_secret_in_a_page_keeps_the_archive_open(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "abcdef123")
    folder = RunFolder(tmp_path / "run")
    folder.pages.mkdir(parents=True)
    folder.plan.write_text("x")

    with pytest.raises(ArchiveBroken, match="TOKEN stands in index"):
        seal(folder, entries=[], samples=[], index_html=lambda pages: "abcdef123", secret_variables=["TOKEN"])
    assert verify(folder.root).standing is Standing.NOT_SEALED
