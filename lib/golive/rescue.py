"""What a rollback is made of without plan, record or store: a run's `router.json`, a file like it, or a plan's name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from golive import drivers, wiring
from golive.adapters.clocks import SystemClock
from golive.core.by_hand import rollback_text
from golive.core.errors import GoLiveError, PlanError, WorldFailed
from golive.core.kit import Kit
from golive.core.plan import Plan
from golive.drivers import Around
from golive.folders import RunFolder, find_run, project, runs_root
from golive.plans import load
from golive.run import Run


def write_kit(run: Run) -> None:
    """Write `router.json`, from which everybody is sent back without plan, record or store."""
    kit = kit_of_plan(run.plan, wiring.world_of(run), run.state().claim)
    draft = run.folder.router.with_suffix(".tmp")
    draft.write_text(json.dumps(kit.to_json(), indent=1), encoding="utf-8")
    draft.replace(run.folder.router)


def kit_of_plan(plan: Plan, world: Mapping[str, Any], claim: str = "") -> Kit:
    """Give the kit of a plan, with what its world knows filled in.

    Raises:
        NameUnknown, PlanError: If a driver is not installed, or its settings are wrong or name what no world knows.
    """
    settings = drivers.filled(drivers.ROUTERS, plan.router, world)
    resorts = tuple(
        one.model_copy(update={"settings": drivers.filled(drivers.LAST_RESORTS, one, world)})
        for one in plan.last_resort
    )
    undo = tuple(one.model_copy(update={"check": None}) for one in plan.also_undo)
    return Kit(
        driver=plan.router.driver,
        settings=settings,
        site=plan.site.name,
        claim=claim,
        last_resort=resorts,
        also_undo=undo,
    )


def folder_of(name: str, runs: Path | None = None) -> RunFolder:
    """Give the folder of the run of that name, or at that path, if it has a record or a `router.json`.

    Raises:
        NameUnknown: If there is none; names the nearest.
    """
    path = Path(name).expanduser() if "/" in name else (runs or runs_root()).resolve() / name
    if name and RunFolder(path).router.is_file():
        return RunFolder(path.resolve())
    return find_run(name, runs)


def kit_of(folder: RunFolder) -> Kit:
    """Give the kit of the run in `folder`, from its `router.json` alone.

    Raises:
        WorldFailed: If the run's router never answered, or the file is damaged.
    """
    hand = f"do what {folder.by_hand} says"
    try:
        return _read(folder.router)
    except FileNotFoundError:
        raise WorldFailed(
            f"{folder.name} has no {folder.router.name}: its router had not answered yet, so this run moved nobody\n"
            f"NEXT     golive status; if {folder.by_hand} exists, {hand}"
        ) from None
    except (GoLiveError, OSError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise WorldFailed(f"{folder.router} gives no router: {why}\nNEXT     {hand}") from error


def kit_named(named: str) -> Kit:
    """Give the kit in a file like `router.json`, or of the plan of that name; it claims nothing.

    Raises:
        NameUnknown, PlanError: If it is neither, or its router needs a world of a run's own.
        WorldFailed: If the file can't be read or holds no router.
    """
    if not named.endswith(".json"):
        plan, _ = load(named, project())
        if plan.own_world:
            raise PlanError(
                f"plan {named} brings a world of its own: its router is known in a run's folder alone, "
                f"as RUN/work/{RunFolder(Path()).router.name}"
            )
        return kit_of_plan(plan, {})
    try:
        return _read(Path(named).expanduser()).model_copy(update={"claim": ""})
    except (GoLiveError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise WorldFailed(
            f"{named} gives no router: {why}\nNEXT     --router with a run's work/router.json, a file with its "
            '{"driver": …, "settings": …}, or the name of a plan'
        ) from error


def router_of(kit: Kit | RunFolder) -> Any:
    """Give the router of a kit, or of the run in a folder.

    Raises:
        GoLiveError: If it can't be made of that.
    """
    if isinstance(kit, Kit):
        return drivers.made(drivers.ROUTERS, kit, Around(None, SystemClock()), {})
    try:
        return router_of(kit_of(kit))
    except WorldFailed:
        raise
    except GoLiveError as error:
        why = str(error).splitlines()[0]
        raise WorldFailed(f"{kit.router} gives no router: {why}\nNEXT     do what {kit.by_hand} says") from error


def last_resorts_of(kit: Kit) -> list[tuple[float, Any]]:
    """Give a kit's last resorts, each with the seconds after which it is used.

    Raises:
        NameUnknown, PlanError: If a driver is not installed, or its settings are wrong.
    """
    around = Around(None, SystemClock())
    return [(one.after.total_seconds(), drivers.made(drivers.LAST_RESORTS, one, around, {})) for one in kit.last_resort]


def by_hand(kit: Kit) -> str:
    """Give `ROLLBACK.txt`: a script for `sh` that needs neither Python nor anything of a run.

    Raises:
        GoLiveError: If the kit's drivers can't be made.
    """
    resorts = [resort.by_hand() for _, resort in last_resorts_of(kit)]
    return rollback_text(kit.site, router_of(kit).by_hand(), resorts, kit.also_undo)


def _read(path: Path) -> Kit:
    said = json.loads(path.read_text(encoding="utf-8"))
    return Kit.model_validate(said)
