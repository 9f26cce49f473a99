"""Whether the way back is open for as long as the plan says: what the release does to data may close it sooner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from golive.adapters.checks.asking import Site, at, json_in, measuring
from golive.adapters.checks.run import Known, Saw, Scene
from golive.adapters.reports.reading import ReportTrouble
from golive.core.plain import plain
from golive.core.scalars import Part, PositiveDuration
from golive.core.units import say_duration

SHOWN = 3


class WayBackSettings(Part):
    """Where the release's irreversible migrations are listed, and for how long a way back is safe with one of them.

    `irreversible` is a JSON pointer (RFC 6901) to a list of names, or to their number.
    """

    endpoint: str
    irreversible: str = "/irreversible"
    at_most: PositiveDuration = timedelta(hours=1)


@measuring("the release's irreversible migrations")
async def way_back(scene: Scene, wanted: WayBackSettings) -> Saw:
    """See whether the plan calls a rollback safe for no longer than the release's migrations let it be."""
    if scene.plan is None:
        raise ReportTrouble("this run has no plan", "look at it on a page of a run")
    listed: Any = at(json_in(await Site("").ask(wanted.endpoint, tries=2)), wanted.irreversible)
    if isinstance(listed, bool) or not isinstance(listed, list | int):
        raise ReportTrouble(f"{wanted.irreversible} is no list and no number", "mend the pointer of this line")
    number = len(listed) if isinstance(listed, list) else listed
    safe = scene.plan.after_cutover.rollback_safe_until
    expected = f"none irreversible, or rollback_safe_until ≤ {say_duration(wanted.at_most)}"
    named = f": {', '.join(plain(one, 60) for one in listed[:SHOWN])}" if isinstance(listed, list) and listed else ""
    seen = f"{number} irreversible{named}; the plan says {say_duration(safe)}"
    evidence = {"endpoint": plain(wanted.endpoint, 200), "irreversible": number, "safe_until": safe.total_seconds()}
    then = f"set after_cutover.rollback_safe_until to how long it is safe, {say_duration(wanted.at_most)} at most"
    return Saw(number == 0 or safe <= wanted.at_most, expected, seen, evidence, then)


KNOWN = {"way-back-safe": Known("The way back is open for as long as the plan says", way_back, WayBackSettings)}
