"""Every check that is installed, by name, and whether a plan uses them as they are.

A family is an entry point under `golive.checks`: a mapping of names to `Known`, golive's own families too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from golive.adapters.checks.run import Known
from golive.core.errors import GoLiveError, NameUnknown, PlanError
from golive.core.plan import Plan

GROUP = "golive.checks"


def known() -> dict[str, Known]:
    """Give every check, by name.

    Raises:
        PlanError: If a family can't be loaded, is none, or claims a name that another family has.
    """
    found: dict[str, Known] = {}
    families: dict[str, str] = {}
    for point in sorted({point.value: point for point in entry_points(group=GROUP)}.values(), key=lambda p: p.value):
        for name, check in _family(point):
            if name in found:
                raise PlanError(f"check {name!r} is claimed twice: {families[name]} and {point.value}: uninstall one")
            found[name], families[name] = check, point.value
    return found


def _family(point: EntryPoint) -> Iterator[tuple[str, Known]]:
    """Give the checks of a family; whatever keeps a package of somebody else's from loading is a PlanError."""
    try:
        family = point.load()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise PlanError(f"checks {point.name!r} ({point.value}) can't be loaded: {why}") from error
    if not isinstance(family, Mapping) or not all(isinstance(check, Known) for check in family.values()):
        raise PlanError(f"checks {point.name!r} ({point.value}) are none: a mapping of names to Known was expected")
    yield from family.items()


def check(plan: Plan, world: Mapping[str, Any]) -> None:
    """Hold a plan's uses of checks against what there is; `world` has what its world will know, as an example.

    Raises:
        NameUnknown: If it names a check that nobody knows; gives the nearest.
        PlanError: Naming where it is used, check and key, if a check's settings are wrong.
    """
    installed = known()
    uses = [(f"phase {p.name}", use) for p in plan.phases for use in p.lines]
    uses += [(f"also_undo {one.name}", one.check) for one in plan.also_undo if one.check is not None]
    for where, use in uses:
        if use.check not in installed:
            raise NameUnknown("check", use.check, installed)
        try:
            installed[use.check].checked(use, world, plan.release.commit)
        except GoLiveError as error:
            raise PlanError(f"plan {plan.name}: {where}: {error}") from None
