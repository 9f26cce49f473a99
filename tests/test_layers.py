"""Imports point down, and what must work in an emergency starts light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("IPython", "ipykernel", "jupyterlab", "matplotlib", "nbclient", "nbconvert", "pandas", "papermill")
LIGHT = ("golive.engine.guard", "golive.engine.rollback", "golive.wiring", "golive.cli")


def test_the_layers_hold() -> None:
    """Every contract on imports in pyproject.toml is kept."""
    linter = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[ended.stdout.find("Contracts:") :]


@pytest.mark.parametrize("module", LIGHT)
def test_starts_without_charts_notebooks_and_tables(module: str) -> None:
    """The guard and the command line load nothing that draws, tabulates or runs notebooks."""
    code = f"import {module}, sys; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == []


def test_a_rollback_from_the_command_line_stays_light() -> None:
    """`golive rollback`, asked for a run that is not there, has loaded nothing heavy when it answers."""
    code = (
        "import sys, golive.cli\n"
        "try:\n    golive.cli.main(['rollback', 'no-such-run', '--because', 'a test'])\n"
        "except SystemExit:\n    pass\n"
        f"print('HEAVY', *sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout.splitlines()[-1].split() == ["HEAVY"], ended.stderr
