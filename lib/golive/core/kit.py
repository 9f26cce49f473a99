"""All that sending everybody back needs, as one small file keeps it: `router.json` of a run."""

from __future__ import annotations

from typing import Any

from golive.core.driver import Driver
from golive.core.units import say_duration
from golive.core.way_back import AlsoUndos, LastResorts


class Kit(Driver):
    """The router's driver and settings, and what goes with a rollback.

    Attributes:
        site: What goes live there, "" when nobody has said.
        claim: The run's, as its router shows it; "" for none, so that a rollback means whatever there is.
        last_resort, also_undo: The plan's, with their settings filled; the checks need the plan.
    """

    site: str = ""
    claim: str = ""
    last_resort: LastResorts = ()
    also_undo: AlsoUndos = ()

    def to_json(self) -> dict[str, Any]:
        """Give the kit as JSON-able values, which `Kit.model_validate` reads back."""
        resorts = [
            {"driver": one.driver, "settings": one.settings, "after": say_duration(one.after)}
            for one in self.last_resort
        ]
        undo = [{"name": one.name, "sentence": one.sentence} for one in self.also_undo]
        head = {"driver": self.driver, "settings": self.settings, "site": self.site, "claim": self.claim}
        return {**head, "last_resort": resorts, "also_undo": undo}
