"""How far another clock is from ours, as far as one exchange shows it; all times in UTC seconds since the epoch."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

MOST = 2.0


def skew_of(told: float, sent: float, received: float, resolution: float = 0.0) -> float:
    """Give the seconds by which the other clock is ahead of ours, at the least that is certain; 0 when it may agree.

    Args:
        told: What it said.
        sent, received: By our clock, when it was asked and when the answer had come.
        resolution: The step of what it said, which is rounded down.
    """
    low, high = told - received, told + resolution - sent
    return low if low > 0 else min(high, 0.0)


Told = tuple[float | None, float | None]


def told_by(date: str, sent: float, received: float) -> Told:
    """Give what an HTTP `Date` tells (whole seconds), and its skew; twice None when it can't be read."""
    try:
        told = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None, None
    return told, skew_of(told, sent, received, 1.0)


def in_words(skew: float, whose: str) -> str:
    """Say how far a clock is from ours."""
    return f"the clock of {whose} is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} ours"


def furthest(told: list[Told]) -> Told:
    """Give the clock of several that is furthest from ours; one that tells nothing counts for none."""
    known = [(skew, at) for at, skew in told if skew is not None]
    skew, at = max(known, key=lambda one: abs(one[0]), default=(None, None))
    return at, skew
