"""Where a run is kept: in its folder, or in a store that other hosts reach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from golive import drivers
from golive.core.errors import GoLiveError, NameUnknown, PlanError, RecordBroken
from golive.core.plan import Driver, Plan, as_production
from golive.core.record import Entry, Kind
from golive.drivers import Around
from golive.folders import RunFolder, runs_root
from golive.plans import load_file
from golive.ports import Clock, Keeping, Sharing
from golive.run import Run

AS_PRODUCTION = "as-production"
RUN_FOLDER = "run-folder"
PATIENCE = 5.0


def ready(plan: Plan, clock: Clock) -> tuple[str, ...]:
    """See that the plan's store can be used, before anything is made; give the names of runs that it has already.

    Raises:
        GoLiveError: If its environment variable is missing, or holds no URL.
        StoreUnavailable: If it does not answer.
    """
    store = _made(plan.store, Around(plan, clock))
    store.ready()
    return tuple(store.runs()) if isinstance(store, Sharing) else ()


def place(folder: RunFolder, wanted: Driver) -> None:
    """Say in a run's folder where its record is, when that is not the folder itself."""
    if wanted.driver != RUN_FOLDER:
        _write(folder.store, json.dumps({"driver": wanted.driver, "settings": wanted.settings}, indent=1))


def keeping(folder: RunFolder, clock: Clock, patience: float = PATIENCE) -> Keeping:
    """Give the store of the run in `folder`; `patience` is how long it waits for what somebody holds (seconds).

    Raises:
        RecordBroken: If what says where the record is can't be read.
        GoLiveError: If the store's environment variable is missing.
    """
    wanted = Driver(driver=RUN_FOLDER)
    if folder.store.is_file():
        try:
            wanted = Driver.model_validate(json.loads(folder.store.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise RecordBroken(
                f"{folder.store} does not say where the record of {folder.name} is: {str(error).splitlines()[0]}\n"
                f"NEXT     golive join {folder.name} writes it again; golive rollback {folder.name} works without it"
            ) from error
    kept: Keeping = _made(wanted, Around(None, clock, folder=folder, patience=patience))
    return kept


def share(run: Run) -> None:
    """Keep in a shared store what another host needs of the run's folder; nothing where the store is not shared."""
    kept = keeping(run.folder, run.clock)
    if isinstance(kept, Sharing):
        kept.files().keep({p.name: p.read_text(encoding="utf-8") for p in run.folder.shared if p.is_file()})


def shared_runs(variable: str, clock: Clock, closed: bool = True) -> tuple[str, ...]:
    """Give the names of the runs in the PostgreSQL store whose URL is in that variable, the closed ones too or not."""
    return tuple(_shared(variable, Around(None, clock)).runs(closed))


def join(name: str, variable: str, clock: Clock, runs: Path | None = None) -> RunFolder:
    """Make on this host the folder of a run that a shared store keeps, or bring it up to date; give it.

    Args:
        variable: Name of the environment variable that holds the URL of the PostgreSQL store.

    Raises:
        NameUnknown: If the store has no such run; names the nearest.
        StoreUnavailable: If it does not answer.
    """
    folder = RunFolder((runs or runs_root()).resolve() / name)
    store = _shared(variable, Around(None, clock, folder=folder))
    kept = store.files().read() if Path(name).name == name else {}
    if not kept:
        raise NameUnknown("run", name, store.runs())
    folder.prepare()
    for path in folder.shared:
        if path.name in kept:
            _write(path, kept[path.name])
    place(folder, _by(variable))
    return folder


def enter(run: Run, body: Mapping[str, Any]) -> None:
    """Write the first entry of a run that was just made, and keep its files where its store is shared.

    Raises:
        GoLiveError: If another host has made a run of this name meanwhile; this one's folder is taken away again.
    """
    taken: list[Entry] = []

    def may(entries: Sequence[Entry]) -> None:
        taken.extend(entries)
        if entries:
            raise GoLiveError(
                f"another host has begun {run.folder.name} in this very second\nNEXT     the same once more"
            )

    try:
        run.append(Kind.RUN_OPENED, dict(body), may=may)
    except GoLiveError:
        if taken:
            shutil.rmtree(run.folder.root)
        raise
    share(run)


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


def _by(variable: str) -> Driver:
    return Driver(driver="postgresql", settings={"url_variable": variable})


def _shared(variable: str, around: Around) -> Sharing:
    store: Sharing = _made(_by(variable), around)
    return store


def _made(wanted: Driver, around: Around) -> Any:
    return drivers.made(drivers.STORES, wanted, around, {})


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
