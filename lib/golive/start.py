"""How a run gets its world and its guard."""

from __future__ import annotations

import time

from golive import rescue, stored, wiring
from golive.core.errors import Stopped
from golive.run import Run

GUARD_WITHIN, AGAIN_AFTER = 20.0, 8.0
POLL = 0.05


class Start:
    """Starts what a run lacks: the world first, which `begin` only launches, then the guard."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._began = time.monotonic()
        self._world = wiring.world(run)

    @property
    def seconds(self) -> float:
        """How long it has been since this was made."""
        return time.monotonic() - self._began

    def begin(self) -> None:
        """Launch the world that the plan brings, unless this run has had one."""
        if self._world is not None and not self._run.folder.world.exists():
            self._world.launch(self._run.state().split)

    def await_world(self) -> None:
        """Return once the world answers, `router.json` holds its router and `ROLLBACK.txt` how to roll it back.

        Raises:
            WorldFailed: If it does not come up.
        """
        if self._world is not None:
            self._world.wait()
        rescue.write_kit(self._run)
        self._run.folder.by_hand.write_text(rescue.by_hand(rescue.kit_of(self._run.folder)))
        stored.share(self._run)

    def await_guard(self) -> None:
        """Start a guard, unless one lives already, and return once one acts.

        Raises:
            Stopped: If it does not begin to watch.
        """
        wiring.launch_guard(self._run)
        begun = launched = time.monotonic()
        while self._run.guard_silent():
            now = time.monotonic()
            if now - launched > AGAIN_AFTER:  # one that died before its first beat is missed by nobody else
                wiring.launch_guard(self._run)
                launched = now
            if now - begun > GUARD_WITHIN:
                raise Stopped("the guard did not begin to watch", f"read {self._run.folder.logs}/guard.log")
            time.sleep(POLL)
