"""The phases of a plan, and the order they must have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator, Field, model_validator

from golive.core.scalars import Duration, Part, PositiveDuration, ShareOrNone, Texts

NOTEBOOKS = (
    "00_preflight",
    "01_canary_1",
    "02_canary_5",
    "03_canary_25",
    "04_canary_50",
    "05_cutover_100",
    "06_watch_24h",
    "07_completion",
)
UNFILLED = ("", "TBD", "tbd", "?")


class PhaseKind(StrEnum):
    """What kind of phase it is."""

    PREFLIGHT = "preflight"
    CANARY = "canary"
    CUTOVER = "cutover"
    WATCH = "watch"
    COMPLETION = "completion"


def _kind(value: Any) -> Any:
    if isinstance(value, str) and value not in list(PhaseKind):
        raise ValueError(f"one of {', '.join(PhaseKind)} was expected")
    return PhaseKind(value)


class CheckUse(Part):
    """A check by name, with its settings, how long its finding stays fresh, and within which time it has to answer.

    `name` is what people call this line, where a plan uses a check more than once.
    """

    check: str
    name: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    fresh_for: Duration = timedelta(minutes=30)
    within: PositiveDuration = timedelta(seconds=10)

    @property
    def called(self) -> str:
        """What people call this line."""
        return self.name or self.check


class WatchedUse(CheckUse):
    """A check that the guard looks at `every` so often, all through the soak."""

    every: PositiveDuration = timedelta(seconds=30)


def _uses(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple({"check": item} if isinstance(item, str) else item for item in value)
    return value


CheckUses = Annotated[tuple[CheckUse, ...], BeforeValidator(_uses)]
WatchedUses = Annotated[tuple[WatchedUse, ...], BeforeValidator(_uses)]


class Phase(Part):
    """One phase; `share` is the visitors' share on the canary that it shifts to.

    `approvals` names the roles whose people must all have decided before its shift; `watched` are the lines that the
    guard looks at all through its soak.
    """

    name: str
    title: str
    notebook: str
    kind: Annotated[PhaseKind, BeforeValidator(_kind)]
    share: ShareOrNone = None
    soak: Duration = timedelta(0)
    responsible: Texts = ()
    approvals: Texts = ()
    start_checks: CheckUses = ()
    special_checks: CheckUses = ()
    watched: WatchedUses = ()

    @property
    def lines(self) -> tuple[CheckUse, ...]:
        """All its checks, whoever looks at them and when."""
        return (*self.start_checks, *self.special_checks, *self.watched)

    @model_validator(mode="after")
    def _sound(self) -> Phase:
        if not re.fullmatch(r"[a-z0-9-]+", self.name):
            raise ValueError("a phase's name is small letters, digits and '-', for example 'canary-25'")
        if self.notebook not in NOTEBOOKS:
            raise ValueError(f"notebook {self.notebook!r} is unknown; known are {', '.join(NOTEBOOKS)}")
        if self.kind in (PhaseKind.CANARY, PhaseKind.CUTOVER):
            if self.share is None or self.share <= 0:
                raise ValueError(f"a {self.kind} phase needs a share above 0%")
            if self.soak <= timedelta(0):
                raise ValueError(f"a {self.kind} phase needs a soak, for example '5min'")
        elif self.share is not None:
            raise ValueError(f"a {self.kind} phase moves nobody: share is 'none'")
        if self.watched and self.soak <= timedelta(0):
            raise ValueError(
                f"watched: {self.watched[0].called!r} is looked at through a soak, and this phase has none"
            )
        for key in ("start_checks", "special_checks", "watched"):
            uses: tuple[CheckUse, ...] = getattr(self, key)
            names = [use.called for use in uses]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"{key}: {twice!r} stands twice: give one of them a name of its own")
        return self


class Paged(Protocol):
    """What has a page: a plan's phase, or a run's."""

    @property
    def name(self) -> str:
        """The phase's name."""

    @property
    def notebook(self) -> str:
        """The template of its page."""


def page_names(phases: Sequence[Paged]) -> dict[str, str]:
    """Give phase -> name of its own page: its template's, with the phase behind it where several use the same."""
    used = [phase.notebook for phase in phases]
    return {p.name: p.notebook if used.count(p.notebook) == 1 else f"{p.notebook}-{p.name}" for p in phases}


def order_problems(phases: tuple[Phase, ...]) -> list[str]:
    """Give what is wrong with the order of the phases, a sentence each."""
    kinds = [phase.kind for phase in phases]
    order = list(PhaseKind)
    problems = []
    if kinds != sorted(kinds, key=order.index):
        problems.append("phases are out of order: preflight, canaries, cutover, watch, completion")
    for kind in PhaseKind:
        if kind is not PhaseKind.CANARY and kinds.count(kind) != 1:
            problems.append(f"exactly one {kind} phase is needed, not {kinds.count(kind)}")
    shares = [phase.share for phase in phases if phase.share is not None]
    if any(later <= earlier for earlier, later in pairwise(shares)):
        problems.append("the shares of the phases must ascend")
    if not shares or shares[-1] != 1.0:
        problems.append("the last share must be 100%")
    return problems


def unfilled_lines(phases: tuple[Phase, ...]) -> list[str]:
    """Give which lines have settings that nobody has filled in yet, a sentence for each phase."""
    problems = []
    for phase in phases:
        keys = {use.called: [key for key, value in use.settings.items() if _unfilled(value)] for use in phase.lines}
        named = ", ".join(f"{called} ({', '.join(names)})" for called, names in keys.items() if names)
        if named:
            problems.append(f"phase {phase.name}: TBD in {named}: fill it in, or take the line out")
    return problems


def _unfilled(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_unfilled, (*value, *value.values())))
    return any(map(_unfilled, value)) if isinstance(value, list | tuple) else value in UNFILLED[1:3]


def approval_problems(phases: tuple[Phase, ...], names: Mapping[str, str]) -> list[str]:
    """Give what is wrong with the phases' `approvals`, a sentence each; `names` are those of the people, by role."""
    problems = []
    for phase in phases:
        roles = phase.approvals
        if roles and phase.share is None:
            problems.append(f"phase {phase.name}: approvals are of a shift, and this phase moves nobody")
        filled = [names[role] for role in roles if names.get(role, "TBD") not in UNFILLED]
        twice = {name for name in filled if filled.count(name) > 1} | {r for r in roles if roles.count(r) > 1}
        problems += [f"phase {phase.name}: approvals: {one!r} can't be two" for one in sorted(twice)]
    return problems
