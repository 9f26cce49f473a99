"""The one place that knows adapters: names in a plan become drivers."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from golive import __version__
from golive.adapters.clocks import SystemClock, utc
from golive.adapters.presence import anybody
from golive.adapters.stores.book import SqliteBook
from golive.adapters.stores.late import LateBox
from golive.adapters.stores.sqlite import SqliteStore
from golive.core.errors import GoLiveError, NameUnknown, PlanError, WorldFailed
from golive.core.plan import Plan, as_production
from golive.core.record import Draft, Entry, Kind, Who
from golive.core.samples import Version
from golive.core.state import State, fold
from golive.folders import RunFolder, project, runs_root
from golive.plans import load, load_file

ROUTERS = ("sandbox",)
TOP_UPS = ("none", "http")


@dataclass(frozen=True)
class Run:
    """An open run: its folder, its frozen plan, its record and its book."""

    folder: RunFolder
    plan: Plan
    store: SqliteStore
    book: SqliteBook
    clock: SystemClock
    who: Who

    def append(self, kind: Kind, body: dict[str, Any], phase: str = "", may: Any = None) -> Entry:
        """Append one entry in this process's name."""
        return self.store.append(Draft(new_id(), kind, self.who, body, phase), may)

    def state(self) -> State:
        """Give where the run stands."""
        return fold(self.store.read())


def new_id() -> str:
    """Give an id for an entry."""
    return uuid.uuid4().hex


def who(name: str) -> Who:
    """Give the claimed name with what is observed beside it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Who(name or user, user, socket.gethostname(), str(os.getpid()))


def code_version() -> str:
    """Give the version of the code, with the commit when it runs from a checkout."""
    root = project()
    git = shutil.which("git")
    if root is None or git is None or not (root / ".git").exists():
        return __version__
    asked = subprocess.run([git, "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return f"{__version__}+{asked.stdout.strip()}" if asked.returncode == 0 and asked.stdout.strip() else __version__


def check_drivers(plan: Plan) -> None:
    """Raise PlanError when the plan names a driver or a check that is not installed, or people who are TBD."""
    for place, name in (("router", plan.router.driver), ("metrics", plan.metrics.driver)):
        if name not in ROUTERS:
            raise PlanError(
                f"plan {plan.name}: {place} driver {name!r} is not installed (installed: {', '.join(ROUTERS)}): "
                f"the plan can be printed with golive plan {plan.name}, not run"
            )
    if plan.top_up.driver not in TOP_UPS:
        raise NameUnknown("top_up driver", plan.top_up.driver, TOP_UPS)
    known = known_checks()
    for phase in plan.phases:
        for use in (*phase.start_checks, *phase.special_checks):
            if use.check not in known:
                raise NameUnknown("check", use.check, known)
    problems = plan.not_ready()
    if problems:
        raise PlanError(f"plan {plan.name} may not start: {'; '.join(problems)}")


def known_checks() -> dict[str, Any]:
    """Give every check that is installed, by name."""
    from golive.adapters.checks import site, watching

    return {**watching.KNOWN, **site.KNOWN}


def make_run(
    plan_name: str,
    operator: str,
    *,
    alone: bool = False,
    unattended: bool = False,
    true_limits: bool = False,
    runs: Path | None = None,
) -> Run:
    """Make a run's folder with its frozen plan and the first entry of its record.

    Raises:
        GoLiveError: Before anything was made, when plan, drivers or folder are not right.
    """
    plan, text = load(plan_name, project())
    plan = as_production(plan) if true_limits else plan
    check_drivers(plan)
    root = (runs or runs_root()).resolve()
    clock = SystemClock()
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    folder = RunFolder(_fresh(root, f"{stamp}-{plan.name}"))
    for path in (folder.work, folder.logs, folder.pages, folder.operators, folder.late):
        path.mkdir(parents=True, exist_ok=True)
    folder.plan.write_text(text, encoding="utf-8")
    (folder.work / "options").write_text("as-production" if true_limits else "")
    run = _open(folder, plan, who(operator), clock)
    phases = [
        {**p.model_dump(include={"name", "title", "notebook", "share"}), "kind": p.kind.value} for p in plan.phases
    ]
    body = {
        "run": folder.name,
        "plan": plan.name,
        "title": plan.title,
        "site": plan.site.name,
        "world": plan.world,
        "alone": alone,
        "unattended": unattended,
        "note": plan.note,
        "phases": phases,
        "versions": {"golive": code_version(), "python": sys.version.split()[0]},
    }
    run.append(Kind.RUN_OPENED, body)
    return run


def open_run(name: str, operator: str, runs: Path | None = None) -> Run:
    """Give the run of that name, or at that path.

    Raises:
        NameUnknown: If there is none; names the nearest.
    """
    root = (runs or runs_root()).resolve()
    path = Path(name) if "/" in name else root / name
    if not (path / "work" / "record.db").is_file():
        known = [p.name for p in root.glob("*") if (p / "work" / "record.db").is_file()] if root.is_dir() else []
        raise NameUnknown("run", name, known)
    folder = RunFolder(path.resolve())
    return _open(folder, frozen_plan(folder), who(operator), SystemClock())


def frozen_plan(folder: RunFolder) -> Plan:
    """Give the plan that a run was opened with."""
    plan = load_file(folder.plan)
    options = folder.work / "options"
    return as_production(plan) if options.exists() and options.read_text() == "as-production" else plan


def _open(folder: RunFolder, plan: Plan, name: Who, clock: SystemClock) -> Run:
    store = SqliteStore(folder.record, code=code_version(), plan=plan.fingerprint, clock=clock)
    return Run(folder, plan, store, SqliteBook(folder.book, folder.alive), clock, name)


def _fresh(root: Path, name: str) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
        for candidate in (name, *(f"{name}-{i}" for i in range(2, 100))):
            try:
                (root / candidate).mkdir()
                return root / candidate
            except FileExistsError:
                continue
    except OSError as error:
        raise GoLiveError(
            f"no run can be made in {root}: {error.strerror}\nNEXT     --runs FOLDER with room"
        ) from error
    raise GoLiveError(f"{root / name} exists a hundred times\nNEXT     wait a second")


def world(folder: RunFolder, calm: bool = False) -> Any:
    """Give the world of a run whose plan brings its own."""
    from golive.adapters.worlds.sandbox import SandboxWorld

    return SandboxWorld(folder, calm=calm)


def launch_guard(run: Run) -> None:
    """Start the run's guard, detached in a session of its own, unless one beats already."""
    beat = run.book.last_beat()
    silent = run.plan.guarding.guard_silent.total_seconds()
    if beat is not None and run.clock.monotonic() - beat[2] < silent:
        return
    command = [sys.executable, "-m", "golive.cli", "guard", str(run.folder.root)]
    with (run.folder.logs / "guard.log").open("a") as log:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def router(run: Run) -> Any:
    """Give the run's router."""
    from golive.adapters.routers.sandbox import SandboxRouter

    return SandboxRouter(_address(run.folder).control)


def _address(folder: RunFolder) -> Any:
    from golive.sandbox.address import WorldAddress

    try:
        return WorldAddress.load(folder.world)
    except FileNotFoundError:
        raise WorldFailed(f"the world of {folder.name} is gone\nNEXT     golive rehearse starts a new one") from None


def sources(run: Run) -> Any:
    """Give what the run's guard reads."""
    from golive.adapters.health.http import HttpHealth
    from golive.adapters.logs.jsonl import JsonlLogs
    from golive.adapters.metrics.sandbox import SandboxMetrics
    from golive.engine.sources import Sources

    address = _address(run.folder)
    urls = {Version.STABLE: address.stable, Version.CANARY: address.canary}
    timeout = run.plan.health.timeout.total_seconds()
    routes = {route.name: route.path for route in run.plan.routes}
    return Sources(
        SandboxMetrics(address.control, urls, run.clock, routes),
        HttpHealth({version: f"{url}/api/health" for version, url in urls.items()}, timeout),
        JsonlLogs({version: Path(address.logs[version]) for version in Version}, run.plan.logs.critical),
        router(run),
        top_up(run.plan, address.canary),
    )


def top_up(plan: Plan, canary: str) -> Any:
    """Give what tops up the canary's requests; None when the plan asks for none."""
    from golive.adapters.top_ups.http import HttpTopUp

    return HttpTopUp(canary, plan.top_up.paths) if plan.top_up.driver == "http" else None


def scene(run: Run) -> Any:
    """Give what the run's checks may look at."""
    from golive.adapters.checks.run import Scene

    address, reads = _address(run.folder), sources(run)
    return Scene(
        address.router,
        address.stable,
        address.canary,
        reads.router,
        reads.metrics,
        reads.health,
        run.book,
        run.clock,
        run.folder.root,
        run.state().split,
    )


def notifiers(plan: Plan) -> list[Any]:
    """Give the plan's notifiers."""
    from golive.adapters.notifiers.command import CommandNotifier
    from golive.adapters.notifiers.webhook import WebhookNotifier

    made: list[Any] = []
    for driver in plan.notify:
        if driver.driver == "webhook":
            made.append(WebhookNotifier(str(driver.settings["url_variable"])))
        elif driver.driver == "command":
            made.append(CommandNotifier([str(part) for part in driver.settings["command"]]))
        else:
            raise NameUnknown("notifier", driver.driver, ("webhook", "command"))
    return made


def guard(run: Run) -> Any:
    """Give the guard of a run, ready to run."""
    from golive.engine.guard import Guard
    from golive.engine.post import Post

    token = _address(run.folder).token if run.plan.world == "sandbox" else ""
    post = Post(
        run.plan,
        who("guard"),
        sources(run),
        run.store,
        run.book,
        notifiers(run.plan),
        run.clock,
        token,
        lambda: anybody(run.folder.operators),
        new_id,
        LateBox(run.folder.late).write,
        code_version(),
    )
    return Guard(post, f"guard-{secrets.token_hex(4)}")


def fresh_until(run: Run, checks: Any) -> str:
    """Give until when a round of checks stays good: the shortest freshness of its checks."""
    spans = [use.fresh_for for use in checks]
    return utc(run.clock.now() + min(spans, default=timedelta(minutes=30)))
