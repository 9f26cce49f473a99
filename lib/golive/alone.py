"""Send everybody back without a guard: act first, then write down what was meant and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from golive import wiring
from golive.adapters.clocks import SystemClock
from golive.adapters.stores.late import LateBox
from golive.core.errors import GoLiveError
from golive.core.record import Draft, Kind
from golive.engine.rollback import RolledBack, roll_back
from golive.folders import RunFolder
from golive.provenance import who
from golive.run import Run, new_id


@dataclass(frozen=True)
class SentBack:
    """What a rollback without a guard came to; `unrecorded` says why the record does not hold it, "" when it does."""

    rolled: RolledBack
    unrecorded: str


async def send_back_alone(
    folder: RunFolder, run: Run | None, because: str, by: str, *, phase: str = "", tries: int = 20
) -> SentBack:
    """Call the run's router until it reads back 0 %, and write both entries, beside the record when it refuses them.

    Args:
        run: The run in `folder`; None when its record or plan can't be opened.
        by: Who acts in place of the guard, for the record.
        tries: How often the router is called at the most.

    Raises:
        GoLiveError: If nothing says where the run's router is.
    """
    rolled = await roll_back(wiring.router_of(folder), run.clock if run else SystemClock(), because, tries)
    body: dict[str, Any] = {"act": "rollback", "request": "", "because": because, "by": by, "late": True}
    verified = {"read_back": rolled.read_back, "seconds_to_safe": round(rolled.seconds, 3), "tries": rolled.tries}
    intent = Draft(new_id(), Kind.INTENT, run.who if run else who(""), body, phase)
    result = "done" if rolled.done else "failed"
    ended = {**body, "intent": intent.id, "result": result, "share": 0.0, "seen": rolled.why, "verified": verified}
    outcome = Draft(new_id(), Kind.OUTCOME, intent.who, ended, phase)
    return SentBack(rolled, _record(folder, run, intent, outcome))


def _record(folder: RunFolder, run: Run | None, *drafts: Draft) -> str:
    """Append the drafts, or keep them beside the record; give why they were kept."""
    why = "the run could not be opened"
    if run is not None:
        try:
            for draft in drafts:
                run.store.append(draft)
            return ""
        except GoLiveError as error:
            why = str(error).splitlines()[0]
    box = LateBox(folder.late)
    for draft in drafts:
        box.write(draft)
    return f"{why}; kept in {folder.late}"
