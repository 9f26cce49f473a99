"""How visitors are moved between stable and canary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Proof(StrEnum):
    """How an arrived split can be proven."""

    COUNTED = "counted"
    FORCED = "forced"
    CONTROL_PLANE = "control plane"


@dataclass(frozen=True)
class RouterCan:
    """What a router driver declares; the contract in `tests/contract` holds it to that.

    Attributes:
        splits: The only shares that it can set; None for any.
        lowers: Whether a share can be set that is smaller than the one before (0 is for rollback alone).
        sticky: Whether a visitor once on the canary stays there while the split is above 0.
        proof: How an arrived split can be proven.
        read_lag: Seconds after which a read shows what was set, at the latest.
        ends_at_100: Whether the rollout is over at 100 %, so that nothing rolls it back from there.
        compares: Whether of several callers who expect the same split exactly one gets it.
        claims: Whether the router shows whose go-live it is, so that the driver is `Claiming`.
    """

    splits: tuple[float, ...] | None = None
    lowers: bool = True
    sticky: bool = False
    proof: Proof = Proof.COUNTED
    read_lag: float = 0.0
    ends_at_100: bool = False
    compares: bool = False
    claims: bool = False


@dataclass(frozen=True)
class Split:
    """The visitors' share on the canary as the router reads it back, 0 to 1.

    `canary` names the canary that the router shows, `token` the proof that a run's own
    world started this router ("" when it carries none), `note` what the router says besides,
    `claim` whose go-live it is ("" when nobody has claimed it, or it can't show that).
    """

    share: float
    canary: str = ""
    token: str = ""
    note: str = ""
    claim: str = ""


@dataclass(frozen=True)
class Unknown:
    """The router did not say. Not knowing is a value, and never advances anything."""

    why: str


@dataclass(frozen=True)
class Done:
    """The router says that it did it; `split` is what it reads back."""

    split: Split


@dataclass(frozen=True)
class Refused:
    """The router said no and nothing has changed."""

    why: str


@dataclass(frozen=True)
class Superseded:
    """The router was not as the caller expected it: somebody else has moved the split, or claims the router."""

    why: str
    split: Split


class Router(Protocol):
    """Moves visitors between stable and canary."""

    can: RouterCan

    async def read(self) -> Split | Unknown: ...

    async def set(self, share: float, expect: float | None) -> Done | Refused | Superseded | Unknown: ...

    async def rollback(self, reason: str) -> Done | Refused | Superseded | Unknown: ...

    def by_hand(self) -> str: ...

    def identity(self) -> str: ...


@runtime_checkable
class Claiming(Protocol):
    """A router that shows whose go-live it is (`can.claims`).

    `claim` writes `whose` into the router ("" gives the claim back) if it still shows `expect`. A driver that has
    claimed moves visitors from then on only while the router shows that claim, or none.
    """

    async def claim(self, whose: str, expect: str) -> Done | Refused | Superseded | Unknown: ...
