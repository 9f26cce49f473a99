"""Drivers by name: what is installed under golive's entry points, made from a plan's settings.

A driver is a class with `can` (what it declares, where its port asks for that), `Settings` (a `Part`: frozen, and
no key that it does not know) and `made(settings, around)`. Its entry point's name is what a plan calls it.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ValidationError

from golive.core.errors import GoLiveError, NameUnknown, PlanError, nearest
from golive.core.plan import Driver, Plan
from golive.core.scalars import Part
from golive.folders import RunFolder
from golive.ports import Clock

ROUTERS = "golive.routers"
METRICS = "golive.metrics"
HEALTH = "golive.health"
LOGS = "golive.logs"
PROBERS = "golive.probers"
WORLDS = "golive.worlds"
NOTIFIERS = "golive.notifiers"
TOP_UPS = "golive.top_ups"
LAST_RESORTS = "golive.last_resorts"
STORES = "golive.stores"
DEPLOYMENTS = "golive.deployments"
CALLED = {
    ROUTERS: "router",
    METRICS: "metrics",
    HEALTH: "health",
    LOGS: "logs",
    PROBERS: "prober",
    WORLDS: "world",
    NOTIFIERS: "notify",
    TOP_UPS: "top_up",
    LAST_RESORTS: "last_resort",
    STORES: "store",
    DEPLOYMENTS: "deployment",
}
_PLACE = re.compile(r"\{world\.([A-Za-z0-9_.-]+)\}")


@dataclass(frozen=True)
class Around:
    """What a driver is given beside its settings.

    Attributes:
        plan: The run's plan; None for a router that is made to roll back, which needs none.
        canary: Name of the deployment that the canary must be, "" when nobody has said.
        folder: The run's folder, for a world or a store; None where nothing of the run is needed.
        patience: Seconds for which a store waits for what somebody holds.
    """

    plan: Plan | None
    clock: Clock
    canary: str = ""
    folder: RunFolder | None = None
    patience: float = 5.0

    @property
    def planned(self) -> Plan:
        """The plan; GoLiveError for a driver that needs one and is made without."""
        if self.plan is None:
            raise GoLiveError("this driver needs a plan, and was made without one")
        return self.plan


class NoSettings(Part):
    """The settings of a driver that takes none."""


def known(group: str) -> tuple[str, ...]:
    """Give the names of the drivers installed in a group, in order."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def driver(group: str, name: str) -> Any:
    """Give the driver's class.

    Raises:
        NameUnknown: If none of that name is installed; names the nearest.
        PlanError: If two packages claim the name, or the driver can't be loaded.
    """
    points = {point.value: point for point in _installed(group, name, tuple(sys.path))}
    called = f"{CALLED.get(group, group)} driver"
    if not points:
        _installed.cache_clear()  # what is not there yet may come
        raise NameUnknown(called, name, known(group))
    if len(points) > 1:
        raise PlanError(f"{called} {name!r} is claimed twice: {' and '.join(sorted(points))}: uninstall one")
    (point,) = points.values()
    return _loaded(point, called)


@functools.lru_cache(maxsize=256)
def _installed(group: str, name: str, places: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Give the drivers of that name, of all packages in `places`; read once, since all packages are looked through."""
    return tuple(entry_points(group=group, name=name))


def checked(group: str, name: str, settings: Mapping[str, Any]) -> Part:
    """Give a driver's settings, validated by the driver's own schema.

    Raises:
        NameUnknown: If the driver is not installed.
        PlanError: Naming driver, key and value, what was expected, and the nearest key for an unknown one.
    """
    return validated(f"{CALLED.get(group, group)} driver {name!r}", _schema(driver(group, name)), settings)


def filled(group: str, wanted: Driver, world: Mapping[str, Any]) -> dict[str, Any]:
    """Give a driver's settings as the plan says them, with what only the run's world knows put in.

    `{world.NAME}` in a text, or in the default of a setting that the plan leaves out, stands for what
    `world.json` says under that name (`{world.logs.canary}` for a name within a name).

    Raises:
        NameUnknown: If the driver is not installed.
        PlanError: If a setting is wrong, or the world knows no such name; gives the nearest.
    """
    schema = _schema(driver(group, wanted.driver))
    if wanted.settings.keys() - schema.model_fields.keys():
        checked(group, wanted.driver, wanted.settings)  # a key that nobody knows is said before what no world knows
    left_out = {
        name: field.default
        for name, field in schema.model_fields.items()
        if name not in wanted.settings and isinstance(field.default, str) and _PLACE.search(field.default)
    }
    where = f"{CALLED.get(group, group)} driver {wanted.driver!r}: settings"
    done = {key: fill(value, world, f"{where}.{key}") for key, value in {**wanted.settings, **left_out}.items()}
    checked(group, wanted.driver, done)  # as filled: before, a place holder is no address and no path
    return done


def made(group: str, wanted: Driver, around: Around, world: Mapping[str, Any]) -> Any:
    """Give the driver, ready for use.

    Raises:
        NameUnknown, PlanError: If it is not installed, or its settings are wrong or name what no world knows.
    """
    settings = checked(group, wanted.driver, filled(group, wanted, world))
    return driver(group, wanted.driver).made(settings, around)


def needs_world(group: str, wanted: Driver) -> bool:
    """Say whether a driver's settings, or their defaults, name what only a world of the run's own knows."""
    fields = _schema(driver(group, wanted.driver)).model_fields
    defaults = {name: field.default for name, field in fields.items()}
    return _mentions({**defaults, **wanted.settings})


def fill(value: Any, world: Mapping[str, Any], where: str) -> Any:
    """Give a value with each `{world.NAME}` in its texts replaced; `where` names it in an error."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: _of_world(found[1], world, where), value)
    if isinstance(value, Mapping):
        return {key: fill(part, world, f"{where}.{key}") for key, part in value.items()}
    if isinstance(value, Sequence):
        return [fill(part, world, f"{where}[{place}]") for place, part in enumerate(value)]
    return value


def _of_world(name: str, world: Mapping[str, Any], where: str) -> str:
    found: Any = world
    for step in name.split("."):
        if not isinstance(found, Mapping) or step not in found:
            names = _names(world)
            said = nearest(name, names) if names else ": the plan has no world of its own"
            raise PlanError(f"{where}: the run's world knows no {name!r}{said}")
        found = found[step]
    if isinstance(found, Mapping | list):
        raise PlanError(f"{where}: {name!r} holds several values: one was expected{nearest(name, _names(world))}")
    return str(found)


def _names(world: Mapping[str, Any], before: str = "") -> list[str]:
    """Give every name in a world that stands for one value, but its token's."""
    names = []
    for key, value in world.items():
        if isinstance(value, Mapping):
            names += _names(value, f"{before}{key}.")
        elif key != "token":
            names.append(f"{before}{key}")
    return names


def _mentions(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_PLACE.search(value))
    if isinstance(value, Mapping):
        return any(map(_mentions, value.values()))
    return isinstance(value, list | tuple) and any(map(_mentions, value))


def _schema(of: Any) -> type[Part]:
    schema: type[Part] = getattr(of, "Settings", NoSettings)
    return schema


def _loaded(point: EntryPoint, called: str) -> Any:
    """Load the class; whatever keeps a package of somebody else's from loading is said as a PlanError."""
    try:
        loaded = point.load()
    except Exception as error:
        raise PlanError(
            f"{called} {point.name!r} ({point.value}) can't be loaded: {type(error).__name__}: {error}"
        ) from error
    if not callable(getattr(loaded, "made", None)):
        raise PlanError(f"{called} {point.name!r} ({point.value}) is no driver: a class with `made` was expected")
    return loaded


def validated(what: str, schema: type[Part], settings: Mapping[str, Any]) -> Part:
    """Give settings by their schema; `what` names whose they are.

    Raises:
        PlanError: Naming key and value, what was expected, and the nearest key for an unknown one.
    """
    try:
        return schema.model_validate(dict(settings))
    except ValidationError as error:
        said = [_said(what, schema, problem) for problem in error.errors(include_url=False)]
        raise PlanError("\n".join(said)) from None


def _said(what: str, schema: type[Part], problem: Any) -> str:
    path = [str(step) for step in problem["loc"]]
    key = ".".join(["settings", *path])
    if problem["type"] == "extra_forbidden":
        return f"{what}: {key} is no setting{nearest(path[-1], _siblings(schema, path[:-1]))}"
    if problem["type"] == "missing":
        return f"{what}: {key} is missing"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{what}: {key} is {problem['input']!r:.200}: {message}"


def _siblings(schema: Any, path: Sequence[str]) -> list[str]:
    """Give the keys that may stand beside the one at the end of `path`."""
    for step in path:
        field = getattr(schema, "model_fields", {}).get(step)
        if field is not None:
            inside = (field.annotation, *getattr(field.annotation, "__args__", ()))
            schema = next((part for part in inside if hasattr(part, "model_fields")), None)
    return list(getattr(schema, "model_fields", {}))
