"""When visitors' requests came to one version, and which of them failed."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

MOST = 20_000


@dataclass
class Arrival:
    """One visitor's request; `answered` is None while it is being answered. Times are UTC seconds."""

    came: float
    answered: float | None = None
    failed: bool = False

    def answer(self, failed: bool) -> None:
        """Say that it has its answer."""
        self.answered, self.failed = time.time(), failed


class Arrivals:
    """The newest `MOST` requests, in the order in which they came."""

    def __init__(self) -> None:
        self._known: deque[Arrival] = deque(maxlen=MOST)

    def one(self) -> Arrival:
        """Take in a request that comes now."""
        arrival = Arrival(time.time())
        self._known.append(arrival)
        return arrival

    def since(self, moment: float) -> list[tuple[float, float | None, bool]]:
        """Give what came at `moment` or later: when it came, when it was answered, whether it failed."""
        return [(one.came, one.answered, one.failed) for one in self._known if one.came >= moment]
