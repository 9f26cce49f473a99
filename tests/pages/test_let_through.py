"""The completion page lists every line that somebody let through, and what nobody answered; none is said aloud."""

from golive.archive.completed import NOT_KEPT, said
from golive.core.folding import fold
from golive.core.record import Kind
from golive.lab.prepared import prepare
from golive.notebook.page import Page
from golive.pages.let_through import let_through
from golive.sealing import seal_run
from tests.archive.test_completed import cells_of
from tests.builders import Story
from tests.notebooks.desk import make_run

HOSTILE = "<script>alert(1)</script>\u202e"
UNTIL = "2026-01-02T12:00:00.000Z"
WORD = {"called": "scan", "code": "c0de", "was": "fail", "because": "a false alarm", "until": UNTIL, "good_for": 9.0}
WORD |= {"link": "https://tickets.example/7", "file": "", "sha256": "", "second": ""}


def found(story, result, called="scan", code="c0de", phase="canary-1"):
    body = {"stage": "start", "check": called, "called": called, "result": result, "code": code, "sentence": "The scan"}
    story.tell(Kind.FINDING, {**body, "seen": "3 errors", "expected": "none", "good_for": 60.0}, phase)


def answer(*words):
    story = Story().open()
    found(story, "fail")
    for kind, more in words:
        story.tell(kind, {**WORD, **more}, "canary-1")
    return let_through(fold(story.entries), story.entries)


def test_none_is_said_aloud():
    story = Story().open()
    found(story, "pass")
    told = let_through(fold(story.entries), story.entries)

    assert told.headline == "nothing was let through: none waived, none attested, none left as found"
    assert {value for _, value in told.facts} == {"none"} and not told.table.rows


def test_each_word_stands_with_line_phase_who_why_until_when_and_where_to_look():
    told = answer((Kind.WAIVED, {"second": "Grace"}))

    assert told.table.rows == [
        (
            "1 · Canary at 1 %",
            "scan",
            "waived",
            "fail",
            "ada (ada@host), with Grace",
            "a false alarm",
            "2026-01-02 12:00:00 UTC",
            "https://tickets.example/7",
        )
    ]
    assert told.headline == "1 waived, 0 attested, 0 left as found"


def test_a_file_is_told_by_its_name_and_hash():
    told = answer((Kind.ATTESTED, {"link": "", "file": "ab12-mail.txt", "sha256": "ab12" * 16}))

    assert told.table.rows[0][-1] == "ab12-mail.txt, SHA-256 ab12ab12ab12ab12…"


def test_what_could_not_be_measured_and_was_waived_is_named_by_itself():
    told = answer((Kind.WAIVED, {"was": "could not measure", "called": "pool"}), (Kind.WAIVED, {}))

    assert dict(told.facts)["not measured, waived"] == "pool"
    assert dict(told.facts)["waived"] == "pool, scan"


def test_a_line_that_was_not_good_and_that_nobody_answered_is_listed_too():
    story = Story().open()
    found(story, "could not measure", "pool")
    found(story, "fail", "flags")
    found(story, "pass", "flags")
    told = let_through(fold(story.entries), story.entries)

    assert dict(told.facts)["left as found"] == "pool"
    assert [row[:4] for row in told.table.rows] == [("1 · Canary at 1 %", "pool", "nobody's", "could not measure")]


def test_what_the_plan_itself_waives_by_name_is_told_once_for_each_phase():
    story = Story().open()
    for _ in range(2):
        body = {"stage": "start", "check": "guard-survives", "result": "waived", "sentence": "s", "expected": "e"}
        story.tell(Kind.FINDING, {**body, "seen": "waived by C. Chief: a session"}, "canary-1")
    told = let_through(fold(story.entries), story.entries)

    assert [row[1:3] + row[5:7] for row in told.table.rows] == [
        ("guard-survives", "waived", "waived by C. Chief: a session", "the end of the run")
    ]
    assert dict(told.facts)["left as found"] == "none"


def test_a_word_on_something_else_that_was_found_there_does_not_cover_it():
    told = answer((Kind.WAIVED, {"code": "another"}))

    assert dict(told.facts)["left as found"] == "scan"


def test_what_people_typed_is_shown_and_never_obeyed():
    told = answer((Kind.WAIVED, {"because": HOSTILE, "second": HOSTILE, "link": "https://x.example/" + HOSTILE}))

    assert "<script>" not in told.html() and "&lt;script&gt;" in told.html()
    assert "\u202e" not in told.html() + str(told)


def test_the_completion_page_answers_it_and_its_archive_has_it_from_the_record(tmp_path):
    run = make_run(tmp_path, alone=False)
    prepare(run, "ada")
    for phase in ("canary-25", "canary-50", "cutover", "watch"):
        run.append(Kind.PHASE_ASSUMED, {"why": "a test"}, phase)
    run.append(Kind.WAIVED, {**WORD, "because": HOSTILE}, "canary-5")
    page = Page(run, "completion")
    assert "1 waived" in str(page.waivers())
    run.append(
        Kind.PHASE_CLOSED,
        {"choice": "proceed", "stands_in_for": [["sre_lead", "Bob"]], "because": HOSTILE},
        "completion",
    )
    assert "1 waived" in str(page.waivers())
    run.append(Kind.RUN_CLOSED, {"result": "completed", "why": "over"})

    seal_run(run)
    text = (run.folder.root / "notebooks" / "07_completion.ipynb").read_text()
    assert NOT_KEPT in said(cells_of(text)["waivers"]) and "1 waived" in said(cells_of(text)["waivers"])
    assert "ada stood in for Bob (sre_lead)" in said(cells_of(text)["close"])
    html = (run.folder.root / "notebooks" / "07_completion.html").read_text()
    assert "scan" in html and HOSTILE[:8] + "alert" not in html


def test_a_statement_that_was_there_already_is_somebodys_word_too_and_the_newest_look_counts():
    story = Story().open()
    evidence = {"who": "Radia Perlman", "link": "https://tickets.example/9", "statement_sha256": "ab" * 32}
    body = {"stage": "start", "check": "statement", "called": "sbom-approved", "result": "attested", "code": "c"}
    body |= {"sentence": "A named person has stated it", "expected": "a yes", "good_until": UNTIL, "evidence": evidence}
    for says in ("not read yet", "no licence that we refuse"):
        story.tell(Kind.FINDING, {**body, "seen": says}, "preflight")
    told = let_through(fold(story.entries), story.entries)

    (row,) = told.table.rows
    assert row[1:6] == ("sbom-approved", "attested", "a statement", "Radia Perlman", "no licence that we refuse")
    assert row[7].startswith("https://tickets.example/9, SHA-256 abababababababab")
    assert told.headline == "0 waived, 1 attested, 0 left as found"
