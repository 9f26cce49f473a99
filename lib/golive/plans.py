"""Where plans are: the project's `params/`, else those that travel in the package."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path

from golive.core.errors import NameUnknown, PlanError
from golive.core.plan import Plan
from golive.core.plan_text import parse

RESERVED = "sandbox"


def packaged() -> dict[str, str]:
    """Give name -> text of the plans in the package."""
    folder = resources.files("golive") / "params"
    return {
        item.name.removesuffix(".yaml"): item.read_text(encoding="utf-8")
        for item in folder.iterdir()
        if item.name.endswith(".yaml")
    }


def known(project: Path | None) -> list[str]:
    """Give the names of every plan that can be had: the project's own and the package's."""
    own = [path.stem for path in (project / "params").glob("*.yaml")] if project else []
    return sorted({*own, *packaged()})


def find(name: str, project: Path | None) -> tuple[str, str]:
    """Give text and place of the plan `name`.

    Raises:
        NameUnknown: If there is none; names the nearest.
        PlanError: If the project redefines the reserved name `sandbox`.
    """
    own = {path.stem: path for path in sorted((project / "params").glob("*.yaml"))} if project else {}
    shipped = packaged()
    if name in own:
        try:
            text = own[name].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PlanError(f"params/{name}.yaml can't be read as text in UTF-8: {error}") from error
        if name == RESERVED and text != shipped.get(RESERVED):
            raise PlanError(
                f"params/{RESERVED}.yaml differs from the package's, and that name is reserved: "
                "copy it under another name and change it there"
            )
        return text, f"params/{name}.yaml"
    if name in shipped:
        return shipped[name], f"params/{name}.yaml"
    raise NameUnknown("plan", name, {*own, *shipped})


def load(name: str, project: Path | None) -> tuple[Plan, str]:
    """Give the plan `name` and its text.

    Raises:
        NameUnknown, PlanError: Before anything has started.
    """
    text, where = find(name, project)
    plan = _parsed(text, where)
    if plan.name != name:
        raise PlanError(f"{where}: name is {plan.name!r}: {name!r} was expected, as the file is called")
    return plan, text


def load_file(path: Path) -> Plan:
    """Give the plan of a run's own frozen copy."""
    return _parsed(path.read_text(encoding="utf-8"), str(path.name))


@lru_cache(maxsize=16)
def _parsed(text: str, where: str) -> Plan:
    """Give the plan of a text, read once in a process: a hundred runs have a hundred copies of one."""
    return parse(text, where)


def notebook(name: str) -> str:
    """Give the text of the template `name` (without `.ipynb`) that travels in the package.

    Raises:
        NameUnknown: If there is none.
    """
    folder = resources.files("golive") / "notebooks"
    item = folder / f"{name}.ipynb"
    if not item.is_file():
        raise NameUnknown("notebook", name, [i.name.removesuffix(".ipynb") for i in folder.iterdir()])
    return item.read_text(encoding="utf-8")
