"""A wheel, installed and used in an empty folder."""

import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[2]


def call(*command, cwd, env=None):
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_rehearses_in_an_empty_folder(tmp_path):
    call(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("golive-*.whl")
    call(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    call(
        sys.executable, "-m", "uv", "pip", "install", "--python", python, "--no-deps", "--offline", wheel, cwd=tmp_path
    )
    packages = Path(call(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=tmp_path).strip())
    (packages / "zz_dependencies.pth").write_text(site.getsitepackages()[0] + "\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GOLIVE", "VIRTUAL"))}
    env["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")  # templates lie outside the packages
    golive = tmp_path / "venv" / "bin" / "golive"

    where = call(python, "-c", "import golive; print(golive.__file__)", cwd=tmp_path, env=env)
    assert str(tmp_path / "venv") in where
    assert (tmp_path / "venv" / "etc" / "jupyter" / "jupyter_server_config.d" / "golive.json").is_file()
    call(golive, "init", "mine", cwd=tmp_path, env=env)
    said = call(golive, "rehearse", cwd=tmp_path / "mine", env=env)
    assert "COMPLETED" in said
    (root,) = (tmp_path / "mine" / "runs").glob("*-sandbox")
    head = next(line.split()[1] for line in said.splitlines() if line.startswith("head"))
    assert "PROVEN" in call(golive, "verify", root, "--head", head, cwd=tmp_path, env=env)
