"""Who has the wheel of a run: one named person operates it, and it changes hands by two acts with two names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """Who operates.

    Attributes:
        name: Who has it, as claimed; "" before anybody has.
        since: UTC, ISO 8601.
        offered_to: To whom it was handed over and who has not taken it yet; "" for nobody.
        offered_at, because: When and why it was offered, or why it was taken.
    """

    name: str = ""
    since: str = ""
    offered_to: str = ""
    offered_at: str = ""
    because: str = ""

    def has(self, name: str) -> bool:
        """Say whether that person may go forward: who has the wheel, or anybody where nobody has it."""
        return not self.name or name == self.name
