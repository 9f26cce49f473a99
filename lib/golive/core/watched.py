"""A line that is watched through a soak: what came of its looks, and its worst moment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from golive.core.findings import PASSED, UNMEASURED

EXCESS = "excess"


class Seen(NamedTuple):
    """One look at a line.

    Attributes:
        at: UTC, ISO 8601.
        excess: By how much what was seen lay beyond its limit, below 0 within it; None for what has no number.
    """

    at: str
    result: str
    seen: str
    expected: str
    excess: float | None = None

    @property
    def good(self) -> bool:
        """Whether it was as expected."""
        return self.result in PASSED

    @property
    def badness(self) -> tuple[int, float]:
        """What orders moments: good, could not measure, bad; and within those by how far it was beyond its limit."""
        rank = 0 if self.good else 1 if self.result == UNMEASURED else 2
        return rank, self.excess if self.excess is not None else float("-inf")


@dataclass(frozen=True)
class Watched:
    """All looks at one line in one phase.

    Attributes:
        called: Its name in the plan.
        counts: Result -> how many looks came to it.
    """

    called: str
    newest: Seen
    worst: Seen
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def begun(cls, called: str, first: Seen) -> Watched:
        """Give a line after its first look."""
        return cls(called, first, first, {first.result: 1})

    def after(self, moment: Seen) -> Watched:
        """Give it after one more look; of two moments that are as bad the earlier one stays the worst."""
        worst = moment if moment.badness > self.worst.badness else self.worst
        counts = {**self.counts, moment.result: self.counts.get(moment.result, 0) + 1}
        return replace(self, newest=moment, worst=worst, counts=counts)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON-able values, which `from_json` reads back."""
        moments = {name: getattr(self, name)._asdict() for name in ("newest", "worst")}
        return {"called": self.called, "counts": dict(self.counts), **moments}


def from_json(data: Mapping[str, Any]) -> Watched:
    """Give the line that `to_json` wrote."""
    return Watched(data["called"], Seen(**data["newest"]), Seen(**data["worst"]), data["counts"])


def seen_of(body: Mapping[str, Any], at: str) -> Seen:
    """Give one look from the finding that it came to; its evidence may say `excess`."""
    excess = body.get("evidence", {}).get(EXCESS)
    counts = isinstance(excess, int | float) and not isinstance(excess, bool)
    return Seen(at, str(body["result"]), body["seen"], body["expected"], float(excess) if counts else None)
