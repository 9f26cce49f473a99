"""Look at a phase's lines: side by side, each finding into the record, and what people have excused beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from golive import wiring
from golive.adapters.checks.run import run_checks
from golive.core.findings import Found, excused, problem
from golive.core.moments import utc
from golive.core.order import bound_by
from golive.core.phases import CheckUse
from golive.core.record import Kind
from golive.notebook.desk import Desk
from golive.pages import tables
from golive.pages.answer import Answer
from golive.ports import Finding, Result

GOOD = (Result.PASS, Result.ATTESTED, Result.WAIVED)
FRESH = timedelta(minutes=30)


async def look(desk: Desk, phase: str, stage: str, uses: Sequence[CheckUse]) -> Answer:
    """Look at `uses`, and before the first shift at those of the preflight's lines that no longer stand."""
    begun, now = time.monotonic(), desk.run.clock.moment()
    mine = [(phase, use) for use in uses]
    every = [*mine, *(_again(desk, phase) if stage == "start" else [])]
    looked = await run_checks([use for _, use in every], wiring.known_checks(), wiring.scene(desk.run))
    findings = [_excused(desk, _dated(one, now.at)) for one in looked]
    took = time.monotonic() - begun
    for (of, _), finding in zip(every, findings, strict=True):
        desk.run.append(Kind.FINDING, {"stage": stage, **asdict(finding), "moment": now.to_json()}, of)
    counts = {result.value: sum(f.result is result for f in findings) for result in Result}
    passed = all(f.result in GOOD for f in findings)
    good_for = min((f.good_for for f in findings), default=FRESH.total_seconds())
    good = {"good_until": utc(now.at + timedelta(seconds=good_for)), "good_for": good_for, "moment": now.to_json()}
    desk.run.append(Kind.CHECKED, {"stage": stage, "passed": passed, "counts": counts, **good}, phase)
    return tables.checks_answer(findings, "the next cell" if passed else "", took)


def _dated(finding: Finding, at: datetime) -> Finding:
    return replace(finding, good_until=utc(at + timedelta(seconds=finding.good_for)))


def _again(desk: Desk, phase: str) -> list[tuple[str, CheckUse]]:
    """Give the preflight's lines that this phase's shift needs and that have aged or were never good."""
    state, now = desk.state, desk.run.clock.moment()
    earlier = [one for one in bound_by(state, state.named(phase)) if one.name != phase]
    return [
        (one.name, use)
        for one in earlier
        for use in desk.run.plan.phase(one.name).start_checks
        if use.called not in one.found.get("start", {}) or problem(one.found["start"][use.called], state.excuses, now)
    ]


def _excused(desk: Desk, finding: Finding) -> Finding:
    """Give a finding as it counts: the same thing found again is covered by the word that a person gave for it."""
    now = desk.run.clock.moment()
    found = Found("", finding.called, finding.result, finding.code, now)
    word = None if finding.result in GOOD else excused(found, desk.state.excuses, now)
    if word is None:
        return finding
    evidence = {**finding.evidence, "excused": {"was": finding.result.value, "by": word.name, "until": word.until}}
    return replace(finding, result=Result(word.kind), good_until=min(finding.good_until, word.until), evidence=evidence)
