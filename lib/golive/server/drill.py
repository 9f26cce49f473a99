"""The control's whole way but the last step: what a rollback that is asked for now would do."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from golive import rescue
from golive.core.errors import GoLiveError
from golive.engine.rollback import called
from golive.folders import RunFolder
from golive.going_back import stands_against
from golive.opened_soon import OpenedSoon
from golive.ports import Split

DRILL = "the control's drill"


@dataclass(frozen=True)
class Would:
    """What the control would do.

    Attributes:
        would: "ask the guard", "act without a guard", "ask once more" or "do nothing".
        because: Why it would do that and no more; "" for the guard.
        alone: Why this server could not roll back without a guard; "" when it could.
    """

    run: str
    would: str
    because: str
    alone: str

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON-able values."""
        return asdict(self)


def drill(folder: RunFolder) -> Would:
    """Go the control's way for the run in `folder`, and move nobody."""
    would, because = _first(folder)
    return Would(folder.name, would, because, _alone(folder))


def _first(folder: RunFolder) -> tuple[str, str]:
    opening = OpenedSoon(folder)
    run, state = opening.soon(), opening.state
    if run is None or state is None:
        return "act without a guard", opening.trouble or "the record does not answer"
    against = stands_against(run, state, DRILL, "")
    if against is not None:
        return ("ask once more" if against.word == "ASKED ONCE MORE" else "do nothing"), against.headline
    try:
        silent = run.guard_silent()
    except GoLiveError as error:
        return "act without a guard", str(error).splitlines()[0]
    return ("act without a guard", "no guard beats") if silent else ("ask the guard", "")


def _alone(folder: RunFolder) -> str:
    try:
        split = asyncio.run(called(rescue.router_of(folder).read()))
    except GoLiveError as error:
        return str(error).splitlines()[0]
    return "" if isinstance(split, Split) else split.why
