"""An executed page says truly what happened to it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.provisioning.local_provisioner import LocalPortCache

from golive.core.errors import NameUnknown
from golive.execution.pages import execute_page
from golive.runner.kernels import WarmKernel
from tests.parts.ports import free_port


@pytest.fixture(autouse=True)
def ports(monkeypatch):
    """Give kernels ports that nobody takes before they have bound them."""
    monkeypatch.setattr(LocalPortCache, "find_available_port", lambda cache, ip: free_port())


def template(*cells, tags=None):
    nb = nbformat.v4.new_notebook()
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nb.cells = [nbformat.v4.new_code_cell('name: str = "x"', metadata={"tags": ["parameters"]})]
    nb.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    for cell in nb.cells[1:]:
        cell.metadata.tags = list(tags or [])
    return nbformat.writes(nb)


def run(tmp_path, *cells, tags=None, **parameters):
    output = tmp_path / "out.ipynb"
    result = execute_page(template(*cells, tags=tags), output, parameters)
    nb = nbformat.read(output, as_version=4)
    code = [cell for cell in nb.cells if cell.cell_type == "code" and "# Parameters" not in cell.source]
    statuses = [cell.metadata.papermill.status for cell in code]
    return result, statuses, nb


def in_its_second_cell(output):
    """Say whether the page at `output` has run its first cell and is in the next."""
    text = output.read_text() if output.exists() else ""
    return '"completed"' in text and '"running"' in text


def test_a_page_that_ran_is_complete(tmp_path):
    result, statuses, nb = run(tmp_path, "name", name="ada")

    assert result.complete
    assert [cell.execution_count for cell in nb.cells] == [1, 2, 3]
    assert set(statuses) == {"completed"}


def test_a_killed_kernel_leaves_a_true_page(tmp_path):
    result, statuses, nb = run(tmp_path, "import os; os.kill(os.getpid(), 9)", "1")

    assert not result.complete
    assert statuses == ["completed", "aborted", "not-run"]
    assert nb.metadata.papermill.exception is True


@pytest.fixture
def warm():
    kernel = WarmKernel()
    starting = threading.Thread(target=kernel.start)  # as a rehearsal does: in another thread than the page's
    starting.start()
    starting.join()
    yield kernel
    kernel.shut()


def test_a_warm_kernel_runs_a_page_as_a_fresh_one_does(tmp_path, warm):
    result = execute_page(
        template("name", "import os; os.getpid()"), tmp_path / "out.ipynb", {"name": "ada"}, km=warm.manager
    )
    cells = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells

    assert result.complete
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4]
    assert cells[-1].outputs[0].data["text/plain"] == str(warm.pid)


@pytest.mark.parametrize("sleep", ["import time; time.sleep(600)", "import asyncio; await asyncio.sleep(600)"])
def test_the_death_of_a_warm_kernel_in_mid_cell_is_seen_at_once(tmp_path, warm, sleep):
    output = tmp_path / "out.ipynb"
    killed = []

    def kill():
        while not in_its_second_cell(output):
            time.sleep(0.05)
        time.sleep(0.5)
        killed.append(time.monotonic())
        warm.kill()

    threading.Thread(target=kill).start()
    result = execute_page(template(sleep, "1"), output, {}, km=warm.manager)
    seen = time.monotonic()
    cells = nbformat.read(output, as_version=4).cells

    assert seen - killed[0] < 10
    assert "DeadKernelError" in result.error
    assert [cell.metadata.papermill.status for cell in cells] == ["completed", "aborted", "not-run"]
    assert not warm.lives


def test_a_kernel_that_died_before_its_page_is_said_and_nothing_ran(tmp_path, warm):
    warm.kill()
    result = execute_page(template("1"), tmp_path / "out.ipynb", {}, km=warm.manager)

    assert not result.complete
    assert "Kernel died" in result.error
    assert result.executed == 0


def test_a_shut_kernel_leaves_no_process_and_no_file(warm):
    folder = Path(warm.manager.connection_file).parent
    process = psutil.Process(warm.pid)
    warm.shut()
    warm.shut()

    assert not process.is_running()
    assert not folder.exists()


def test_leaving_with_status_zero_is_no_success(tmp_path):
    result, statuses, _ = run(tmp_path, "import sys; sys.exit(0)", "1")

    assert not result.complete
    assert statuses[-1] in ("not-run", "pending")


@pytest.mark.parametrize("tag", ["raises-exception", "skip-execution"])
def test_no_tag_defeats_a_gate(tmp_path, tag):
    result, statuses, _ = run(tmp_path, "raise ValueError('gate')", "1", tags=[tag])

    assert not result.complete
    assert "gate" in result.error
    assert statuses == ["completed", "failed", "not-run"]


def test_an_unknown_parameter_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(NameUnknown, match="did you mean 'name'"):
        run(tmp_path, "1", nmae="ada")


def test_sigterm_ends_the_page_truly(tmp_path):
    (tmp_path / "t.ipynb").write_text(template("import time; time.sleep(60)", "1"))
    program = textwrap.dedent(
        """
        import signal, sys
        from pathlib import Path
        from golive.execution.pages import execute_page
        def end(*_): raise SystemExit(143)
        signal.signal(signal.SIGTERM, end)
        execute_page(Path(sys.argv[1]).read_text(), Path(sys.argv[2]), {})
        """
    )
    output = tmp_path / "out.ipynb"
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "t.ipynb"), str(output)])
    until = time.monotonic() + 60
    while time.monotonic() < until and not in_its_second_cell(output):
        time.sleep(0.1)
    os.kill(child.pid, signal.SIGTERM)

    assert child.wait(30) == 143
    cells = nbformat.read(output, as_version=4).cells
    assert [cell.metadata.papermill.status for cell in cells] == ["completed", "aborted", "not-run"]


def test_the_stock_command_gets_the_same_engine(tmp_path):
    (tmp_path / "t.ipynb").write_text(template("import os; os.kill(os.getpid(), 9)", "1"))
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "--engine", "golive", "t.ipynb", "out.ipynb"],
        cwd=tmp_path,
        capture_output=True,
    )
    nb = nbformat.read(tmp_path / "out.ipynb", as_version=4)

    assert done.returncode != 0
    assert nb.metadata.papermill.golive.complete is False
