"""A router and a canary that count the same requests, and disagree."""

from __future__ import annotations

from golive.core.samples import CouldNotMeasure, Unmeasured

TOLERATED = 0.05
FEWEST = 200


def disagreement(sent: int, reported: int, in_flight: int = 0) -> CouldNotMeasure | None:
    """Say that the router sent the canary over 5 % more requests than the canary itself reports; None when not.

    Both are counts of the same stretch. Requests that the canary could not answer (refused, broken off) belong in
    neither: it can't report them, and they are failed, not unmeasured. `in_flight` are those which may have been
    sent and not reported yet, at either end of the stretch. Below 200 requests nothing is said.
    """
    missing = sent - reported - in_flight
    if sent < FEWEST or missing <= TOLERATED * max(reported, 0):
        return None
    return CouldNotMeasure(
        Unmeasured.DISAGREES, f"the router sent the canary {sent} requests, the canary reports {reported} of them"
    )
