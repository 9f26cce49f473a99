"""The repository keeps its own promises."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.M))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_locked_inside_its_range():
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(PINS[normal(wanted.name)]), text


def test_the_lock_has_hashes_and_no_address():
    text = (ROOT / "requirements.lock").read_text()

    assert text.count("--hash=sha256:") > len(PINS)
    assert "://" not in text


def test_conda_installs_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())

    assert environment["dependencies"][-1] == {"pip": ["-r requirements.lock"]}
    assert f"python{PROJECT['requires-python']}" in environment["dependencies"]


def test_verbs_of_the_makefile_are_at_most_three_lines():
    recipes = re.findall(r"^\S.*:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)

    assert recipes
    assert all(len(recipe.splitlines()) <= 3 for recipe in recipes)


def test_every_command_of_the_readme_exists_and_every_command_is_in_it():
    from golive.cli import main

    told = set(re.findall(r"`golive ([a-z-]+)", (ROOT / "README.md").read_text()))

    assert told == {name for name, command in main.commands.items() if not command.hidden}


def test_guard_and_command_line_start_without_pandas_matplotlib_or_papermill():
    code = "import sys, golive.cli, golive.engine.guard, golive.wiring; print(*sys.modules)"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())

    assert not loaded & {"pandas", "matplotlib", "IPython", "papermill", "nbconvert"}


def test_names_of_one_machine_stand_nowhere():
    for path in [*ROOT.glob("lib/**/*.py"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*")]:
        if path.is_file():
            assert not re.search(r"/(root|home)/|/work/main|pythonhosted", path.read_text()), path
