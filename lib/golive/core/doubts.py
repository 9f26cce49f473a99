"""What speaks against going back to stable now: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from golive.core.state import State
from golive.core.units import say_duration
from golive.core.way_back import AfterCutover

NOISE = 1.1  # as much more than it carried before is within what a rate of seconds tells
UNSEEN = "no guard has looked at it just now"


@dataclass(frozen=True)
class StableNow:
    """What is known of stable just now.

    Attributes:
        sick: How it is measured bad; "" when it is not, or nobody knows.
        unproven: Why it is not proven to carry every visitor; "" when it is.
    """

    sick: str = ""
    unproven: str = UNSEEN

    def to_json(self) -> dict[str, str]:
        """Give it as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> StableNow:
        """Give what `to_json` wrote; of nothing, that nobody knows."""
        return cls(str(data.get("sick", "")), str(data.get("unproven", UNSEEN))) if data else cls()


def unproven(well_in_a_row: int, needed: int, carried: float | None, coming: float | None) -> str:
    """Say why stable is not proven to carry every visitor, "" when it is.

    Args:
        well_in_a_row: How many health probes it has answered well in a row, up to just now.
        needed: How many it takes.
        carried: Visitors' requests a second that it carried alone in this run's baseline, or is stated to carry.
        coming: Those that come now, to both versions together.
    """
    if well_in_a_row < needed:
        return f"it answered {well_in_a_row} health probes in a row, and {needed} are needed"
    if carried is None:
        return "nobody has measured what it carries alone, and the plan does not say (stable_carries)"
    if coming is None:
        return "how many visitors come now could not be measured"
    if coming > carried * NOISE:
        return f"{coming:.0f} requests a second come now, and it is known to carry {carried:.0f}"
    return ""


def doubts(state: State, plan: AfterCutover, stable: StableNow, now: datetime) -> tuple[str, ...]:
    """Give what speaks against going back now, a sentence each; before the cutover only that stable is sick."""
    said = [f"stable is measured bad now: {stable.sick}"] if stable.sick else []
    if state.cutover_at and not state.rolled_back:
        if now - datetime.fromisoformat(state.cutover_at) > plan.rollback_safe_until:
            until = say_duration(plan.rollback_safe_until)
            said.append(f"the cutover was at {state.cutover_at}, and going back was safe for {until}")
        if stable.unproven:
            said.append(f"stable is not proven to carry everybody: {stable.unproven}")
    return tuple(said)
