"""A run that is opened beside what can't wait for it: a locked record keeps nobody from rolling back."""

from __future__ import annotations

import threading

from golive import wiring
from golive.core.errors import GoLiveError
from golive.core.state import State
from golive.folders import RunFolder
from golive.run import Run

SOON = 2.0
AT_LAST = 8.0


class OpenedSoon:
    """Opens a run in a thread of its own.

    Args:
        operator: In whose name it is opened; "" for the user's.

    Attributes:
        state: Where the run stands, once it is open.
        trouble: Why it could not be opened, in one line; "" while that is not known.
    """

    def __init__(self, folder: RunFolder, operator: str = "") -> None:
        self._folder, self._operator = folder, operator
        self._run: Run | None = None
        self.state: State | None = None
        self.trouble = ""
        self._opening = threading.Thread(target=self._open, daemon=True)
        self._opening.start()

    def soon(self) -> Run | None:
        """Give the run if it can be had in two seconds: who rolls back waits no longer."""
        return self._within(SOON)

    def at_last(self) -> Run | None:
        """Give the run if it can be had after all."""
        return self._within(AT_LAST)

    def _within(self, seconds: float) -> Run | None:
        self._opening.join(seconds)
        return self._run if self.state is not None else None

    def _open(self) -> None:
        try:
            if not self._folder.is_run:
                self.trouble = f"{self._folder.record} is gone"
                return
            run = wiring.open_run(str(self._folder.root), self._operator)
            self._run, self.state = run, run.state()
        except GoLiveError as error:
            self.trouble = str(error).splitlines()[0]
