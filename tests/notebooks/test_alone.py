"""Each page, opened by itself from any folder, rehearses and leaves nothing behind."""

import subprocess
import sys

import nbformat
import psutil
import pytest

from golive.core.folding import fold
from golive.plans import notebook

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(300)]
PAGES = ["00_preflight", "03_canary_25", "05_cutover_100", "06_watch_24h", "07_completion", "90_rollback", "91_incident"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opened_alone_ends_with_its_run_and_its_processes(tmp_path, monkeypatch, name):
    from tests.rehearsal.test_rehearsals import read_entries

    (tmp_path / "golive.toml").write_text("")
    folder = tmp_path / "somewhere"
    folder.mkdir()
    (folder / "page.ipynb").write_text(notebook(name))
    command = [sys.executable, "-m", "papermill", "--engine", "golive", "page.ipynb", "out.ipynb"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
    page = nbformat.read(folder / "out.ipynb", as_version=4)

    assert done.returncode == 0, done.stderr[-2000:]
    assert page.metadata.papermill.golive.complete is True
    (root,) = (tmp_path / "runs").glob("*-sandbox")
    state = fold(read_entries(root))
    assert state.closed in ("completed", "rolled-back")
    left = [p for p in psutil.process_iter(["cmdline"]) if any(str(root) in part for part in p.info["cmdline"] or ())]
    assert left == []
    if name[:2] not in ("00", "90", "91"):
        assert all(phase.assumed for phase in state.phases[: int(name[:2])])


def test_nbval_runs_a_page_too(tmp_path):
    (tmp_path / "golive.toml").write_text("")
    (tmp_path / "page.ipynb").write_text(notebook("00_preflight"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-cell-timeout", "60"]
    done = subprocess.run([*command, "page.ipynb"], cwd=tmp_path, capture_output=True, text=True, timeout=200)

    assert done.returncode == 0, done.stdout[-2000:]
