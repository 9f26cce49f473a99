"""Points between an intent, its act and its outcome, at which a process of golive ends itself or freezes.

Nothing of golive knows of them: `install` wraps the stores and routers that `golive.wiring` hands out. Each entry that
the store acknowledged is written down in a file of its own, which the record is held against later.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from golive import rescue, wiring
from golive.core.record import Draft, Entry, Kind
from golive.run import Run

VARIABLE = "GOLIVE_POINT"
SITE, ROOT = Path(__file__).parent / "points", Path(__file__).parents[1]
ACTS = (Kind.REQUEST, Kind.INTENT, Kind.OUTCOME)


@dataclass(frozen=True)
class Told:
    """What processes are told: where to write, and at which point to send which signal to themselves.

    `point` is "" for none; the first process that comes to it takes it, and no other does.
    """

    side: str
    point: str = ""
    signal: str = ""

    def environment(self) -> dict[str, str]:
        """Give the variables by which guards know of it, and those that these guards start."""
        paths = [str(SITE), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {VARIABLE: json.dumps(asdict(self)), "PYTHONPATH": os.pathsep.join(paths)}

    @property
    def journal(self) -> Path:
        """A line for each entry that a store has acknowledged: when, by which process, its id, and what it is."""
        return Path(self.side) / "journal"

    @property
    def reached(self) -> Path:
        """When the point was come to, and by which process; there only after that."""
        return Path(self.side) / "reached"

    def at(self, point: str) -> None:
        """Send this process its signal, when this is the point and nobody was there before."""
        if point != self.point:
            return
        try:
            with self.reached.open("x") as file:
                file.write(f"{time.time()} {os.getpid()}")
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.Signals[self.signal])


class Witnessed:
    """A store that writes down what it has acknowledged, and has a point before, in and after each append."""

    def __init__(self, store: Any, told: Told) -> None:
        self._store, self._told = store, told

    def append(self, draft: Draft, may: Callable[[Sequence[Entry]], None] | None = None) -> Entry:
        """Append as the store does."""
        name = f"{draft.body['act']} {draft.kind}" if draft.kind in ACTS else draft.kind.value
        self._told.at(f"{name} writing")

        def checked(entries: Sequence[Entry]) -> None:
            self._told.at(f"{name} in transaction")
            if may is not None:
                may(entries)

        entry: Entry = self._store.append(draft, checked)
        with self._told.journal.open("a") as file:
            file.write(f"{time.time()} {os.getpid()} {entry.id} {name}\n")
        self._told.at(f"{name} written")
        return entry

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Pointed:
    """A router that has a point before and after each of its acts."""

    def __init__(self, router: Any, told: Told) -> None:
        self._router, self._told = router, told

    async def set(self, *arguments: Any, **more: Any) -> Any:
        """Set as the router does."""
        return await self._between("shift", self._router.set, *arguments, **more)

    async def rollback(self, *arguments: Any, **more: Any) -> Any:
        """Roll back as the router does."""
        return await self._between("rollback", self._router.rollback, *arguments, **more)

    async def claim(self, *arguments: Any, **more: Any) -> Any:
        """Claim as the router does, where it can."""
        return await self._router.claim(*arguments, **more)

    @property
    def can(self) -> Any:
        """What the router can."""
        return self._router.can

    async def _between(self, name: str, act: Any, *arguments: Any, **more: Any) -> Any:
        self._told.at(f"{name} sending")
        answer = await act(*arguments, **more)
        self._told.at(f"{name} sent")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._router, name)


def install() -> None:
    """Wrap what wiring hands out from now on, in this process."""
    told = Told(**json.loads(os.environ[VARIABLE]))
    opened, read, routed = wiring.open_run, wiring.sources, rescue.router_of

    def open_run(*arguments: Any, **more: Any) -> Run:
        run = opened(*arguments, **more)
        return replace(run, store=Witnessed(run.store, told))

    def sources(*arguments: Any, **more: Any) -> Any:
        found = read(*arguments, **more)
        return replace(found, router=Pointed(found.router, told))

    def router_of(*arguments: Any, **more: Any) -> Any:
        found = routed(*arguments, **more)
        return found if isinstance(found, Pointed) else Pointed(found, told)

    vars(wiring).update(open_run=open_run, sources=sources)
    vars(rescue).update(router_of=router_of)
