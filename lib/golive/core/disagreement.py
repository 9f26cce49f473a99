"""A router and a canary that count the same requests, and disagree."""

from __future__ import annotations

from golive.core.samples import CouldNotMeasure, Unmeasured

TOLERATED = 0.05
FEWEST = 200
LONG = 40  # times what may be under way, so that a stretch's ends weigh little


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


class Agreement:
    """Whether a router and the canary count the same requests, over one stretch after another of enough of them."""

    def __init__(self) -> None:
        self._sent = self._reported = self._most = 0
        self._wrong: CouldNotMeasure | None = None

    def begin(self) -> None:
        """Begin a stretch anew: what was counted since the last one can't be compared."""
        self._sent = self._reported = self._most = 0

    def take(self, sent: int, reported: int, in_flight: int = 0) -> CouldNotMeasure | None:
        """Add what both have counted since the last time; say that they disagreed over the last whole stretch, or None.

        `in_flight` requests may have been sent and not reported yet, now; the most of a stretch is allowed for.
        """
        self._sent, self._reported = self._sent + sent, self._reported + reported
        self._most = max(self._most, in_flight)
        if self._sent >= max(FEWEST, LONG * self._most):
            self._wrong = disagreement(self._sent, self._reported, self._most)
            self.begin()
        return self._wrong
