"""The one place that knows adapters: names in a plan become drivers."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from golive import claimed, drivers, stored, wanted
from golive.adapters.checks.undoing import undone
from golive.adapters.clocks import SystemClock
from golive.adapters.dead_man import switch_of
from golive.adapters.host import stands
from golive.adapters.presence import anybody
from golive.adapters.processes import end, ended, this_process
from golive.adapters.reserve import Reserve
from golive.adapters.stores.late import LateBox
from golive.core.errors import (
    GoLiveError,
    PlanError,
    RecordBroken,
    StoreUnavailable,
    WorldFailed,
)
from golive.core.plan import Plan, as_production
from golive.core.record import Kind, Who
from golive.core.record import verify as verify_chain
from golive.drivers import Around
from golive.folders import RunFolder, find_run, project, runs_root
from golive.plans import load
from golive.ports import Clock, Forcing
from golive.provenance import code_version, who
from golive.run import Run, new_id, opening

GUARDS_PATIENCE = 0.5  # seconds for which a guard waits for what somebody holds: it has to beat meanwhile
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
        raise PlanError("\n  ".join((f"plan {plan.name} may not start:", *missing)))


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
    taken = stored.ready(plan, clock)
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    folder = RunFolder.make((runs or runs_root()).resolve(), f"{stamp}-{plan.name}", taken)
    folder.plan.write_text(text, encoding="utf-8")
    folder.options.write_text(stored.AS_PRODUCTION if true_limits else "")
    stored.place(folder, plan.store)
    run = _open(folder, plan, who(operator), clock)
    stored.enter(run, opening(folder, plan, code_version(), alone=alone, unattended=unattended, page=page))
    if not plan.own_world:
        claimed.begin(run, drivers.made(drivers.ROUTERS, plan.router, Around(None, clock), {}))
    return run


def open_run(name: str, operator: str, runs: Path | None = None, patience: float = stored.PATIENCE) -> Run:
    """Give the run of that name, or at that path; `patience` is how long to wait for files that somebody holds (s).

    Raises:
        NameUnknown: If there is none; names the nearest.
        RecordBroken: If its record does not verify, or its plan is not the one that it was opened with.
        StoreUnavailable: If its record can't be read.
    """
    folder = find_run(name, runs)
    plan = stored.frozen_plan(folder)
    round_it = f"golive rollback {folder.name} works without it"
    try:
        run = _open(folder, plan, who(operator), SystemClock(), patience)
        entries = run.store.read()
        verify_chain(entries)
    except StoreUnavailable as error:
        why = str(error).splitlines()[0]
        raise StoreUnavailable(f"{why}\nNEXT     look at what it names, and at who holds it; {round_it}") from error
    except (RecordBroken, ValueError) as error:
        raise RecordBroken(
            f"the record of {folder.name} is damaged: {error}\nNEXT     keep it as it is; {round_it}"
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


def _open(folder: RunFolder, plan: Plan, name: Who, clock: Clock, patience: float = stored.PATIENCE) -> Run:
    kept = stored.keeping(folder, clock, patience)
    return Run(folder, plan, kept.record(code_version(), plan.fingerprint), kept.book(), clock, name)


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
    """Start a guard of the run, detached in a session of its own, unless one lives already; it starts the other."""
    if run.unguarded():
        _launch_member(run.folder)


def _launch_member(folder: RunFolder) -> None:
    command = [sys.executable, "-m", "golive.cli", "guard", str(folder.root)]
    with (folder.logs / "guard.log").open("a") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


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


def scene(run: Run, reads: Any = None) -> Any:
    """Give what the run's checks may look at, by `sources` that were made before or by new ones."""
    from golive.adapters.checks.run import Scene

    reads, site, known, state = reads or sources(run), run.plan.site, world_of(run), run.state()
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
        state.split,
        state.guards,
        run.plan.own_world,
        state.claim,
        drivers.fill(run.plan.release.commit, known, "release.commit"),
        known,
        run.plan,
        project() or Path.cwd(),
        run.folder.root.parent,
        earlier,
        alone=state.alone,
    )


def guard(run: Run) -> Any:
    """Give one member of the run's pair of guards, ready to run in this process."""
    from golive.engine.pair import Hands, Pair
    from golive.engine.post import Post

    token, name, reads = str(world_of(run).get("token", "")), f"guard-{secrets.token_hex(4)}", sources(run)
    if not run.plan.own_world:
        claimed.guards(run, reads.router, name)
    post = Post(
        run.plan,
        who("guard"),
        reads,
        run.store,
        run.book,
        notifiers(run),
        run.clock,
        token,
        lambda: _operators(run),
        new_id,
        LateBox(run.folder.late),
        lambda: not run.folder.is_run,
        code_version(),
        stands(),
        switch_of(run.plan.guarding.dead_man),
        _last_resorts(run),
        lambda: undone(run.plan.also_undo, known_checks(), lambda: scene(run)),
        Reserve().release,
        _lines(run),
    )
    return Pair(post, this_process(name), Hands(ended, end, lambda: _launch_member(run.folder)))


def _lines(run: Run) -> Any:
    """Give what looks at the plan's watched lines for a guard; None where it wants none watched."""
    from golive.adapters.checks.apart import LinesApart

    command = [sys.executable, "-m", "golive.cli", "lines", str(run.folder.root)]
    watched = any(phase.watched for phase in run.plan.phases)
    return LinesApart(run.plan, known_checks(), command) if watched else None


def notifiers(run: Run) -> list[Any]:
    """Give those who tell people outside, as the run's plan names them."""
    return _made(run, drivers.NOTIFIERS, world_of(run))


def _last_resorts(run: Run) -> list[tuple[float, Any]]:
    """Give the plan's last resorts, each with the seconds after which it is used."""
    made = _made(run, drivers.LAST_RESORTS, world_of(run))
    return [(one.after.total_seconds(), resort) for one, resort in zip(run.plan.last_resort, made, strict=True)]


def _operators(run: Run) -> Sequence[Mapping[str, Any]]:
    """Give who is at the wheel; where operators on other hosts can't be seen, somebody without a name is."""
    here = anybody(run.folder.operators, LEFT_ALONE)
    elsewhere = run.folder.store.is_file() and not run.plan.own_world
    return here or ([{"name": ""}] if elsewhere else [])


def _made(run: Run, group: str, known: Mapping[str, Any]) -> list[Any]:
    """Give the plan's drivers of a group, ready for use."""
    around = Around(run.plan, run.clock, folder=run.folder)
    return [drivers.made(group, one, around, known) for of, one in wanted.drivers_of(run.plan) if of == group]
