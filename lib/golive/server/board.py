"""What the status page shows of one run, read on in its record and in what its guards write."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from golive import wiring
from golive.core.errors import GoLiveError
from golive.core.folding import fold
from golive.core.state import State
from golive.folders import RunFolder
from golive.overview import seen, unreadable
from golive.pages.curve import Curve
from golive.pages.overview import Overview
from golive.run import Run

FRESH = 1.0  # seconds for which one look serves everybody who asks
ANEW = 60.0  # seconds after which the whole record is verified again
AT_ONCE = 5000  # samples that one look reads; of a long watch the chart catches up over some looks
PATIENCE = 1.0  # seconds for which a look waits for a record that somebody holds
DRAWING = threading.Lock()  # what draws text is shared by all charts of a process
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Board:
    """One look at a run.

    Attributes:
        site: What goes live there, "" when nobody can say.
        lengths: Phase -> seconds of its soak.
        drawn: Number of the chart that goes with it; 0 when there is none.
    """

    overview: Overview
    site: str = ""
    lengths: Mapping[str, float] = field(default_factory=dict)
    drawn: int = 0


class Watched:
    """A run that is looked at again and again; one thread looks at a time."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._run: Run | None = None
        self._state, self._opened = State(), 0.0
        self._board: Board | None = None
        self._looked = 0.0
        self._phase, self._rows, self._drawn = "", 0, 0
        self._curve = Curve()
        self._charts: dict[str, tuple[str, Any]] = {}

    def board(self) -> Board:
        """Give the run as it is now, or was a second ago; a run that can't be read is one that says why."""
        with self._lock:
            if self._board is None or time.monotonic() - self._looked > FRESH:
                self._board, self._looked = self._look(), time.monotonic()
            return self._board

    def chart(self, theme: str) -> bytes:
        """Give the chart of what was looked at last, as a PNG; empty when nothing can be drawn."""
        with self._lock:  # no longer than a copy takes: drawing keeps no look waiting
            run, phase, curve = self._run, self._phase, self._curve.copy()
        if run is None or not phase:
            return b""
        with DRAWING:
            drawn = self._charts.get(theme)
            if drawn is None or drawn[0] != phase:
                drawn = self._charts[theme] = (phase, self._new_chart(run, phase, theme))
            png: bytes = drawn[1].draw(curve)
            return png

    def _new_chart(self, run: Run, phase: str, theme: str) -> Any:
        from golive.pages.live import DARK, LIGHT, LiveChart  # a server starts without what draws

        length = self._lengths(run).get(phase, 0.0)
        return LiveChart(run.plan.criteria, length, DARK if theme == "dark" else LIGHT)

    def _look(self) -> Board:
        try:
            run = self._open()
            fresh = run.store.read(self._state.head.seq if self._state.head else 0)
            self._state = fold(fresh, self._state)
            self._read_on(run)
            overview = seen(run, self._state)
        except (GoLiveError, OSError, ValueError, KeyError, TypeError) as error:  # what a damaged run is made of
            self._run = None
            return Board(unreadable(self.folder.name, error))
        return Board(overview, run.plan.site.name, self._lengths(run), self._drawn)

    def _open(self) -> Run:
        if self._run is None or time.monotonic() - self._opened > ANEW:
            self._run = wiring.open_run(str(self.folder.root), "", patience=PATIENCE)
            self._opened, self._state = time.monotonic(), State()
        return self._run

    def _read_on(self, run: Run) -> None:
        """Take in new samples; the chart shows the phase that is open, or the last one that was."""
        fresh = run.book.samples(self._rows, AT_ONCE)
        self._rows += len(fresh)
        for sample in fresh:
            if sample.phase and sample.phase != self._phase:
                self._phase, self._curve = sample.phase, Curve()
            if sample.phase:
                self._curve.add((sample,))
        self._drawn += bool(self._phase and fresh)

    def _lengths(self, run: Run) -> dict[str, float]:
        return {phase.name: phase.soak.total_seconds() for phase in run.plan.phases}


class Boards:
    """The runs that somebody looks at, by their folder."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}
        self._lock = threading.Lock()

    def of(self, folder: RunFolder) -> Watched:
        """Give the one that looks at the run in `folder`."""
        with self._lock:
            return self._watched.setdefault(str(folder.root), Watched(folder))


def verdict_of(overview: Overview) -> Mapping[str, Any]:
    """Give the newest verdict that a guard has written; empty before the first."""
    verdict: Mapping[str, Any] = (overview.look.body.get("verdict") if overview.look else None) or {}
    return verdict
