"""The table of the runbook's lines is true: each page, check, criterion and call that it names is there and used."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from golive.cli import main
from golive.core.plan import Criteria
from golive.notebook.emergency import Emergency
from golive.notebook.page import Page
from golive.plans import load, notebook

ROOT = Path(__file__).parents[1]
RUNBOOK = Path(os.environ.get("GOLIVE_RUNBOOK", ROOT.parent / "shared" / "seed" / "go-live-runbook.md"))
TABLE = re.compile(r"\| (\S+/\d+) \| (.+?) \| (.+?) \| (.+?) \| (automatic|attested|partly|none) \|")
TEXT = (ROOT / "docs" / "runbook-map.md").read_text(encoding="utf-8")
ROWS = [found.groups() for found in map(TABLE.fullmatch, TEXT.splitlines()) if found]
LINE = re.compile(
    r"- \[ \] |- (?!\*\*|Canary:|Production:)|# \d+\. |# (?:Watch|Check logs|Monitor metrics)"
    r"|# - (?:Review|Check|Verify)|\d\. \*\*Level|Phase \d:|\| (?:SRE Lead|DevOps Manager|CTO) \|"
    r"|\*\*(?:Expected|Decision|Responsible)\*\*"
)
PAGES = {phase.notebook for phase in load("sandbox", None)[0].phases} | {"90_rollback", "91_incident"}
LOOSE = ("every page with a soak", "the guard, without a page")


def named(kind, text):
    return re.findall(rf"\b{kind} `([a-z0-9_-]+)`", text)


def lines_of(plan, page):
    phases = [phase for phase in load(plan, None)[0].phases if page in LOOSE or phase.notebook == page]
    return {use.called for phase in phases for use in phase.lines}


def test_the_table_has_rows_and_counts_them_right():
    counts = Counter(how for *_, how in ROWS)
    parts = ", ".join(f"{counts[how]} {how}" for how in ("automatic", "attested", "partly", "none"))
    said = f"{len(ROWS)} lines: {parts}."

    assert len(ROWS) > 100 and said in TEXT
    assert len({place for place, *_ in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_row_names_is_there_and_used_on_that_page(row):
    _, _, page, what, how = row

    assert page in LOOSE or (page in PAGES and notebook(page))
    assert set(named("check", what)) <= lines_of("sandbox", page)
    assert set(named("vendor", what)) <= lines_of("production", page)
    assert set(named("criterion", what)) <= set(Criteria.model_fields)
    assert all(hasattr(Page, name) or hasattr(Emergency, name) for name in named("call", what))
    assert set(named("command", what)) <= set(main.commands)
    assert set(named("task", what)) <= {task.name for task in load("sandbox", None)[0].tasks}
    assert all((ROOT / path).is_file() for path in re.findall(r"docs/\S+\.md", what))
    assert ("not yet" in what) == (how == "none") or how != "none"
    assert how != "automatic" or "`" in what or "guard" in what


@pytest.mark.skipif(not RUNBOOK.is_file(), reason="the runbook is not beside this project")
def test_no_line_of_the_runbook_is_missing():
    section, number, found = "", 0, []
    for line in RUNBOOK.read_text(encoding="utf-8").splitlines():
        if re.match(r"#{2,3} ", line):
            bare = re.sub(r"\(.*?\)| - T.*", "", line.lower())
            section, number = re.sub(r"[^a-z0-9]+", "-", bare).strip("-"), 0
        elif LINE.match(line) and section not in ("references", "overview"):
            number += 1
            found.append(f"{section}/{number}")

    assert [place for place, *_ in ROWS] == found
