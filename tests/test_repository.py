"""The repository agrees with itself: versions, notebooks, verbs, and what its pages tell people to type."""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = re.compile(
    r"^(?P<pin>[A-Za-z0-9][^ ;\\]*)(?: ; (?P<marker>[^\\]+?))? \\\n(?P<hashes>(?: {4}--hash=.*\n?)+)", re.M
)
README = (ROOT / "README.md").read_text()
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Give the files that git tracks or would track; without git, those that are not hidden or made."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())


def locked() -> dict[str, list[Requirement]]:
    """Give name -> pins of the lock (several where they differ by platform or Python)."""
    pins: dict[str, list[Requirement]] = {}
    for found in LOCKED.finditer(LOCK):
        pin = Requirement(found["pin"] + (f"; {found['marker']}" if found["marker"] else ""))
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def version(pin: Requirement) -> str:
    """Give the one version that a pin names."""
    (only,) = pin.specifier
    assert only.operator == "=="
    return only.version


def commands() -> dict[str, click.Command]:
    """Give the commands of `golive` by name."""
    from golive.cli import main

    assert isinstance(main, click.Group)
    return main.commands


def verbs() -> dict[str, list[str]]:
    """Give the Makefile's verbs and their lines."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / "Makefile").read_text().splitlines():
        if line.startswith("\t"):
            found[name].append(line)
        elif rule := re.match(r"([\w./-]+):(?!=)", line):
            name = rule[1]
            found.setdefault(name, [])
    return {name: lines for name, lines in found.items() if name[0] != "."}


REQUIREMENTS = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]


@pytest.mark.parametrize("wanted", REQUIREMENTS)
def test_the_lock_holds_each_dependency_inside_its_range(wanted: str) -> None:
    """What pyproject.toml asks for is in requirements.lock, at a version that it allows."""
    requirement = Requirement(wanted)
    pins = locked().get(canonicalize_name(requirement.name), [])
    assert pins, f"requirements.lock has no {requirement.name}: make lock"
    assert all(requirement.specifier.contains(version(pin), prereleases=True) for pin in pins), "make lock"


@pytest.mark.parametrize("wanted", PROJECT["dependencies"])
def test_each_runtime_dependency_has_a_range(wanted: str) -> None:
    """A wheel installed years later gets no major version that nobody tried."""
    operators = {part.operator for part in Requirement(wanted).specifier}
    assert {">=", "<"} <= operators


def test_the_lock_is_hashed_whole_and_names_no_address() -> None:
    """Every pin has hashes, every line belongs to a pin, and no line says where to get it from."""
    assert sum(len(pins) for pins in locked().values()) > 100
    assert LOCKED.sub("", LOCK).strip() == ""
    assert all("--hash=sha256:" in found["hashes"] for found in LOCKED.finditer(LOCK))
    assert "://" not in LOCK
    assert "--index" not in LOCK and "--find-links" not in LOCK


def test_conda_users_get_the_locks_versions() -> None:
    """environment.yml holds Python in the project's range, pip, and the lock; nothing that could disagree."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == PROJECT["name"]
    assert environment["dependencies"] == [
        f"python{PROJECT['requires-python']}",
        "pip",
        {"pip": ["-r requirements.lock"]},
    ]


def test_the_readme_installs_the_project_after_the_environment() -> None:
    """The lines for conda users end with the project itself, which a hashed file can't name."""
    assert "conda env create -f environment.yml" in README
    assert "pip install --no-deps --no-build-isolation -e ." in README


def test_what_runs_here_is_what_the_lock_says() -> None:
    """The environment of this very test has the locked versions of the runtime dependencies."""
    from importlib.metadata import version as installed

    wrong = {}
    for wanted in PROJECT["dependencies"]:
        name = Requirement(wanted).name
        pins = [pin for pin in locked()[canonicalize_name(name)] if pin.marker is None or pin.marker.evaluate()]
        if [version(pin) for pin in pins] != [installed(name)]:
            wrong[name] = (installed(name), [version(pin) for pin in pins])
    assert wrong == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stripped(path: Path) -> None:
    """A notebook in the tree has no outputs, no counts and no traces of an execution."""
    book = json.loads(path.read_text())
    assert set(book["metadata"]) <= {"kernelspec", "language_info"}
    assert "version" not in book["metadata"].get("language_info", {})
    for cell in book["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert not {"execution", "papermill"} & set(cell["metadata"])


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    """Nothing in the tree points at a package registry or into one person's folders."""
    places = re.compile(r"(?:pypi|pythonhosted|conda\.anaconda)\.(?:org|com)|(?<![\w.*}])/(?:home|Users|root|work)/\w")
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if places.search(line) and path != Path(__file__):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_only_stripped_notebooks_and_no_runs_are_tracked() -> None:
    """Runs, environments and what is built stay out of the tree."""
    folders = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert folders & {"runs", ".venv", "dist", "build"} == set()


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_verbs_are_short(verb: str) -> None:
    """A verb of the Makefile has at most three lines."""
    assert len(verbs()[verb]) <= 3


def test_no_file_hides_a_verb() -> None:
    """Every verb of the Makefile is declared phony."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    assert set(phony[1].split()) == set(verbs())


@pytest.mark.parametrize("path", sorted((ROOT / "lib/golive").rglob("*.py")), ids=lambda path: path.stem)
def test_every_module_says_what_it_is(path: Path) -> None:
    """A module begins with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text())), path


def shell_lines(text: str) -> list[str]:
    """Give the lines of a page's fenced shell blocks, without comments and prompts."""
    blocks = re.findall(r"^```(?:sh|console|bash)\n(.*?)^```", text, re.M | re.S)
    lines = [line.split("  #")[0].strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_what_the_pages_tell_people_to_type_exists(page: str) -> None:
    """Each `make VERB` is in the Makefile; each `golive COMMAND` and each of its options is in the command line."""
    lines = shell_lines((ROOT / page).read_text())
    assert lines
    for line in lines:
        for part in re.split(r"&&|;|\|", line):
            words = [word for word in part.split() if not re.match(r"[A-Z_]+=", word)]
            if words[:1] == ["make"]:
                assert {word for word in words[1:] if not word.startswith("-")} <= set(verbs()), line
            if words[:1] == ["golive"] and len(words) > 1 and not words[1].startswith("-"):
                assert words[1] in commands(), line
                known = {option for parameter in commands()[words[1]].params for option in parameter.opts}
                assert {word.split("=")[0] for word in words[2:] if word.startswith("--")} <= known | {"--help"}, line


def test_links_between_pages_lead_somewhere() -> None:
    """A relative link in the documentation names a file that is there."""
    pages = [path for path in tracked() if path.suffix == ".md"]
    broken = [
        f"{page.relative_to(ROOT)} -> {link}"
        for page in pages
        for link in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda path: path.stem)
def test_decisions_are_one_page_in_one_form(page: Path) -> None:
    """A decision has its context, what was decided and what follows, on one page."""
    text = page.read_text()
    assert re.findall(r"^## (.*)$", text, re.M) == ["Context", "Decision", "Consequences"]
    assert len(text.split()) <= 450


def test_notebooks_and_plans_are_seen_through_the_package() -> None:
    """What travels in the package is the tree's own notebooks and plans."""
    from importlib.resources import files

    for folder in ("notebooks", "params"):
        there = {item.name for item in (files("golive") / folder).iterdir() if not item.name.startswith(".")}
        assert there == {path.name for path in (ROOT / folder).iterdir() if not path.name.startswith(".")}
        assert os.readlink(ROOT / "lib/golive" / folder) == f"../../{folder}"


def test_the_papermill_engine_is_found_by_its_name() -> None:
    """Papermill, and what stands on it, gets the engine `golive` by the entry point alone."""
    from importlib.metadata import entry_points

    (point,) = entry_points(group="papermill.engine", name="golive")
    assert point.value == "golive.papermill_engine:GoliveEngine"
    assert callable(point.load().execute_notebook)


def test_every_marked_group_is_run_by_name() -> None:
    """The command behind `make test` knows each marker of pyproject.toml, and no other."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    declared = {line.partition(":")[0] for line in settings["markers"]}
    run = re.findall(r"^ *run (\w+) -m \1$", (ROOT / ".ci/groups").read_text(), re.M)
    assert set(run) == declared
