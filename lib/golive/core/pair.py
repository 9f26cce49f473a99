"""The pair of guards: who they are, who of them acts, and whether they live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One guard process, as it says it is.

    Attributes:
        guard: Its name, "guard-1f2e3d4c".
        host: Name of its host.
        boot: Id of the host's boot: after another one no process of it lives.
        pid: Number of its process, which by itself names nobody: numbers come again.
        started: When that process started, in seconds as the host tells it.
        space: The space in which that number counts, "" for the host's own: containers have their own numbers.
    """

    guard: str
    host: str
    boot: str
    pid: int
    started: float
    space: str = ""

    def beside(self, other: Member) -> bool:
        """Say whether the other's process can be seen, and ended, from this one's."""
        return (self.host, self.boot, self.space) == (other.host, other.boot, other.space)


@dataclass(frozen=True)
class Beat:
    """That a member lived, by the store's clock.

    Attributes:
        acting: Whether it held the acting lease then, and still does.
        utc: When it beat, ISO 8601.
        age: Seconds since then, when this was read.
        fence: Fence of the lease under which it beat; 0 for a standby.
    """

    member: Member
    acting: bool
    utc: str
    age: float
    fence: int


@dataclass(frozen=True)
class Lease:
    """The right to act, which one member holds at a time; each later one has a greater fence."""

    fence: int
    holder: Member
    released: bool = False


def acting_beat(beats: Iterable[Beat]) -> Beat | None:
    """Give the beat of the member that holds the lease; None when none does."""
    return next((beat for beat in beats if beat.acting), None)


def acting_silent(beats: Iterable[Beat], guard_silent: float) -> bool:
    """Say whether nobody acts: the acting guard has not beaten for `guard_silent` seconds."""
    beat = acting_beat(beats)
    return beat is None or beat.age > guard_silent


def unguarded(beats: Iterable[Beat], silent: float) -> bool:
    """Say whether no guard, acting or standing by, has beaten for `silent` seconds: nobody will take over."""
    return all(beat.age > silent for beat in beats)
