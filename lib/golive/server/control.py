"""Rollbacks that somebody has asked for on a page of the server, each in a thread that nothing else keeps waiting."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, field, replace

from golive.core.errors import GoLiveError, Stopped
from golive.folders import RunFolder
from golive.going_back import go_back_now
from golive.pages.answer import Answer
from golive.pages.rollbacks import STILL

LOG = logging.getLogger(__name__)
BY = "control page, no guard answered"
FORGET_AFTER = 600.0
ANSWERS_WITHIN = 6.0
UNDER_WAY = Answer(
    "NOT CONFIRMED",
    "the router does not read back 0 % yet: the rollback goes on, and this page says what becomes of it",
    next="do what ROLLBACK.txt in the run's folder says, if this stays so",
)


@dataclass
class Asked:
    """One rollback that was asked for.

    Attributes:
        operator: Who asks, "" for the user that the server runs as.
        because, even_though: What the person typed.
        answer: What is known of it by now; None while nothing is.
        over: Whether nothing more is to come.
        seconds: From the request to the first answer.
    """

    because: str
    even_though: str
    operator: str = ""
    begun: float = field(default_factory=time.monotonic)
    answer: Answer | None = None
    over: bool = False
    seconds: float = 0.0
    known: threading.Event = field(default_factory=threading.Event)

    @property
    def age(self) -> float:
        """Seconds since it was asked for."""
        return time.monotonic() - self.begun

    def take(self, answer: Answer) -> None:
        """Take what has become of it so far."""
        if self.answer is None:
            self.seconds = self.age
        self.answer = answer
        self.known.set()


class Control:
    """Sends runs back, and remembers for ten minutes what came of it."""

    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}
        self._lock = threading.Lock()

    def roll_back(self, folder: RunFolder, asked: Asked) -> Asked:
        """Begin to send everybody of a run back; `Asked.known` is set once there is an answer."""
        with self._lock:
            self._asked[str(folder.root)] = asked
        threading.Thread(target=_begin, args=(folder, asked), daemon=True, name=f"roll back {folder.name}").start()
        return asked

    def last(self, folder: RunFolder) -> Asked | None:
        """Give what was asked last for a run, unless that is long ago."""
        with self._lock:
            asked = self._asked.get(str(folder.root))
        return asked if asked and asked.age < FORGET_AFTER else None


def _begin(folder: RunFolder, asked: Asked) -> None:
    try:
        asyncio.run(_roll_back(folder, asked))
    except Exception as error:  # a person waits for this answer, whatever it is
        if not isinstance(error, GoLiveError):
            LOG.exception("rolling back %s", folder.root)
        asked.take(_failed(error, folder, asked.answer))
    finally:
        asked.over = True
        asked.known.set()


async def _roll_back(folder: RunFolder, asked: Asked) -> None:
    answer = await go_back_now(
        folder, asked.because, by=BY, operator=asked.operator, even_though=asked.even_though, moved=asked.take
    )
    asked.take(answer)
    asked.over = True  # asyncio.run may still wait for a read of a record that hangs


def _failed(error: Exception, folder: RunFolder, before: Answer | None) -> Answer:
    """Give what is known once nothing more is to come: what the router has read back stays so."""
    why, _, said = str(error).partition("\n")
    why = error.why if isinstance(error, Stopped) else why if isinstance(error, GoLiveError) else repr(error)
    if before is not None and before.word == "ROLLED BACK":
        facts = [fact for fact in before.facts if fact != STILL]
        return replace(before, facts=[*facts, ("not verified", why)])
    then = said.removeprefix("NEXT").strip() if isinstance(error, GoLiveError) else ""
    return Answer("NOT CONFIRMED", why, next=then or f"do what {folder.by_hand} says")
