"""What all tests share: each belongs to one group, and a plain `pytest` runs the everyday groups."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from groups import ALL, GROUPS, group_of, left_out, runs

BY_NAME = {group.name: group for group in GROUPS}


def pytest_configure(config: pytest.Config) -> None:
    """Declare one marker for each group, and the one for the few of a group that run every day."""
    for group in GROUPS:
        config.addinivalue_line("markers", f"{group.name}: {group.what}")
    config.addinivalue_line("markers", "few: those of a long group that run every day")


def _everyday(config: pytest.Config) -> bool:
    """Say whether this is a plain `pytest`: no marker, no path, not everything."""
    plain = config.args_source is not pytest.Config.ArgsSource.ARGS and not config.option.markexpr
    return plain and os.environ.get(ALL) != "1"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test the marker of its group; leave out what a plain `pytest` leaves out."""
    left, kept = [], []
    for item in items:
        markers = {mark.name for mark in item.iter_markers()}
        group = BY_NAME[group_of(markers, item.path)]
        item.add_marker(group.name)
        out = not runs(group, everything=False) or (group.few and group.few not in markers)
        (left if out and _everyday(config) else kept).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """End a plain `pytest` by naming the groups that it left out."""
    if _everyday(config):
        for group in GROUPS:
            if line := left_out(group, everything=False):
                terminalreporter.write_line(line)
