"""What is killed, frozen or taken away, and when."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGSTOP")
GUARDS = ("acting guard", "standby", "both guards")
WORLD = ("router", "stable", "canary", "metrics")
NOTEBOOKS = ("papermill runner", "notebook kernel")
DATABASE = "PostgreSQL"
HOST = "host of the acting guard"
RANDOM = "any instant"
STEPS = ("writing", "in transaction", "written")
ENTRIES = (
    *(f"{act} {kind}" for act in ("shift", "prove", "rollback") for kind in ("intent", "outcome")),
    *(f"{act} request" for act in ("shift", "rollback")),
    "soaked",
    "decision",
    "phase-closed",
    "run-closed",
)
POINTS = (
    *(f"{entry} {step}" for entry in ENTRIES for step in STEPS),
    *(f"{act} {step}" for act in ("shift", "rollback") for step in ("sending", "sent")),
)
TROUBLES = ("disk full", "record locked for 30 s", "descriptors exhausted")
THEN = ("the canary fails", "golive rollback")
LATE = "a forward call"
OTHER = "guards of another run"


@dataclass(frozen=True)
class Cell:
    """One kind of run: who gets which signal, at any instant or at one point between two steps of an act.

    At a point the victim is whoever comes to it first: a guard for what guards do, the operator for the rest. Where
    the machine refuses something, `victim` says what, and `signal` what happens then.
    """

    victim: str
    signal: str
    when: str = RANDOM

    @property
    def name(self) -> str:
        """Its name among all cells."""
        return f"{self.victim}/{self.signal}/{self.when}"

    @property
    def point(self) -> str:
        """The point at which the victim sends itself the signal; "" for none."""
        return self.when if self.when in POINTS else ""

    def seed(self, base: int, number: int) -> int:
        """Give the seed of its repetition of that number, whichever cells are run with it."""
        return zlib.crc32(f"{base}/{self.name}/{number}".encode())


def instants() -> list[Cell]:
    """Give the cells whose signal comes at any instant."""
    return [Cell(victim, signal) for victim in ("operator", *GUARDS, *WORLD) for signal in SIGNALS]


def notebooks() -> list[Cell]:
    """Give the cells whose victim belongs to a rehearsal with papermill."""
    return [Cell(victim, signal) for victim in NOTEBOOKS for signal in SIGNALS]


def databases() -> list[Cell]:
    """Give the cells whose victim is the shared store."""
    return [Cell(DATABASE, signal) for signal in SIGNALS]


def apart() -> list[Cell]:
    """Give the cells whose guards stand on two hosts."""
    return [Cell(HOST, what, "canary out") for what in ("dies", "is cut off")]


def boundaries(signals: Sequence[str] = ("SIGKILL", "SIGSTOP")) -> list[Cell]:
    """Give a cell for each point between an intent, its act and its outcome."""
    return [Cell("whoever acts", signal, point) for point in POINTS for signal in signals]


def troubles() -> list[Cell]:
    """Give the cells in which the machine refuses something, and the one whose forward call comes too late."""
    refused = [Cell(trouble, then, "canary out") for trouble in TROUBLES for then in THEN]
    return [*refused, Cell(LATE, "lands", "5 s after the rollback"), Cell(OTHER, "wake up", "in this run")]
