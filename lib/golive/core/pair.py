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


STARTS_WITHIN = 15.0  # seconds after which a standby that was started and never beat is given up


@dataclass(frozen=True)
class Seen:
    """What one member sees of the pair at one moment.

    Attributes:
        me: The member that looks.
        lease: The newest lease, None when nobody has ever acted.
        beats: The newest beat of each member that has not left.
        ended: Names of the members whose processes have surely ended, as far as that can be seen from here.
        awake: Seconds for which this process has seen time pass: what it did not see it holds against nobody.
        silent: Seconds after which a member that has not beaten counts as silent.
        acting: Seconds for which it has acted; None while it stands by.
        started: Seconds since it last started a standby; None when it never has.
    """

    me: Member
    lease: Lease | None
    beats: tuple[Beat, ...]
    ended: frozenset[str]
    awake: float
    silent: float
    acting: float | None = None
    started: float | None = None

    def silent_for(self, beat: Beat) -> float:
        """Give for how long a member has surely been silent: while this process was not awake, nobody knows."""
        return min(beat.age, self.awake)


@dataclass(frozen=True)
class GoOn:
    """Go on acting, or standing by."""


@dataclass(frozen=True)
class TakeOver:
    """End the member `end`, then take the lease after fence `over`, if its holder has been silent for `silent` s."""

    over: int
    because: str
    silent: float
    end: Member | None = None


@dataclass(frozen=True)
class StepDown:
    """Do nothing more: another acts."""

    because: str


@dataclass(frozen=True)
class StartStandby:
    """Start another member to stand by, after ending the frozen ones among `gone` and forgetting them all."""

    because: str
    gone: tuple[Member, ...] = ()


@dataclass(frozen=True)
class Leave:
    """End: this member is one too many."""

    because: str


Move = GoOn | TakeOver | StepDown | StartStandby | Leave


def step(seen: Seen) -> Move:
    """Give what a member does now."""
    return _stand_by(seen) if seen.acting is None else _act(seen)


def _stand_by(seen: Seen) -> Move:
    lease = seen.lease
    if lease is None:
        return TakeOver(0, "first", seen.silent)
    holder = lease.holder
    if lease.released:
        return TakeOver(lease.fence, f"{holder.guard} has let go", seen.silent)
    beat = next((beat for beat in seen.beats if beat.member.guard == holder.guard), None)
    if beat is None:
        return TakeOver(lease.fence, f"{holder.guard} has left", seen.silent)
    if holder.guard in seen.ended:
        return TakeOver(lease.fence, f"the process of {holder.guard} has ended", 0.0)
    if seen.silent_for(beat) > seen.silent:
        end = holder if holder.beside(seen.me) else None
        return TakeOver(lease.fence, f"{holder.guard} was silent for {beat.age:.1f} s", seen.silent, end)
    better = [
        other.member for other in _standbys(seen, living=True) if _rank(other.member, holder) < _rank(seen.me, holder)
    ]
    return Leave(f"{better[0].guard} stands by already") if better else GoOn()


def _act(seen: Seen) -> Move:
    assert seen.acting is not None
    lease = seen.lease
    if lease is None or lease.released or lease.holder.guard != seen.me.guard:
        return StepDown(f"{lease.holder.guard} acts by now" if lease else "the lease is gone")
    if _standbys(seen, living=True) or (seen.started is not None and seen.started < STARTS_WITHIN):
        return GoOn()
    lost = _standbys(seen, living=False)
    if not lost and lease.fence == 1 and seen.acting < seen.silent:
        return GoOn()  # a run that has just begun has other work for its first seconds
    said = (
        f"the process of {one.member.guard} has ended"
        if one.member.guard in seen.ended
        else f"{one.member.guard} was silent for {one.age:.1f} s"
        for one in lost
    )
    return StartStandby("; ".join(said) or "nobody stands by", tuple(one.member for one in lost))


def _standbys(seen: Seen, *, living: bool) -> list[Beat]:
    """Give the beats of all who neither act nor look here, whose members live, or surely don't."""
    others = (beat for beat in seen.beats if not beat.acting and beat.member.guard != seen.me.guard)
    return [
        beat
        for beat in others
        if living is not (beat.member.guard in seen.ended or seen.silent_for(beat) > seen.silent)
    ]


def _rank(member: Member, acting: Member) -> tuple[bool, float, str]:
    """Give the order in which standbys stay: on another host than the acting guard first, then the oldest."""
    return (member.host == acting.host, member.started, member.guard)
