"""A run on disk without a world: what a page may be tried on in milliseconds."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from golive.adapters.clocks import FakeClock
from golive.adapters.stores.book import SqliteBook
from golive.adapters.stores.sqlite import SqliteStore
from golive.core.record import Draft, Kind, Who
from golive.core.verdict import Hold, Verdict, Word
from golive.folders import RunFolder
from golive.plans import find, load_file
from golive.ports import LookNote, Member
from golive.run import Run, new_id, opening


GUARD = Member("guard-1", "host", "boot", 1, 1.0)


class NoWaitClock(FakeClock):
    """A clock that moves only when told to, whoever sleeps."""

    def advance_minutes(self, minutes: float) -> None:
        self.advance(timedelta(minutes=minutes).total_seconds())


def make_run(root, *, name="run", alone=True, page="", operator="ada", text="", unattended=False) -> Run:
    """Give a fresh run whose earlier phases are assumed, up to the canary at 25 %; `text` is its plan's."""
    folder = RunFolder.make(root, name)
    folder.plan.write_text(text or find("sandbox", None)[0])
    plan, clock = load_file(folder.plan), NoWaitClock()
    folder.router.write_text('{"driver": "sandbox", "settings": {"control": "http://127.0.0.1:9"}}')
    store = SqliteStore(folder.record, code="test", plan=plan.fingerprint, clock=clock)
    run = Run(folder, plan, store, SqliteBook(folder, clock, "boot"), clock, Who(operator, operator, "host", "1"))
    run.append(Kind.RUN_OPENED, opening(folder, plan, "test", alone=alone, unattended=unattended, page=page))
    for phase in ("preflight", "canary-1", "canary-5"):
        run.append(Kind.PHASE_ASSUMED, {"why": "a test"}, phase)
    return run


def verdict(word: Word, reason: str = "the numbers say so", left: float = 0.0) -> Verdict:
    hold = Hold.BETWEEN if word is Word.HOLD else None
    return Verdict(word, hold, "", reason, (), left, 0, None, word, "")


def shifted_and_proven(run: Run, phase: str = "canary-25") -> None:
    """Let the record say that a phase was checked, shifted and proven."""
    until = "2100-01-01T00:00:00.000Z"
    run.append(Kind.CHECKED, {"stage": "start", "passed": True, "counts": {}, "good_until": until}, phase)
    for act in ("shift", "prove"):
        body = {"act": act, "request": "", "share": 0.25}
        intent = run.append(Kind.INTENT, body, phase)
        run.append(Kind.OUTCOME, {**body, "intent": intent.id, "result": "done", "seen": "as asked"}, phase)


def beat(run: Run, member: Member = GUARD) -> None:
    lease = run.book.lease()
    if lease is None:
        run.book.take(member, 0, 5.0)
    run.book.beat(member, 1)


def look(run: Run, said: Verdict, phase: str = "canary-25") -> None:
    """Let the guard have looked just now, and said this."""
    beat(run)
    body = {"phase": phase, "share": 0.25, "verdict": said.to_json(), "canary_requests": 10}
    run.book.add([], LookNote(run.clock.monotonic(), "2026-01-01T00:00:00.000Z", body), 1)


async def answering_guard(run: Run, member: Member = GUARD) -> None:
    """Answer each request with an outcome, as a guard would."""
    while True:
        beat(run, member)
        asked = run.state().request
        if asked is not None:
            body = {"act": asked.name, "request": asked.request, "because": asked.detail.get("because", "")}
            intent = Draft(new_id(), Kind.INTENT, Who("guard"), body, asked.phase)
            run.store.append(intent)
            ended = {**body, "intent": intent.id, "result": "done", "share": 0.0, "seen": "0 % read back"}
            run.store.append(Draft(new_id(), Kind.OUTCOME, Who("guard"), ended, asked.phase))
        await asyncio.sleep(0.01)


PEOPLE = {"sre_lead": "Ada", "sre_engineer": "Bob", "devops_manager": "Grace"}


def signed_plan(*, real: bool = False, wants: str = "", responsible: str = "[sre_lead, sre_engineer]") -> str:
    """Give the sandbox's plan with people in its roles.

    `real` takes the world away, `wants` is approved before 50 %, `responsible` closes the canary at 25 %.
    """
    text = find("sandbox", None)[0]
    for role, name in PEOPLE.items():
        assert f"{role}: {{name: TBD" in text
        text = text.replace(f"{role}: {{name: TBD", f"{role}: {{name: {name}")
    text, changed = re.subn(r"(  - name: canary-25\n(?:    .+\n)+?    responsible: ).*", rf"\1{responsible}", text)
    assert changed == 1
    if real:
        assert "\nworld: sandbox\n" in text
        text = text.replace("\nworld: sandbox\n", "\nworld: none\n")
    if wants:
        assert "    notebook: 04_canary_50\n" in text
        text = text.replace("    notebook: 04_canary_50\n", f"    notebook: 04_canary_50\n    approvals: {wants}\n")
    return text
