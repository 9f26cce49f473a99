"""Where a run stands: `fold` its entries, and nothing else knows what they mean for its state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from golive.core.decided import EVIDENCE_LENGTH, Approval, Decision, Judged, Wanted
from golive.core.excuses import approved, excuse_of
from golive.core.findings import Found
from golive.core.moments import moment_of
from golive.core.phases import PhaseKind
from golive.core.record import Entry, Kind
from golive.core.responsible import stood_in
from golive.core.state import Act, Checked, Guard, PhaseState, State, Wheel


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
        PhaseState(p["name"], p["title"], p["notebook"], PhaseKind(p["kind"]), p["share"], _wanted(p), _responsible(p))
        for p in body["phases"]
    )
    return replace(
        state,
        run=body["run"],
        plan=body["plan"],
        fingerprint=entry.plan,
        opened_at=entry.at,
        host=entry.who.get("host", ""),
        alone=body.get("alone", False),
        unattended=body.get("unattended", False),
        world=body.get("world", ""),
        people=tuple(body.get("people", ())),
        phases=phases,
        safe_for=timedelta(seconds=body["safe_for"]) if "safe_for" in body else None,
        wheel=Wheel(entry.who["name"], entry.at),
        code=body.get("versions", {}).get("golive", ""),
    )


def _wanted(phase: Mapping[str, Any]) -> tuple[Wanted, ...]:
    return tuple(Wanted(role, name) for role, name in phase.get("approvals", ()))


def _responsible(phase: Mapping[str, Any]) -> tuple[Wanted, ...]:
    return tuple(Wanted(role, name) for role, name in phase.get("responsible", ()) if name)


def _phase_assumed(state: State, entry: Entry) -> State:
    stepped = _with_phase(state, entry.phase, assumed=True)
    share = stepped.named(entry.phase).share
    if share is None:
        return stepped
    return replace(stepped, split=share, cutover_at=entry.at if share == 1.0 else stepped.cutover_at)


def _phase_opened(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, opened_at=state.named(entry.phase).opened_at or entry.at)


def _phase_closed(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, closed_at=entry.at, stood_in=stood_in(entry))


def _checked(state: State, entry: Entry) -> State:
    body = entry.body
    moment = moment_of(entry.at, body.get("moment"))
    checked = Checked(body["passed"], body["counts"], body["good_until"], entry.at, moment, body.get("good_for"))
    checks = {**state.named(entry.phase).checks, body["stage"]: checked}
    return _with_phase(state, entry.phase, checks=checks)


def _finding(state: State, entry: Entry) -> State:
    body = entry.body
    called = body.get("called") or body["check"]
    result = body.get("evidence", {}).get("excused", {}).get("was", body["result"])
    moment = moment_of(entry.at, body.get("moment"))
    found = Found(
        entry.id, called, result, body.get("code", ""), moment, body.get("good_for"), body.get("good_until", "")
    )
    have = state.named(entry.phase).found
    stage = {**have.get(body["stage"], {}), called: found}
    return _with_phase(state, entry.phase, found={**have, body["stage"]: stage})


def _excused(state: State, entry: Entry) -> State:
    return replace(state, excuses=(*state.excuses, excuse_of(entry)))


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
        return replace(stepped, rollback=act, split=0.0 if act.done else state.split, strayed=None)
    if act.name == "shift" and act.done:
        share = float(body["share"])
        cutover_at = entry.at if share == 1.0 else state.cutover_at
        canary = state.canary or str(body.get("canary", ""))
        stepped = replace(stepped, split=share, strayed=None, cutover_at=cutover_at, canary=canary)
        stepped = _with_phase(stepped, act.phase, proof=None, soaked=None, judged=None)
    return _placed(stepped, act)


def _placed(state: State, act: Act) -> State:
    if act.name == "shift":
        return _with_phase(state, act.phase, shift=act)
    if act.name == "prove":
        return _with_phase(state, act.phase, proof=act)
    return state


def _strayed(state: State, entry: Entry) -> State:
    return replace(state, strayed=entry.body["share"])


def _not_ours(state: State, entry: Entry) -> State:
    return replace(state, not_ours=entry.body["why"])


def _last_resort(state: State, entry: Entry) -> State:
    return replace(state, resorts=state.resorts | {entry.body["number"]}) if entry.body["done"] else state


def _soaked(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, soaked={**entry.body, "at": entry.at})


def _summary(state: State, entry: Entry) -> State:
    return _with_phase(state, entry.phase, summaries=(*state.named(entry.phase).summaries, entry.body))


def _judged(state: State, entry: Entry) -> State:
    body = entry.body
    said, evidence = body["verdict"], entry.hash[:EVIDENCE_LENGTH]
    judged = Judged(body["code"], said["word"], said["reason"], entry.at, body, evidence, seq=entry.seq)
    return _with_phase(state, entry.phase, judged=judged)


def _decision(state: State, entry: Entry) -> State:
    body = entry.body
    decision = Decision(
        body["choice"],
        body["code"],
        body["because"],
        entry.who["name"],
        entry.at,
        body["by_policy"],
        moment_of(entry.at, body.get("moment")),
        body.get("good_for", math.inf),
        entry.who.get("user", ""),
        entry.who.get("host", ""),
    )
    return _with_phase(state, entry.phase, decision=decision)


def _approved(state: State, entry: Entry) -> State:
    body = entry.body
    if "waiver" in body:
        return replace(state, excuses=approved(state.excuses, entry))
    by, moment = body["by"], moment_of(body["at"], body.get("moment"))
    told = (body["code"], body["evidence"], body["because"], by["name"], body["at"], moment, body["good_for"])
    approval = Approval(*told, by.get("user", ""), by.get("host", ""), body["pasted"])
    return _with_phase(state, entry.phase, approved=(*state.named(entry.phase).approved, approval))


def _handed_over(state: State, entry: Entry) -> State:
    to, because = entry.body["to"], entry.body["because"]
    return replace(state, wheel=replace(state.wheel, offered_to=to, offered_at=entry.at, because=because))


def _wheel_taken(state: State, entry: Entry) -> State:
    return replace(state, wheel=Wheel(entry.body["by"], entry.at, because=entry.body["because"]))


def _guard_started(state: State, entry: Entry) -> State:
    body = entry.body
    where = {"code": body.get("code", ""), "stands": body.get("stands") or {}}
    guard = Guard(body["guard"], entry.who["host"], entry.at, **where)
    return replace(state, standby=guard) if body.get("as") == "standby" else replace(state, guard=guard)


def _lease_taken(state: State, entry: Entry) -> State:
    name, standby = entry.body["guard"], state.standby
    guard = standby if standby and standby.id == name else state.guard
    if guard is None or guard.id != name:
        guard = Guard(name, entry.who["host"], entry.at)
    taken = replace(guard, since=entry.at, fence=entry.body["fence"], stopped="")
    return replace(state, guard=taken, standby=None if standby and standby.id == name else standby)


def _guard_stopped(state: State, entry: Entry) -> State:
    name = entry.body["guard"]
    if state.guard is not None and state.guard.id == name:
        return replace(state, guard=replace(state.guard, stopped=entry.at))
    return replace(state, standby=None) if state.standby is not None and state.standby.id == name else state


def _verdict(state: State, entry: Entry) -> State:
    told = {**entry.body, "phase": entry.phase, "at": entry.at, "seq": entry.seq}
    phases = (replace(p, judged=p.judged.after(p.name, told)) if p.judged else p for p in state.phases)
    return replace(state, verdict=told, phases=tuple(phases))


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
    Kind.FINDING: _finding,
    Kind.ATTESTED: _excused,
    Kind.WAIVED: _excused,
    Kind.BASELINE: _baseline,
    Kind.REQUEST: _request,
    Kind.INTENT: _intent,
    Kind.OUTCOME: _outcome,
    Kind.STRAYED: _strayed,
    Kind.NOT_OURS: _not_ours,
    Kind.LAST_RESORT: _last_resort,
    Kind.SOAKED: _soaked,
    Kind.SUMMARY: _summary,
    Kind.JUDGED: _judged,
    Kind.DECISION: _decision,
    Kind.APPROVED: _approved,
    Kind.HANDED_OVER: _handed_over,
    Kind.WHEEL_TAKEN: _wheel_taken,
    Kind.GUARD_STARTED: _guard_started,
    Kind.GUARD_STOPPED: _guard_stopped,
    Kind.LEASE_TAKEN: _lease_taken,
    Kind.VERDICT: _verdict,
    Kind.FAULT: _fault,
    Kind.RUN_CLOSED: _run_closed,
}
