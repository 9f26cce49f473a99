"""Where a run is kept: in its folder, or in a store that other hosts reach, and who has which router."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from golive import drivers
from golive.adapters.clocks import utc
from golive.adapters.stores.claims import ClaimTable
from golive.adapters.stores.disks import refuse_network
from golive.adapters.stores.schema import CLAIMS
from golive.adapters.stores.sqlite import SqliteDatabase
from golive.core.claim import Claim
from golive.core.errors import GoLiveError, NameUnknown, RecordBroken, Stopped, StoreUnavailable
from golive.core.plan import Driver, Plan
from golive.core.record import Entry, Kind
from golive.drivers import Around
from golive.folders import RunFolder, claims_file, runs_root
from golive.ports import Claims, Clock, Keeping, Sharing
from golive.run import Run

RUN_FOLDER = "run-folder"
CLAIMS_WAIT = 5.0


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


def keeping(folder: RunFolder, clock: Clock) -> Keeping:
    """Give the store of the run in `folder`.

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
    kept: Keeping = _made(wanted, Around(None, clock, folder=folder))
    return kept


def share(run: Run) -> None:
    """Keep in a shared store what another host needs of the run's folder; nothing where the store is not shared."""
    kept = keeping(run.folder, run.clock)
    if isinstance(kept, Sharing):
        kept.files().keep({p.name: p.read_text(encoding="utf-8") for p in run.folder.shared if p.is_file()})


def shared_runs(variable: str, clock: Clock) -> tuple[str, ...]:
    """Give the names of all runs in the PostgreSQL store whose URL is in that environment variable."""
    return tuple(_shared(variable, Around(None, clock)).runs())


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


def begin(run: Run, router: Any) -> None:
    """Claim its router for a run that has just been opened; where another run has it, close this one again.

    Raises:
        Stopped: If another open run has it; names that one.
        StoreUnavailable: If nothing says whether another run has it.
    """
    try:
        claim(run, router)
    except GoLiveError as error:
        run.append(Kind.RUN_CLOSED, {"result": "abandoned", "why": str(error).splitlines()[0]})
        raise


def guards(run: Run, router: Any, guard: str) -> None:
    """Put a guard's name and host into its run's claim; a store that does not answer keeps no guard from guarding.

    Raises:
        Stopped: If another open run has the router; names that one.
    """
    try:
        claim(run, router, guard)
    except StoreUnavailable:
        return  # the claim that the run was opened with stands


def claim(run: Run, router: Any, guard: str = "") -> None:
    """Claim a router for a run, on this host and in its store where that is shared.

    Args:
        guard: The guard that claims, "" for the one who opens the run.

    Raises:
        Stopped: If another open run has it; names that one.
        StoreUnavailable: If nothing says whether another run has it.
    """
    identity = router.identity() if hasattr(router, "identity") else router.by_hand()
    wanted = Claim(identity, run.folder.name, run.who.host, guard, str(run.folder.root), utc(run.clock.now()))
    for claims in _claims(run):
        other = claims.claim(wanted)
        if other is not None:
            raise Stopped(
                f"another go-live has the router {identity}: {other}, in {other.folder}",
                f"golive stop {other.run} on {other.host}, if it is over; two go-lives of one router are never right",
            )


def _claims(run: Run) -> list[Claims]:
    path = claims_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_network(path.parent)
    database = SqliteDatabase(path, [CLAIMS], what="claims", clock=run.clock, timeout=CLAIMS_WAIT)
    here = ClaimTable(database, lambda claim: _over(claim, run.clock))
    kept = keeping(run.folder, run.clock)
    return [here, kept.claims()] if isinstance(kept, Sharing) else [here]


def _over(claim: Claim, clock: Clock) -> bool:
    """Say whether the run of a claim on this host is closed, or gone with its folder."""
    folder = RunFolder(Path(claim.folder))
    if not folder.is_run:
        return True
    try:
        entries = keeping(folder, clock).record("", "").read()
    except GoLiveError as error:
        raise StoreUnavailable(
            f"{claim} claims the router, and nothing says whether it is closed: {str(error).splitlines()[0]}\n"
            f"NEXT     golive stop {claim.folder}, or golive rollback {claim.folder} where its record is lost"
        ) from error
    return any(entry.kind is Kind.RUN_CLOSED for entry in entries)


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
