"""The one place that knows adapters: names in a plan become drivers."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from golive import drivers, wanted
from golive.adapters.clocks import SystemClock
from golive.adapters.presence import anybody
from golive.adapters.processes import boot_id, this_process
from golive.adapters.stores.book import SqliteBook
from golive.adapters.stores.late import LateBox
from golive.adapters.stores.sqlite import SqliteStore
from golive.core.errors import (
    GoLiveError,
    NameUnknown,
    PlanError,
    RecordBroken,
    StoreUnavailable,
    WorldFailed,
)
from golive.core.plan import Driver, Plan, as_production
from golive.core.record import Kind, Who
from golive.core.record import verify as verify_chain
from golive.drivers import Around
from golive.folders import RunFolder, project, runs_root
from golive.plans import load, load_file
from golive.ports import Clock, Forcing
from golive.provenance import code_version, who
from golive.run import Run, new_id, opening

AS_PRODUCTION = "as-production"
LEFT_ALONE = 1800.0  # seconds without any act, after which an operator's open page counts as left


def check_drivers(plan: Plan) -> None:
    """Raise when a driver or a check of the plan is not installed, its settings are wrong, or people are TBD.

    Raises:
        PlanError: Naming the plan, the key, the value and what was expected.
        NameUnknown: If it names a check that nobody knows; gives the nearest.
    """
    from golive.adapters.checks import known

    missing = plan.not_ready()
    try:
        wanted.check(plan, SystemClock())
        known.check(plan, wanted.example(plan))
    except GoLiveError as error:
        if not missing:
            raise
        missing += tuple(str(error).splitlines())
    if missing:
        raise PlanError(f"plan {plan.name} may not start: {'; '.join(missing)}")


def known_checks() -> dict[str, Any]:
    """Give every check that is installed, by name."""
    from golive.adapters.checks import known

    return known.known()


def plan_named(name: str) -> Plan:
    """Give the plan of that name, if a run of it could start.

    Raises:
        NameUnknown, PlanError: If there is none, or it is not right.
    """
    plan, _ = load(name, project())
    check_drivers(plan)
    return plan


def make_run(
    plan_name: str,
    operator: str,
    *,
    alone: bool = False,
    unattended: bool = False,
    true_limits: bool = False,
    runs: Path | None = None,
    page: str = "",
) -> Run:
    """Make a run's folder with its frozen plan and the first entry of its record.

    Raises:
        GoLiveError: Before anything was made, when plan, drivers or folder are not right.
    """
    plan, text = load(plan_name, project())
    plan = as_production(plan) if true_limits else plan
    check_drivers(plan)
    wanted.check_world(plan)
    clock = SystemClock()
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    folder = RunFolder.make((runs or runs_root()).resolve(), f"{stamp}-{plan.name}")
    folder.plan.write_text(text, encoding="utf-8")
    folder.options.write_text(AS_PRODUCTION if true_limits else "")
    run = _open(folder, plan, who(operator), clock)
    body = opening(folder, plan, code_version(), alone=alone, unattended=unattended, page=page)
    run.append(Kind.RUN_OPENED, body)
    return run


def open_run(name: str, operator: str, runs: Path | None = None) -> Run:
    """Give the run of that name, or at that path.

    Raises:
        NameUnknown: If there is none; names the nearest.
        RecordBroken: If its record does not verify, or its plan is not the one that it was opened with.
        StoreUnavailable: If its record can't be read.
    """
    folder = find_run(name, runs)
    plan = frozen_plan(folder)
    round_it = f"golive rollback {folder.name} works without it"
    try:
        run = _open(folder, plan, who(operator), SystemClock())
        entries = run.store.read()
        verify_chain(entries)
    except StoreUnavailable as error:
        why = str(error).splitlines()[0]
        raise StoreUnavailable(f"{why}\nNEXT     look at the disk and at who holds the file; {round_it}") from error
    except (RecordBroken, ValueError) as error:
        raise RecordBroken(
            f"the record of {folder.name} is damaged: {error}\nNEXT     keep {folder.record} as it is; {round_it}"
        ) from error
    if not entries:
        raise RecordBroken(f"the record of {folder.name} is empty: its run never began\nNEXT     golive rehearse")
    if entries[0].plan != plan.fingerprint:
        raise RecordBroken(
            f"{folder.plan} was changed after the start: its fingerprint is {plan.fingerprint[:12]}, "
            f"the run was opened with {entries[0].plan[:12]}\n"
            f"NEXT     put the plan back as it was; {round_it}"
        )
    return run


def find_run(name: str, runs: Path | None = None) -> RunFolder:
    """Give the folder of the run of that name, or at that path, without opening it.

    Raises:
        NameUnknown: If there is none; names the nearest.
    """
    root = (runs or runs_root()).resolve()
    path = Path(name).expanduser() if "/" in name else root / name
    if not name or not RunFolder(path).record.is_file():
        known = [p.name for p in root.glob("*") if RunFolder(p).record.is_file()] if root.is_dir() else []
        raise NameUnknown("run", name, known)
    return RunFolder(path.resolve())


def frozen_plan(folder: RunFolder) -> Plan:
    """Give the plan that a run was opened with.

    Raises:
        RecordBroken: If the run's copy is gone or is no plan any more.
    """
    try:
        plan = load_file(folder.plan)
        options = folder.options.read_text() if folder.options.exists() else ""
    except (PlanError, OSError, UnicodeDecodeError) as error:
        why = str(error).splitlines()[0]
        raise RecordBroken(
            f"the plan of {folder.name} can't be read: {why}\n"
            f"NEXT     put {folder.plan} back as it was; golive rollback {folder.name} works without it"
        ) from error
    return as_production(plan) if options == AS_PRODUCTION else plan


def _open(folder: RunFolder, plan: Plan, name: Who, clock: Clock) -> Run:
    store = SqliteStore(folder.record, code=code_version(), plan=plan.fingerprint, clock=clock)
    return Run(folder, plan, store, book_of(folder), clock, name)


def book_of(folder: RunFolder) -> SqliteBook:
    """Give the guards' book of the run in `folder`."""
    return SqliteBook(folder, SystemClock(), boot_id())


def world(run: Run) -> Any:
    """Give the world that the run's plan brings; None when it brings none."""
    return _made(run, drivers.WORLDS, {})[0] if run.plan.own_world else None


def world_of(run: Run) -> Mapping[str, Any]:
    """Give what the run's own world says of itself in `world.json`; empty when the plan brings none.

    Raises:
        WorldFailed: If it has not answered yet, or is gone.
    """
    if not run.plan.own_world:
        return {}
    try:
        said = json.loads(run.folder.world.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise WorldFailed(
            f"the world of {run.folder.name} is gone\nNEXT     golive rehearse starts a new one"
        ) from None
    return said if isinstance(said, dict) else {}


def launch_guard(run: Run) -> None:
    """Start the run's guard, detached in a session of its own, unless one beats already."""
    if not run.guard_silent():
        return
    command = [sys.executable, "-m", "golive.cli", "guard", str(run.folder.root)]
    with (run.folder.logs / "guard.log").open("a") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def write_router(run: Run) -> None:
    """Write `router.json`, from which everybody is sent back without plan, record or store."""
    settings = drivers.filled(drivers.ROUTERS, run.plan.router, world_of(run))
    draft = run.folder.router.with_suffix(".tmp")
    draft.write_text(json.dumps({"driver": run.plan.router.driver, "settings": settings}, indent=1), encoding="utf-8")
    draft.replace(run.folder.router)


def router_of(folder: RunFolder) -> Any:
    """Give the router of the run in `folder`, from its `router.json` alone.

    Raises:
        WorldFailed: If the run's router never answered, or the file is damaged.
    """
    hand = f"do what {folder.by_hand} says"
    try:
        router = Driver.model_validate(json.loads(folder.router.read_text(encoding="utf-8")))
        return drivers.made(drivers.ROUTERS, router, Around(None, SystemClock()), {})
    except FileNotFoundError:
        raise WorldFailed(
            f"{folder.name} has no {folder.router.name}: its router had not answered yet, so this run moved nobody\n"
            f"NEXT     golive status; if {folder.by_hand} exists, {hand}"
        ) from None
    except (GoLiveError, OSError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise WorldFailed(f"{folder.router} gives no router: {why}\nNEXT     {hand}") from error


def sources(run: Run) -> Any:
    """Give what the run's guard reads."""
    from golive.engine.sources import Sources

    groups = (drivers.METRICS, drivers.HEALTH, drivers.LOGS, drivers.ROUTERS, drivers.PROBERS)
    metrics, health, logs, router, prober = (_made(run, group, world_of(run))[0] for group in groups)
    top_up = next(iter(_made(run, drivers.TOP_UPS, world_of(run))), None)
    forcing = prober if isinstance(prober, Forcing) else None
    return Sources(metrics, health, logs, router, top_up, forcing, deployment(run))


def deployment(run: Run) -> Any:
    """Give what acts on the release's deployments; None when the plan names none."""
    known = {} if run.state().closed else world_of(run)
    return next(iter(_made(run, drivers.DEPLOYMENTS, known)), None)


def scene(run: Run) -> Any:
    """Give what the run's checks may look at."""
    from golive.adapters.checks.run import Scene

    reads, site, known = sources(run), run.plan.site, world_of(run)
    keys = ("url", "stable", "canary")
    router, stable, canary = (drivers.fill(getattr(site, key), known, f"site.{key}") for key in keys)
    earlier = {
        str(e.body.get("called")): e.body.get("evidence", {}) for e in run.store.read() if e.kind is Kind.FINDING
    }
    return Scene(
        router,
        stable,
        canary,
        reads.router,
        reads.metrics,
        reads.health,
        run.book,
        run.clock,
        run.folder.root,
        run.state().split,
        drivers.fill(run.plan.release.commit, known, "release.commit"),
        known,
        run.plan,
        project() or Path.cwd(),
        run.folder.root.parent,
        earlier,
    )


def guard(run: Run) -> Any:
    """Give the guard of a run, ready to run."""
    from golive.engine.guard import Guard
    from golive.engine.post import Post

    token = str(world_of(run).get("token", ""))
    post = Post(
        run.plan,
        who("guard"),
        sources(run),
        run.store,
        run.book,
        _made(run, drivers.NOTIFIERS, world_of(run)),
        run.clock,
        token,
        lambda: anybody(run.folder.operators, LEFT_ALONE),
        new_id,
        LateBox(run.folder.late).write,
        lambda: not run.folder.record.exists(),
        code_version(),
    )
    return Guard(post, this_process(f"guard-{secrets.token_hex(4)}"))


def _made(run: Run, group: str, known: Mapping[str, Any]) -> list[Any]:
    """Give the plan's drivers of a group, ready for use."""
    around = Around(run.plan, run.clock, folder=run.folder)
    return [drivers.made(group, one, around, known) for of, one in wanted.drivers_of(run.plan) if of == group]
