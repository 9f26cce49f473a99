"""One phase's page: a method for each of its questions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from golive.awaited import awaited
from golive.core.consent import at_stake
from golive.core.errors import NameUnknown, Stopped
from golive.core.folding import fold
from golive.core.order import Already, May, Step, Stop, may
from golive.core.phases import CheckUse
from golive.core.record import Kind
from golive.core.sentence import spoken
from golive.core.state import Act, PhaseState, State
from golive.notebook.again import from_the_record, seen_by
from golive.notebook.attended import attended
from golive.notebook.checking import look
from golive.notebook.closing import END_HERE, closed_before, closing_body, end_run, ending, ends_here, handed_on
from golive.notebook.control import drilled
from golive.notebook.deciding import approve, decide
from golive.notebook.deployments import carry_out
from golive.notebook.desk import Desk, Waiting
from golive.notebook.excusing import Word, give
from golive.notebook.soak import Soak, evidence_of, picture_of, samples_of
from golive.notebook.verdicts import newest
from golive.notebook.wheel import hand_over, take_wheel
from golive.pages import tables
from golive.pages.answer import Answer
from golive.pages.banner import banner
from golive.pages.closings import with_stand_in
from golive.pages.let_through import let_through
from golive.pages.todo import tasks_answer
from golive.run import Run
from golive.tasks import planned_in

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
BASELINE_GRACE = 15.0
ROLL_BACK = 'await go.rollback(because="what you saw")'


class Page(Desk):
    """One phase's page. It holds names and connections; what has happened is in the record."""

    def __init__(self, run: Run, phase: str) -> None:
        names = [p.name for p in run.plan.phases]
        if phase not in names:
            raise NameUnknown("phase", phase, names)
        self.phase = phase
        allowed = may(run.state(), Step.OPEN, phase, run.clock.moment())
        if isinstance(allowed, Stop):
            raise allowed.error()
        super().__init__(run)
        if not isinstance(allowed, Already) and not self.here.opened_at:
            self.run.append(Kind.PHASE_OPENED, {"notebook": self.here.notebook, "operator": run.who.name}, phase)

    @property
    def here(self) -> PhaseState:
        """This phase, as the record has it now."""
        return self.state.named(self.phase)

    @property
    def _at_stake(self) -> PhaseState:
        """The phase that is judged and decided here: this one or, once what led here does not stand, the one before."""
        state = self.state
        return at_stake(state, state.named(self.phase), self.run.clock.moment())

    def _may(self, step: Step, phase: str = "", because: str = "") -> May:
        self.presence.touch()
        state = self.state
        allowed = may(state, step, phase or self.phase, self.run.clock.moment(), self.run.who.name, because)
        if isinstance(allowed, Stop):
            raise Stopped(allowed.why, END_HERE) if ends_here(state) else allowed.error()
        return allowed

    def _still(self, step: Step, because: str = "") -> Callable[[State], None]:
        """Give the check that is made once more under the record's write lock."""

        def check(state: State) -> None:
            allowed = may(state, step, self.phase, self.run.clock.moment(), self.run.who.name, because)
            if isinstance(allowed, Stop):
                raise allowed.error()

        return check

    def _retold(self, cell: str) -> Answer | None:
        """Give what a cell of a closed phase has answered, from the record; None while the phase is open."""
        return from_the_record(self.run, self.phase, cell) if self.here.closed_at else None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self._banner()._repr_mimebundle_()

    def __repr__(self) -> str:
        return str(self._banner())

    def _banner(self) -> Answer:
        state, run = self.state, self.run
        shown = drilled(banner(state, self.here, run.plan, run.who, run.clock.moment()), self.here, run.folder)
        return replace(shown, next=END_HERE) if ends_here(state) else shown

    @awaited
    async def checks(self) -> Answer:
        """Look whether this phase may start."""
        return await self._check("start", self.run.plan.phase(self.phase).start_checks)

    @awaited
    async def phase_checks(self) -> Answer:
        """Look at what is special in this phase."""
        return await self._check("special", self.run.plan.phase(self.phase).special_checks)

    async def _check(self, stage: str, uses: Sequence[CheckUse]) -> Answer:
        if told := self._retold("checks" if stage == "start" else "special"):
            return told
        self._may(Step.CHECK)
        return await look(self, self.phase, stage, uses)

    def attest(self, check: str, says: str, until: str = "", link: str = "", file: str = "") -> Answer:
        """Say what only a person can know, for a line that could not be measured: with a link or a file as evidence."""
        self._may(Step.CHECK)
        return give(self, self.phase, Word(Kind.ATTESTED, check, says, until, link, file))

    def waive(
        self, check: str, because: str, until: str = "", link: str = "", file: str = "", second: str = ""
    ) -> Answer:
        """Let a finding stand once a second person has approved that; `second` names them in a rehearsal alone."""
        self._may(Step.CHECK)
        return give(self, self.phase, Word(Kind.WAIVED, check, because, until, link, file, second))

    @awaited
    async def baseline(self) -> Answer:
        """See what is normal: stable, before the first shift."""
        if told := self._retold("baseline"):
            return told
        self._may(Step.BASELINE)
        waiting = Waiting("the guard measures stable")
        while waiting.seconds < self.run.plan.judging.baseline.total_seconds() + BASELINE_GRACE:
            found = next((e for e in self.run.store.read() if e.kind is Kind.BASELINE), None)
            if found is not None:
                waiting.over()
                return tables.baseline_answer(found.body, "the next cell", self.run.plan)
            await waiting.a_moment()
        waiting.over()
        raise Stopped("stable could not be measured", "await go.checks()")

    @awaited
    async def shift(self, typed: str = "") -> Answer:
        """Move visitors to the canary, by this phase's share; on a router that is not the run's own, `typed` says so.

        A stop shows the sentence to type.
        """
        if told := self._retold("shift"):
            return told
        allowed = self._may(Step.SHIFT)
        if isinstance(allowed, Already):
            return Answer("NOTHING DONE", allowed.what, seen_by(self.here.shift), next="await go.prove()")
        share, plan = self.here.share, self.run.plan
        needed = not plan.own_world and (attended() or not plan.unattended)
        if needed and share is not None and (stop := spoken(typed, share, plan.site.name)):
            raise stop.error()
        body = {"share": share, **({"typed": typed} if typed else {})}
        await self.ask("shift", body, self.phase, self._still(Step.SHIFT))
        act = self.here.shift
        another = act is not None and bool(act.detail.get("not_ours"))
        return self._acted(act, "await go.prove()", "golive status" if another else ROLL_BACK)

    @awaited
    async def prove(self) -> Answer:
        """Count whether the shift took effect."""
        if told := self._retold("prove"):
            return told
        allowed = self._may(Step.PROVE)
        if isinstance(allowed, Already):
            return Answer("NOTHING DONE", allowed.what, seen_by(self.here.proof), next="await go.soak()")
        begun, patience = time.monotonic(), self.run.plan.judging.hold_up_to.total_seconds()
        await self.ask("prove", {}, self.phase, self._still(Step.PROVE))
        while self._counts_on() and time.monotonic() - begun < patience:
            await self.ask("prove", {}, self.phase, self._still(Step.PROVE))
        return self._acted(self.here.proof, "await go.soak()", "await go.prove()" if self._counts_on() else ROLL_BACK)

    def _counts_on(self) -> bool:
        """Say whether the visitors counted so far are not enough yet to prove the split."""
        proof = self.here.proof
        return proof is not None and proof.result == "unknown"

    def _acted(self, act: Act | None, then: str, otherwise: str = ROLL_BACK) -> Answer:
        if act is None or not act.done:
            seen = act.detail.get("seen", act.result) if act else "nothing"
            raise Stopped(f"{act.name if act else 'the act'}: {seen}", otherwise)
        return tables.act_answer(act, then)

    @awaited
    async def soak(self) -> Answer:
        """Watch what the guard sees, until the soak is over. Interrupting this ends the watching only."""
        if told := self._retold("soak"):
            return told
        return await Soak(self, self.phase).watch(lambda: self._may(Step.SOAK))

    def judge(self) -> Answer:
        """Freeze what the numbers say, for a decision to answer."""
        if told := self._retold("judge"):
            return told
        at = self._at_stake
        self._may(Step.JUDGE, at.name)
        verdict = newest(self.run, at)
        code = "".join(secrets.choice(LETTERS) for _ in range(4))
        moment = self.run.clock.moment().to_json()
        self.run.append(Kind.JUDGED, {"code": code, "verdict": verdict.to_json(), "moment": moment}, at.name)
        drawn = samples_of(self.run, self.phase) and verdict.readings
        picture = picture_of(self, self.phase, verdict.reason) if drawn else None
        evidence = evidence_of(self.run, self.phase, verdict) if drawn else None
        return tables.verdict_answer(verdict, code=code, picture=picture, note=self.run.plan.note, evidence=evidence)

    def decide(self, choice: str, code: str = "", because: str = "") -> Answer:
        """Write down a decision: "proceed", "hold" or "rollback", the verdict's code, and why.

        Unattended on the run's own world the plan's policy decides: it follows the verdict.
        """
        at = self._at_stake
        self._may(Step.DECIDE, at.name)
        return decide(self, at.name, choice, code, because, "" if at.name == self.phase else "await go.shift()")

    def approve(self, line: str) -> Answer:
        """Let another's approval of a verdict or a waiver count: the line of their `golive approve … --print`."""
        self.presence.touch()
        return approve(self.run, self._at_stake.name, line)

    @awaited
    async def tag(self, name: str = "", because: str = "") -> Answer:
        """Let the guard tag the release's commit and push the tag."""
        return await self._named(Step.TAG, name, because)

    @awaited
    async def promote(self, deployment: str = "", because: str = "") -> Answer:
        """Let new deployments follow the one that serves production, which a rollback has switched off."""
        return await self._named(Step.PROMOTE, deployment, because)

    @awaited
    async def alias(self, domain: str = "", because: str = "") -> Answer:
        """Let the guard give the canary one more domain, once it has every visitor."""
        return await self._named(Step.ALIAS, domain, because)

    async def _named(self, step: Step, name: str, because: str) -> Answer:
        self._may(step)
        return await carry_out(self, step, name, because, self.phase, self._still(step))

    def close(self, because: str = "") -> Answer:
        """Hand over: close the phase; and the run with the last one, after a rollback, or where a page is by itself.

        Who is not responsible for the phase by the plan says why they stand in.
        """
        state = self.state
        if ends_here(state):
            why = str(state.rollback.detail.get("because", "")) if state.rollback else ""
            if not state.alone:
                return end_run(self, "rolled-back", why)
            self.close_run("rolled-back", why)
            return self._gone("closed as rolled back")
        allowed = self._may(Step.CLOSE, because=because)
        if isinstance(allowed, Already):
            return with_stand_in(closed_before(self, self.phase, allowed.what), self.here)
        body = closing_body(state, self.here, self.run.who.name, because)
        still = self._still(Step.CLOSE, because)
        self.run.append(Kind.PHASE_CLOSED, body, self.phase, lambda entries: still(fold(entries)))
        state = self.state
        if state.alone:
            self.close_run("completed", "the page was opened by itself and is over")
            return with_stand_in(self._gone("closed"), self.here)
        head = state.head.hash[:12] if state.head else ""
        return with_stand_in(handed_on(self, self.phase, f"{self.here.title} closed, head {head}"), self.here)

    def _gone(self, how: str) -> Answer:
        name = self.run.folder.name
        return Answer("DONE", f"{how}, with its run {name}; guard and sandbox are gone", next=f"golive seal {name}")

    def waivers(self) -> Answer:
        """See what was let through in this run: attested, waived, or left as it was found."""
        return let_through(self.state, self.run.store.read(), "the next cell")

    def tasks(self) -> Answer:
        """See what is left to do after the go-live, with who does it and until when."""
        then = f"golive tasks {self.run.folder.name}, once the archive is sealed"
        return tasks_answer(self.run.folder.name, planned_in(self.run), self.run.clock.now(), then)

    def hand_over(self, to: str, because: str = "") -> Answer:
        """Hand the wheel to somebody, who has it once they take it."""
        return hand_over(self.run, to, because)

    def take_wheel(self, because: str = "") -> Answer:
        """Take the wheel: handed over, or with a reason."""
        return take_wheel(self.run, because)

    @awaited
    async def rollback(self, because: str = "", even_though: str = "") -> Answer:
        """Send everybody back to stable. Needs a reason and no permission, and says once what speaks against it."""
        answer = await self.roll_back(because, self.phase, even_though)
        return ending(answer) if ends_here(self.state) else answer
