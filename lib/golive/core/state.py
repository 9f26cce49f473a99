"""Where a run stands, as values; `golive.core.folding.fold` makes them from the entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from golive.core.decided import Approval, Decision, Judged, Wanted
from golive.core.findings import Excuse, Found
from golive.core.moments import Moment
from golive.core.plan import PhaseKind
from golive.core.record import Entry


@dataclass(frozen=True)
class Act:
    """Something that touches the world: asked for, intended, and what came of it.

    Attributes:
        name: "shift", "prove", "set back", "rollback", "release", or what became of a deployment: "tag", "promote",
            "alias".
        request: Id of the request entry; "" when the guard acted by itself.
        intent: Id of the intent entry; None until there is one.
        result: "done", "refused", "superseded", "unknown" or "failed"; None while open.
        detail: The outcome's body.
    """

    name: str
    phase: str
    request: str
    asked_at: str
    intent: str | None = None
    result: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    ended_at: str = ""

    @property
    def done(self) -> bool:
        """Whether it happened and was seen to have happened."""
        return self.result == "done"

    @property
    def open(self) -> bool:
        """Whether nobody knows yet what came of it."""
        return self.result is None


@dataclass(frozen=True)
class Checked:
    """The end of one round of checks.

    Attributes:
        good_until: UTC, ISO 8601, for people.
        good_for: Seconds from `moment` on; None in a record that does not say, where `good_until` counts.
    """

    passed: bool
    counts: Mapping[str, int]
    good_until: str
    at: str
    moment: Moment
    good_for: float | None = None

    def expired(self, now: Moment) -> bool:
        """Say whether it has been too long since; what can't be told has."""
        if self.good_for is None:
            return now.at > datetime.fromisoformat(self.good_until)
        return now.since(self.moment) > self.good_for


@dataclass(frozen=True)
class PhaseState:
    """One phase of the run.

    Attributes:
        wants: Whose decisions its shift needs, besides whoever decides.
        responsible: Who closes it, as far as the plan says so by name.
        found: The newest finding of each line, by stage and by what the plan calls it.
        summaries: What each stretch of a long watch came to, oldest first.
        approved: What others than the one who decided have agreed to, oldest first.
        stood_in: Who closed it for those who are responsible, and why, as a sentence; "" for nobody.
    """

    name: str
    title: str
    notebook: str
    kind: PhaseKind
    share: float | None
    wants: tuple[Wanted, ...] = ()
    responsible: tuple[Wanted, ...] = ()
    opened_at: str = ""
    assumed: bool = False
    checks: Mapping[str, Checked] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, Found]] = field(default_factory=dict)
    baseline: Mapping[str, Any] | None = None
    shift: Act | None = None
    proof: Act | None = None
    soaked: Mapping[str, Any] | None = None
    summaries: tuple[Mapping[str, Any], ...] = ()
    judged: Judged | None = None
    decision: Decision | None = None
    approved: tuple[Approval, ...] = ()
    closed_at: str = ""
    stood_in: str = ""

    @property
    def over(self) -> bool:
        """Whether the phase is closed, or entered as assumed."""
        return self.assumed or bool(self.closed_at)

    @property
    def shifts(self) -> bool:
        """Whether this phase moves visitors."""
        return self.kind in (PhaseKind.CANARY, PhaseKind.CUTOVER)


@dataclass(frozen=True)
class Guard:
    """A guard that the record names.

    Attributes:
        since: When it began to act, or to stand by.
        fence: Fence of the lease under which it acts; 0 while it stands by.
        code: What it runs.
        stands: What it said of where it stands.
    """

    id: str
    host: str
    since: str
    stopped: str = ""
    fence: int = 0
    code: str = ""
    stands: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it said that it stands, "" when it has not."""
        return f"on {self.host}, in {self.stands['scope']}" if self.stands.get("scope") else ""

    @property
    def dangers(self) -> tuple[str, ...]:
        """What would end it there, a sentence each."""
        return tuple(self.stands.get("dangers", ()))


@dataclass(frozen=True)
class Wheel:
    """Who operates the run.

    Attributes:
        name: Who has the wheel, as claimed; "" before anybody has.
        since: UTC, ISO 8601.
        offered_to: To whom it was handed over and who has not taken it yet; "" for nobody.
        offered_at, because: When and why it was offered, or why it was taken.
    """

    name: str = ""
    since: str = ""
    offered_to: str = ""
    offered_at: str = ""
    because: str = ""

    def has(self, name: str) -> bool:
        """Say whether that person may go forward: who has the wheel, or anybody where nobody has it."""
        return not self.name or name == self.name


@dataclass(frozen=True)
class State:
    """The whole run, folded.

    `split` is the share that the record last saw done, 0 to 1; `strayed` the smaller one that the router
    reads back instead since, None while it does not; `world` the one that the run brings, "none" for a router
    that is not its own; `people` the names in the plan's roles; `code` the version that the run was opened with;
    `safe_for` how long after the cutover a rollback is safe; `guard` the one that acts, or acted last, `standby`
    the one that last began to stand by; `host` where the run was opened, `canary` the one that its first shift put
    visitors on, "" before; `not_ours` whose the router is, "" while it may be the run's; `resorts` the numbers of
    the plan's last resorts that were used and worked.
    """

    run: str = ""
    plan: str = ""
    fingerprint: str = ""
    opened_at: str = ""
    code: str = ""
    alone: bool = False
    unattended: bool = False
    world: str = ""
    people: tuple[str, ...] = ()
    phases: tuple[PhaseState, ...] = ()
    wheel: Wheel = field(default_factory=Wheel)
    split: float = 0.0
    strayed: float | None = None
    host: str = ""
    canary: str = ""
    not_ours: str = ""
    resorts: frozenset[int] = frozenset()
    request: Act | None = None
    act: Act | None = None
    rollback: Act | None = None
    cutover_at: str = ""
    safe_for: timedelta | None = None
    guard: Guard | None = None
    standby: Guard | None = None
    verdict: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()
    excuses: tuple[Excuse, ...] = ()
    closed: str = ""
    closed_at: str = ""
    head: Entry | None = None

    @property
    def own_world(self) -> bool:
        """Whether the run brings its own world, so that no visitor of a real site is on it."""
        return self.world not in ("", "none")

    @property
    def claim(self) -> str:
        """What the run writes into a router that shows whose go-live it is."""
        return f"{self.run}@{self.host}"

    @property
    def attended(self) -> bool:
        """Whether persons go through all its phases: no page's own rehearsal, and none that a runner conducts."""
        return not self.alone and not self.unattended

    @property
    def claimed(self) -> bool:
        """Whether the run has ever begun to claim its router: with its first shift."""
        return any(phase.shift is not None for phase in self.phases)

    @property
    def rolled_back(self) -> bool:
        """Whether a rollback was asked for or begun; nothing moves forward after that."""
        return self.rollback is not None

    @property
    def phase(self) -> PhaseState | None:
        """The phase that is open: the last one opened and not closed."""
        return next((phase for phase in reversed(self.phases) if phase.opened_at and not phase.closed_at), None)

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The acting guard and the standby, as far as the record names them and they have not stopped."""
        return tuple(one for one in (self.guard, self.standby) if one is not None and not one.stopped)

    @property
    def other_code(self) -> str:
        """The version that the guard runs when it is not what the run was opened with, else ""."""
        if self.guard is None or not self.guard.code or not self.code or self.guard.code == self.code:
            return ""
        return self.guard.code

    @property
    def canary_out(self) -> bool:
        """Whether visitors may be on the canary: the record's split, or a shift nobody knows the end of."""
        shifting = self.act is not None and self.act.name == "shift" and self.act.open
        unsure = any(p.shift is not None and p.shift.result == "unknown" for p in self.phases)
        return self.split > 0 or shifting or unsure

    def named(self, phase: str) -> PhaseState:
        """Give the phase of that name; KeyError when the run has none."""
        for candidate in self.phases:
            if candidate.name == phase:
                return candidate
        raise KeyError(phase)
