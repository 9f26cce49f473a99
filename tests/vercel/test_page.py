"""What docs/vercel.md says to be held by a test is: each that it names exists, and no line is without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "vercel.md").read_text(encoding="utf-8")
TESTS = {name for path in HERE.glob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
UNEXPECTED, TROUBLE = "What one would not expect", "When somebody or something gets in the way"


def rows(title: str) -> list[list[str]]:
    """Give the cells of the table under a title, without its head."""
    (section,) = (part for part in PAGE.split("\n## ") if part.startswith(title))
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("title", [UNEXPECTED, TROUBLE])
def test_each_test_that_a_table_names_exists(title):
    named = {name for row in rows(title) for name in re.findall(r"`(test_\w+)`", row[-1])}

    assert named and named - TESTS == set()


def test_what_one_would_not_expect_is_held_by_a_test_or_said():
    held = rows(UNEXPECTED)

    assert len(held) >= 30
    assert [row for row in held if "`test_" not in row[-1] and not row[-1].startswith("said")] == []


def test_each_trouble_has_a_test_and_the_words_of_the_page():
    troubles = rows(TROUBLE)

    assert len(troubles) >= 10
    assert [row for row in troubles if len(row) != 3 or "`test_" not in row[2] or "`" not in row[1]] == []


@pytest.mark.parametrize("row", rows(TROUBLE), ids=lambda row: row[0])
def test_the_words_that_are_quoted_are_the_programs(row):
    """Each quoted piece of words, between its dots and numbers, stands in a test or in what is tested."""
    root = HERE.parents[1]
    sources = [*(root / "lib" / "golive").rglob("*.py"), *HERE.glob("*.py")]
    known = "".join(re.sub(r'"\n\s+f?"', "", path.read_text()) for path in sources)
    for quoted in re.findall(r"`([^`]+)`", row[1]):
        for piece in re.split(r"…|\d+(?:\.\d+)?%|dpl_\S*|VERCEL_TOKEN|[;:]", quoted):
            assert piece.strip(" ,.") in known, piece
