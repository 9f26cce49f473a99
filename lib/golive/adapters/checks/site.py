"""Checks of the canary's logs, limits and flags, as the guard has counted them or the canary says itself."""

from __future__ import annotations

import asyncio

from golive.adapters.checks.asking import TRIES, Site, at, json_in, measuring
from golive.adapters.checks.run import Known, Saw, Scene, Unseen
from golive.core.samples import Version
from golive.core.scalars import Part


@measuring("rate_limiting enabled")
async def feature_flags(scene: Scene, nothing: Part) -> Saw:
    """See whether rate limiting is switched on; a healthy site may fail once, not five times."""
    data = at(json_in(await Site(scene.canary).ask("/api/feature-flags", tries=TRIES)), "/data")
    on = at(data, "/rate_limiting/enabled") is True
    seen = f"rate_limiting {'enabled' if on else 'off'}, {len(data)} flags"
    return Saw(on, "rate_limiting enabled", seen, then="switch rate limiting on")


async def no_limited_visitors(scene: Scene, nothing: Part) -> Saw | Unseen:
    """See whether visitors on the canary were answered 429, in all that the guard has counted."""
    samples = await asyncio.to_thread(scene.book.samples)
    tallies = [sample.tally for sample in samples if sample.version is Version.CANARY]
    requests, limited = sum(tally.requests for tally in tallies), sum(tally.limited for tally in tallies)
    expected = "no 429 for visitors"
    if not requests:
        return Unseen(expected, "no visitor was counted on the canary yet", "look again once visitors are on it")
    counted = {"requests": requests, "limited": limited}
    then = "see whom the limit meets, and raise it or roll back"
    return Saw(limited == 0, expected, f"{limited} answers of 429 in {requests}", counted, then)


async def no_critical_logs(scene: Scene, nothing: Part) -> Saw | Unseen:
    """See whether the guard still calls the canary's logs clean."""
    look, expected = scene.book.last_look(), "no critical entry that stable does not log"
    if look is None:
        return Unseen(expected, "the guard has not looked yet", "golive status says whether it lives")
    reason = str((look.body.get("verdict") or {}).get("reason", ""))
    bad = "critical log" in reason
    return Saw(not bad, expected, reason if bad else "none", then="read the canary's log")


KNOWN = {
    "feature-flags": Known("Feature flags are as expected", feature_flags),
    "no-429": Known("No visitor was rate limited", no_limited_visitors),
    "no-critical-logs": Known("No critical log entry that stable does not log", no_critical_logs),
}
