"""The wheel alone is enough: in an empty folder, with nothing of the source tree in reach."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).resolve().parent.parent.parent


def call(command: list[str], folder: Path) -> str:
    """Run a command as a person outside the source tree would; give what it printed, fail if it fails."""
    kept = {name: value for name, value in os.environ.items() if name not in ("GOLIVE_HOME", "PYTHONPATH")}
    own = {"XDG_STATE_HOME": str(folder / "state"), "HOME": str(folder)}
    ended = subprocess.run(command, cwd=folder, env={**kept, **own}, capture_output=True, text=True, check=False)
    said = f"{ended.stdout[-4000:]}{ended.stderr[-4000:]}"
    assert ended.returncode == 0, f"{command} ended with {ended.returncode}\n{said}"
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that holds the sdist, and the wheel that was built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    call(build, tmp_path_factory.mktemp("build"))
    return out


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the bin folder of an environment with the wheel, and with this one's packages but its golive."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, symlinks=True, with_pip=False)
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet", "--no-deps"]
    call([*pip, "--no-index", str(wheel)], home)
    packages = home / "packages"
    packages.mkdir()
    for path in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "golive" not in path.name.lower():
            (packages / path.name).symlink_to(path)
    site = sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)})
    (Path(site) / "packages.pth").write_text(f"{packages}\n")
    # The kernel's description that came with this environment starts `python`: let that be the new one's.
    spec = Path(sys.prefix) / "share/jupyter/kernels"
    (home / "share/jupyter").mkdir(parents=True)
    (home / "share/jupyter/kernels").symlink_to(spec)
    return home / "bin"


def inside(built: Path) -> tuple[set[str], set[str]]:
    """Give the names in the wheel, and those in the sdist without its first folder."""
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    return in_wheel, in_sdist


def test_notebooks_and_plans_travel_as_real_files(built: Path) -> None:
    """The wheel, built from the sdist, holds each notebook, each plan and every module."""
    in_wheel, _ = inside(built)
    for folder, pattern in (("notebooks", "*.ipynb"), ("params", "*.yaml")):
        names = {f"golive/{folder}/{path.name}" for path in (ROOT / folder).glob(pattern)}
        assert names
        assert names <= in_wheel
    assert {str(path.relative_to(ROOT / "lib")) for path in (ROOT / "lib/golive").rglob("*.py")} <= in_wheel


def test_the_templates_travel_too(built: Path) -> None:
    """What pages are made from is in the wheel."""
    in_wheel, _ = inside(built)
    templates = [path for path in (ROOT / "lib/golive").rglob("templates/*") if path.is_file()]
    assert {str(path.relative_to(ROOT / "lib")) for path in templates} <= in_wheel


def test_nothing_else_travels(built: Path) -> None:
    """No tests and no caches are in the wheel; no runs and no environment are in the sdist."""
    in_wheel, in_sdist = inside(built)
    assert {name.split("/")[0].split("-")[0] for name in in_wheel} == {"golive"}
    assert not [name for name in in_wheel if "__pycache__" in name or ".ipynb_checkpoints" in name]
    assert {name.split("/")[0] for name in in_sdist} & {"runs", ".venv", "dist", ".git"} == set()


def test_golive_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The environment under test imports its own golive, not the source tree's."""
    where = call([str(installed / "python"), "-c", "import golive; print(golive.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)


@pytest.mark.timeout(400)
def test_a_new_folder_rehearses_and_its_archive_verifies(installed: Path, tmp_path: Path) -> None:
    """`golive init`, `golive rehearse` and `golive verify` work in an empty folder from the wheel alone."""
    golive = str(installed / "golive")
    call([golive, "init", "mine"], tmp_path)
    mine = tmp_path / "mine"
    call([golive, "rehearse"], mine)
    (run,) = (mine / "runs").iterdir()
    call([golive, "verify", str(run)], mine)
