"""What of a router is a run's own: its claim, and the canary that it means."""

from __future__ import annotations

from dataclasses import dataclass

from golive.ports import Split, Unknown


@dataclass(frozen=True)
class Mine:
    """A run's claim (`RUN@HOST`) and its canary, as the router shows them; "" for one that is not known."""

    claim: str = ""
    canary: str = ""

    def not_ours(self, split: Split | Unknown) -> str:
        """Say whose the router is when it shows another run's claim, or has visitors on another canary; else "".

        A router that shows neither, or does not answer, may be ours. Without visitors on it a canary's name says
        nothing: some routers name stable then.
        """
        if isinstance(split, Unknown):
            return ""
        if self.claim and split.claim and split.claim != self.claim:
            return f"this router is claimed by {split.claim}, and this run is {self.claim}"
        if self.canary and split.canary and split.share > 0 and split.canary != self.canary:
            return f"this router has visitors on the canary {split.canary}, and this run's is {self.canary}"
        return ""
