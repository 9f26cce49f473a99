"""The short runbooks name commands, options, calls and documents that are there."""

import re
from pathlib import Path

import pytest

from golive.cli import main
from golive.notebook.emergency import Emergency
from golive.notebook.page import Page
from golive.plans import notebook

FOLDER = Path(__file__).parents[1] / "docs" / "runbooks"
TEXTS = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.md"))}


@pytest.mark.parametrize("name", TEXTS)
def test_a_runbook_is_short_and_each_step_names_something_to_do(name):
    steps = re.findall(r"^\d+\. (.+)$", TEXTS[name], flags=re.MULTILINE)

    assert 5 <= len(steps) <= 9
    assert sum("`" in step or "](" in step for step in steps) >= len(steps) - 2


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_option_call_page_and_link_is_there(name):
    text = TEXTS[name]
    for command, rest in re.findall(r"`golive ([a-z-]+)([^`]*)`", text):
        assert command in main.commands, command
        known = {option for parameter in main.commands[command].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known
    for call in re.findall(r"\bgo\.([a-z_]+)\(", text):
        assert hasattr(Page, call) or hasattr(Emergency, call)
    for page in re.findall(r"(\w+)\.ipynb", text):
        assert notebook(page)
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (FOLDER / target).is_file(), target


def test_the_four_that_the_go_live_runbook_links_are_there():
    assert set(TEXTS) == {"rollback.md", "incident-response.md", "monitoring.md", "security-incident.md"}
