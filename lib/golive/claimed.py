"""Which run has which router: on this host, and in a store that several hosts share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from golive import stored
from golive.adapters.stores.claims import ClaimTable
from golive.adapters.stores.disks import refuse_network
from golive.adapters.stores.schema import CLAIMS
from golive.adapters.stores.sqlite import SqliteDatabase
from golive.core.claim import Claim
from golive.core.errors import GoLiveError, Stopped, StoreUnavailable
from golive.core.moments import utc
from golive.core.record import Kind
from golive.folders import RunFolder, claims_file
from golive.ports import Claims, Clock, Sharing
from golive.run import Run


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
    identity = router.identity()
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
    database = SqliteDatabase(path, [CLAIMS], what="claims", clock=run.clock, timeout=stored.PATIENCE)
    here = ClaimTable(database, lambda claim: _over(claim, run.clock))
    kept = stored.keeping(run.folder, run.clock)
    return [here, kept.claims()] if isinstance(kept, Sharing) else [here]


def _over(claim: Claim, clock: Clock) -> bool:
    """Say whether the run of a claim on this host is closed, or gone with its folder."""
    folder = RunFolder(Path(claim.folder))
    if not folder.is_run:
        return True
    try:
        entries = stored.keeping(folder, clock).record("", "").read()
    except GoLiveError as error:
        raise StoreUnavailable(
            f"{claim} claims the router, and nothing says whether it is closed: {str(error).splitlines()[0]}\n"
            f"NEXT     golive stop {claim.folder}, or golive rollback {claim.folder} where its record is lost"
        ) from error
    return any(entry.kind is Kind.RUN_CLOSED for entry in entries)
