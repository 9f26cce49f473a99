"""Ten pages opened alone, one after the other, leave no process behind."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from golive.plans import notebook

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(400)]
QUICKEST = ["07_completion", "90_rollback", "91_incident"]
PAGES = (QUICKEST * 4)[:10]
GONE_WITHIN = 60.0
MARK = "GOLIVE_TEST_TEN_IN_A_ROW"


def descendants(mark):
    """Give the commands of processes that have inherited the mark; a zombie has ended."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                found.append(process.cmdline())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_the_mark_finds_what_is_left(tmp_path):
    mark = str(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={**os.environ, MARK: mark})
    try:
        assert descendants(mark) == [child.args]
    finally:
        child.communicate(b"\n")
    assert descendants(mark) == []


def test_ten_pages_in_a_row_leave_no_process(tmp_path):
    (tmp_path / "golive.toml").write_text("")
    mark = str(tmp_path)
    for number, name in enumerate(PAGES):
        (tmp_path / "page.ipynb").write_text(notebook(name))
        command = [sys.executable, "-m", "papermill", "--engine", "golive", "page.ipynb", f"out-{number}.ipynb"]
        environment = {**os.environ, MARK: mark}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, env=environment)

        assert done.returncode == 0, done.stderr[-2000:]
    until = time.monotonic() + GONE_WITHIN
    while descendants(mark) and time.monotonic() < until:
        time.sleep(0.2)

    assert len(list((tmp_path / "runs").glob("*-sandbox"))) == len(PAGES)
    assert descendants(mark) == []
