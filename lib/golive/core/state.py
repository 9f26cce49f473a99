"""Where a run stands: `fold` its entries, and nothing else knows the order of a go-live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from golive.core.plan import PhaseKind
from golive.core.record import Entry, Kind


@dataclass(frozen=True)
class Act:
    """Something that touches the world: asked for, intended, and what came of it.

    Attributes:
        name: "shift", "prove" or "rollback".
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
    """The end of one round of checks. `good_until` is UTC, ISO 8601."""

    passed: bool
    counts: Mapping[str, int]
    good_until: str
    at: str


@dataclass(frozen=True)
class Judged:
    """A verdict frozen for a decision; people name it by its short code."""

    code: str
    word: str
    reason: str
    at: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """What a named person, or the plan's policy, chose, and why."""

    choice: str
    code: str
    because: str
    name: str
    at: str
    by_policy: bool


@dataclass(frozen=True)
class PhaseState:
    """One phase of the run."""

    name: str
    title: str
    notebook: str
    kind: PhaseKind
    share: float | None
    opened_at: str = ""
    assumed: bool = False
    checks: Mapping[str, Checked] = field(default_factory=dict)
    baseline: Mapping[str, Any] | None = None
    shift: Act | None = None
    proof: Act | None = None
    soaked: Mapping[str, Any] | None = None
    judged: Judged | None = None
    decision: Decision | None = None
    closed_at: str = ""

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
    """The guard that the record last named."""

    id: str
    host: str
    since: str
    stopped: str = ""


@dataclass(frozen=True)
class State:
    """The whole run, folded. `split` is the share that the record last saw done, 0 to 1."""

    run: str = ""
    plan: str = ""
    fingerprint: str = ""
    opened_at: str = ""
    alone: bool = False
    unattended: bool = False
    phases: tuple[PhaseState, ...] = ()
    split: float = 0.0
    request: Act | None = None
    act: Act | None = None
    rollback: Act | None = None
    cutover_at: str = ""
    guard: Guard | None = None
    verdict: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()
    closed: str = ""
    closed_at: str = ""
    head: Entry | None = None

    @property
    def rolled_back(self) -> bool:
        """Whether a rollback was asked for or begun; nothing moves forward after that."""
        return self.rollback is not None

    @property
    def phase(self) -> PhaseState | None:
        """The phase that is open: the last one opened and not closed."""
        return next((phase for phase in reversed(self.phases) if phase.opened_at and not phase.closed_at), None)

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


def fold(entries: Iterable[Entry], state: State | None = None) -> State:
    """Give where the run stands after `entries`, going on from `state`."""
    for entry in entries:
        state = _step(state or State(), entry)
    return state or State()


def _step(state: State, entry: Entry) -> State:
    handler = _STEPS.get(entry.kind)
    stepped = handler(state, entry) if handler else state
    return replace(stepped, head=entry)


def _with_phase(state: State, name: str, **changes: Any) -> State:
    phases = tuple(replace(phase, **changes) if phase.name == name else phase for phase in state.phases)
    return replace(state, phases=phases)


def _run_opened(state: State, entry: Entry) -> State:
    body = entry.body
    phases = tuple(
        PhaseState(p["name"], p["title"], p["notebook"], PhaseKind(p["kind"]), p["share"]) for p in body["phases"]
    )
    return replace(
        state,
        run=body["run"],
        plan=body["plan"],
        fingerprint=entry.plan,
        opened_at=entry.at,
        alone=body.get("alone", False),
        unattended=body.get("unattended", False),
        phases=phases,
    )


def _phase_assumed(state: State, entry: Entry) -> State:
    stepped = _with_phase(state, entry.phase, assumed=True)
    share = stepped.named(entry.phase).share
    if share is None:
        return stepped
    return replace(stepped, split=share, cutover_at=entry.at if share == 1.0 else stepped.cutover_at)


def _phase_opened(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, opened_at=state.named(entry.phase).opened_at or entry.at)


def _phase_closed(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, closed_at=entry.at)


def _checked(state: State, entry: Entry) -> State:
    body = entry.body
    checked = Checked(body["passed"], body["counts"], body["good_until"], entry.at)
    checks = {**state.named(entry.phase).checks, body["stage"]: checked}
    return _with_phase(state, entry.phase, checks=checks)


def _baseline(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, baseline=entry.body)


def _request(state: State, entry: Entry) -> State:
    act = Act(entry.body["act"], entry.phase, entry.id, entry.at, detail=entry.body)
    stepped = replace(state, request=act)
    return replace(stepped, rollback=state.rollback or act) if act.name == "rollback" else stepped


def _intent(state: State, entry: Entry) -> State:
    body = entry.body
    act = Act(body["act"], entry.phase, body.get("request", ""), entry.at, intent=entry.id, detail=body)
    stepped = replace(state, act=act)
    if act.name == "rollback":
        return replace(stepped, rollback=act)
    return _placed(stepped, act)


def _outcome(state: State, entry: Entry) -> State:
    body = entry.body
    begun = state.act if state.act and state.act.intent == body.get("intent") else None
    act = Act(
        body["act"],
        entry.phase,
        body.get("request", ""),
        begun.asked_at if begun else entry.at,
        body.get("intent"),
        body["result"],
        body,
        entry.at,
    )
    stepped = replace(state, act=act)
    if state.request and state.request.request == act.request:
        stepped = replace(stepped, request=None)
    if act.name == "rollback":
        return replace(stepped, rollback=act, split=0.0 if act.done else state.split)
    if act.name == "shift" and act.done:
        share = float(body["share"])
        stepped = replace(stepped, split=share, cutover_at=entry.at if share == 1.0 else state.cutover_at)
    return _placed(stepped, act)


def _placed(state: State, act: Act) -> State:
    if act.name == "shift":
        return _with_phase(state, act.phase, shift=act)
    if act.name == "prove":
        return _with_phase(state, act.phase, proof=act)
    return state


def _soaked(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, soaked={**entry.body, "at": entry.at})


def _judged(state: State, entry: Entry) -> State:
    body = entry.body
    judged = Judged(body["code"], body["verdict"]["word"], body["verdict"]["reason"], entry.at, body)
    return _with_phase(state, entry.phase, judged=judged)


def _decision(state: State, entry: Entry) -> State:
    body = entry.body
    decision = Decision(body["choice"], body["code"], body["because"], entry.who["name"], entry.at, body["by_policy"])
    return _with_phase(state, entry.phase, decision=decision)


def _guard_started(state: State, entry: Entry) -> State:
    return replace(state, guard=Guard(entry.body["guard"], entry.who["host"], entry.at))


def _guard_stopped(state: State, entry: Entry) -> State:
    return replace(state, guard=replace(state.guard, stopped=entry.at)) if state.guard else state


def _verdict(state: State, entry: Entry) -> State:
    return replace(state, verdict={**entry.body, "phase": entry.phase, "at": entry.at})


def _fault(state: State, entry: Entry) -> State:
    return replace(state, faults=(*state.faults, f"{entry.body['fault']}@{entry.phase}"))


def _run_closed(state: State, entry: Entry) -> State:
    return replace(state, closed=entry.body["result"], closed_at=entry.at, request=None)


_STEPS = {
    Kind.RUN_OPENED: _run_opened,
    Kind.PHASE_ASSUMED: _phase_assumed,
    Kind.PHASE_OPENED: _phase_opened,
    Kind.PHASE_CLOSED: _phase_closed,
    Kind.CHECKED: _checked,
    Kind.BASELINE: _baseline,
    Kind.REQUEST: _request,
    Kind.INTENT: _intent,
    Kind.OUTCOME: _outcome,
    Kind.SOAKED: _soaked,
    Kind.JUDGED: _judged,
    Kind.DECISION: _decision,
    Kind.GUARD_STARTED: _guard_started,
    Kind.GUARD_STOPPED: _guard_stopped,
    Kind.VERDICT: _verdict,
    Kind.FAULT: _fault,
    Kind.RUN_CLOSED: _run_closed,
}
