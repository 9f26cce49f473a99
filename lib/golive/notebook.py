"""What a cell calls: `go = open_phase(…)`, and one method for each question of the page."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from golive import wiring
from golive.adapters.checks.run import run_checks
from golive.adapters.presence import Presence, hold
from golive.awaited import awaited
from golive.core.errors import Stopped
from golive.core.order import Already, Step, Stop, may
from golive.core.plan import PhaseKind
from golive.core.record import Entry, Kind
from golive.core.samples import Sample
from golive.core.state import PhaseState, State, fold
from golive.core.verdict import Hold, Verdict, Word, from_json
from golive.folders import runs_root
from golive.pages import tables
from golive.pages.answer import Answer, Table
from golive.pages.words import clock, percent, span
from golive.ports import Finding, Result
from golive.wiring import Run

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
POLL = 0.25
ACT_DEADLINE = 45.0
START_DEADLINE = 20.0
GONE_DEADLINE = 12.0
CHOICES = ("proceed", "hold", "rollback")


def attended() -> bool:
    """Say whether a person is at this kernel: JupyterLab allows input, papermill and nbval don't."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin"))


def open_phase(plan: str = "sandbox", phase: str = "canary-25", run: str = "", operator: str = "") -> Page:
    """Give the page of one phase: of the run named, or of a new rehearsal when none is named.

    Raises:
        NameUnknown, PlanError: Before anything has started.
        Stopped: If the record says that this phase may not be opened now.
    """
    if run:
        opened = wiring.open_run(run, operator)
        return Page(opened, phase)
    made = wiring.make_run(plan, operator, alone=True, unattended=not attended())
    _assume_before(made, phase)
    start_world_and_guard(made)
    return Page(made, phase)


def start_world_and_guard(run: Run) -> None:
    """Start the run's world and its guard, and return once the guard watches."""
    if run.plan.world == "sandbox":
        wiring.world(run.folder).start(run.state().split)
    wiring.launch_guard(run)
    until = time.monotonic() + START_DEADLINE
    while run.book.last_look() is None:
        if time.monotonic() > until:
            raise Stopped("the guard did not begin to watch", f"read {run.folder.logs}/guard.log")
        time.sleep(0.05)


def _assume_before(run: Run, phase: str) -> None:
    names = [p.name for p in run.plan.phases]
    if phase not in names:
        from golive.core.errors import NameUnknown

        raise NameUnknown("phase", phase, names)
    for name in names[: names.index(phase)]:
        run.append(Kind.PHASE_ASSUMED, {"why": "this page was opened by itself; nothing was proven here"}, name)


class Desk:
    """What every page has: the run, who is at it, and how acts are asked for."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.presence: Presence = hold(run.folder.operators, run.who.name)

    @property
    def state(self) -> State:
        """Where the run stands now."""
        return self.run.state()

    async def ask(self, act: str, body: dict[str, Any], phase: str, check: Callable[[State], None]) -> Entry:
        """Ask the guard for an act and give the outcome's entry.

        Raises:
            Stopped: If it may not be asked for, or no outcome came in time.
        """
        asked = self.run.append(
            Kind.REQUEST, {"act": act, **body, "attended": attended()}, phase, lambda entries: check(fold(entries))
        )
        until = time.monotonic() + ACT_DEADLINE
        while time.monotonic() < until:
            for entry in self.run.store.read(asked.seq):
                if entry.kind is Kind.OUTCOME and entry.body.get("request") == asked.id:
                    return entry
                if entry.kind is Kind.OUTCOME and entry.body["act"] == "rollback" and act != "rollback":
                    raise Stopped(f"the guard rolled back: {entry.body['because']}", "open 91_incident.ipynb")
            await asyncio.sleep(POLL)
        raise Stopped(f"the guard did not answer within {ACT_DEADLINE:.0f} s", f"golive status {self.run.folder.name}")

    async def roll_back(self, because: str, phase: str) -> Answer:
        """Send everybody back to stable, through the guard, or without one when none answers."""
        if not because.strip():
            return Answer(
                "NOTHING DONE",
                "no reason was given, so nobody was moved",
                next='await go.rollback(because="what you saw")',
            )
        state = self.state
        if state.closed:
            return Answer("NOTHING DONE", f"the run was closed as {state.closed}", next="nothing")
        if self.guard_silent():
            await self._roll_back_alone(because, phase)
        else:
            await self.ask("rollback", {"because": because}, phase, lambda _: None)
        act = self.state.rollback
        assert act is not None
        return tables.rollback_answer(act)

    def guard_silent(self) -> bool:
        """Say whether the guard has not beaten for `guard_silent`."""
        beat = self.run.book.last_beat()
        silent = self.run.plan.guarding.guard_silent.total_seconds()
        return beat is None or self.run.clock.monotonic() - beat[2] > silent

    async def _roll_back_alone(self, because: str, phase: str) -> None:
        from golive.engine.rollback import roll_back

        body = {"act": "rollback", "request": "", "because": because, "by": "operator, no guard answered"}
        intent = self.run.append(Kind.INTENT, body, phase)
        rolled = await roll_back(wiring.router(self.run), self.run.clock, because)
        verified = {"read_back": rolled.read_back, "seconds_to_safe": round(rolled.seconds, 3), "tries": rolled.tries}
        outcome = {**body, "intent": intent.id, "result": "done" if rolled.done else "failed", "share": 0.0}
        self.run.append(Kind.OUTCOME, {**outcome, "seen": rolled.why, "verified": verified}, phase)

    def close_run(self, result: str, why: str) -> None:
        """Close the run and return once its guard and world are gone."""
        self.run.append(Kind.RUN_CLOSED, {"result": result, "why": why}, "", _not_closed)
        self.end()

    def end(self) -> None:
        """Wait for the guard to go, then end the world."""
        until = time.monotonic() + GONE_DEADLINE
        while time.monotonic() < until and not self.guard_silent():
            guard = self.state.guard
            if guard is None or guard.stopped:
                break
            time.sleep(0.05)
        if self.run.plan.world == "sandbox":
            wiring.world(self.run.folder).stop()
        self.presence.release()


def _not_closed(entries: Sequence[Entry]) -> None:
    state = fold(entries)
    if state.closed:
        raise Stopped(f"the run was closed as {state.closed}", f"golive verify {state.run}")


class Page(Desk):
    """One phase's page. It holds names and connections; what has happened is in the record."""

    def __init__(self, run: Run, phase: str) -> None:
        names = [p.name for p in run.plan.phases]
        if phase not in names:
            from golive.core.errors import NameUnknown

            raise NameUnknown("phase", phase, names)
        super().__init__(run)
        self.phase = phase
        allowed = self._may(Step.OPEN)
        if not isinstance(allowed, Already) and not self.here.opened_at:
            self.run.append(Kind.PHASE_OPENED, {"notebook": self.here.notebook, "operator": run.who.name}, phase)

    @property
    def here(self) -> PhaseState:
        """This phase, as the record has it now."""
        return self.state.named(self.phase)

    def _may(self, step: Step) -> Any:
        allowed = may(self.state, step, self.phase, self.run.clock.now())
        if isinstance(allowed, Stop):
            raise allowed.error()
        return allowed

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self._banner()._repr_mimebundle_()

    def __repr__(self) -> str:
        return str(self._banner())

    def _banner(self) -> Answer:
        state, plan = self.state, self.run.plan
        last = state.head
        use = plan.phase(self.phase)
        facts = [
            ("site", plan.site.name),
            ("run", state.run),
            ("operator", f"{self.run.who.name} (claimed), {self.run.who.user}@{self.run.who.host} (seen)"),
            ("responsible", ", ".join(use.responsible)),
            ("soak", span(use.soak.total_seconds())),
            ("plan", state.fingerprint[:12]),
            ("guard", f"{state.guard.id} on {state.guard.host}" if state.guard else "none"),
            ("last entry", f"{last.seq} {last.kind} at {clock(last.at)}" if last else "none"),
        ]
        if any(p.assumed for p in state.phases):
            facts.append(("assumed", "earlier phases were assumed, not passed: this is no rehearsal of the whole"))
        return tables.banner(state, self.here.title, plan.note, facts)

    @awaited
    async def checks(self) -> Answer:
        """Look whether this phase may start."""
        return await self._check("start", self.run.plan.phase(self.phase).start_checks)

    @awaited
    async def phase_checks(self) -> Answer:
        """Look at what is special in this phase."""
        return await self._check("special", self.run.plan.phase(self.phase).special_checks)

    async def _check(self, stage: str, uses: Any) -> Answer:
        self._may(Step.CHECK)
        findings: list[Finding] = await run_checks(uses, wiring.known_checks(), wiring.scene(self.run))
        for finding in findings:
            self.run.append(Kind.FINDING, {"stage": stage, **asdict(finding)}, self.phase)
        counts = {result.value: sum(f.result is result for f in findings) for result in Result}
        passed = all(f.result in (Result.PASS, Result.ATTESTED, Result.WAIVED) for f in findings)
        until = wiring.fresh_until(self.run, uses)
        body = {"stage": stage, "passed": passed, "counts": counts, "good_until": until}
        self.run.append(Kind.CHECKED, body, self.phase)
        then = "the next cell" if passed else "mend what failed, then run this cell again"
        return tables.checks_answer(findings, then)

    @awaited
    async def baseline(self) -> Answer:
        """See what is normal: stable, before the first shift."""
        self._may(Step.BASELINE)
        until = time.monotonic() + self.run.plan.judging.baseline.total_seconds() + 15
        while time.monotonic() < until:
            found = next((e for e in self.run.store.read() if e.kind is Kind.BASELINE), None)
            if found is not None:
                return tables.baseline_answer(found.body, "the next cell", self.run.plan)
            await asyncio.sleep(POLL)
        raise Stopped("stable could not be measured", "await go.checks()")

    @awaited
    async def shift(self) -> Answer:
        """Move visitors to the canary, by this phase's share."""
        allowed = self._may(Step.SHIFT)
        if isinstance(allowed, Already):
            return Answer("NOTHING DONE", allowed.what, next="await go.prove()")
        await self.ask("shift", {"share": self.here.share}, self.phase, self._recheck(Step.SHIFT))
        return self._acted(self.here.shift, "await go.prove()")

    @awaited
    async def prove(self) -> Answer:
        """Count whether the shift took effect."""
        allowed = self._may(Step.PROVE)
        if isinstance(allowed, Already):
            return Answer("NOTHING DONE", allowed.what, next="await go.soak()")
        await self.ask("prove", {}, self.phase, self._recheck(Step.PROVE))
        return self._acted(self.here.proof, "await go.soak()")

    def _acted(self, act: Any, then: str) -> Answer:
        if act is None or not act.done:
            seen = act.detail.get("seen", act.result) if act else "nothing"
            raise Stopped(f"{act.name if act else 'the act'}: {seen}", 'await go.rollback(because="what you saw")')
        return tables.act_answer(act, then)

    def _recheck(self, step: Step) -> Callable[[State], None]:
        def check(state: State) -> None:
            allowed = may(state, step, self.phase, self.run.clock.now())
            if isinstance(allowed, Stop):
                raise allowed.error()

        return check

    @awaited
    async def soak(self) -> Answer:
        """Watch what the guard sees, until the soak is over. Interrupting this ends the watching only."""
        self._may(Step.SOAK)
        limits = self.run.plan.phase(self.phase).soak + self.run.plan.judging.hold_up_to
        until = time.monotonic() + limits.total_seconds() + 60
        view = _View()
        while time.monotonic() < until:
            state = self.state
            if state.rollback is not None and not state.rollback.open:
                self._may(Step.SOAK)
            soaked = state.named(self.phase).soaked
            if soaked is not None:
                return self._soaked(soaked)
            if self.guard_silent():
                raise Stopped("the guard is silent", f"golive resume {self.run.folder.name}")
            view.show(self._progress())
            await asyncio.sleep(1.0)
        raise Stopped("the soak did not end", f"golive status {self.run.folder.name}")

    def _soaked(self, soaked: Any) -> Answer:
        samples = self._samples()
        from golive.pages.charts import conclusion

        title = conclusion(samples, self.run.plan.criteria)
        word = "DONE" if soaked["word"] == Word.PROCEED else "HOLD"
        facts = [("soaked", span(soaked["seconds"])), ("the guard says", f"{soaked['word']}: {soaked['reason']}")]
        return Answer(word, title, facts, picture=self._picture(title), picture_text=title, next="the next cell")

    def _progress(self) -> Answer:
        look = self.run.book.last_look()
        verdict = look.body.get("verdict") if look else None
        if not look or not verdict:
            return Answer("HOLD", "waiting for the guard's first verdict")
        facts = [
            ("time left", span(verdict["soak_left"])),
            ("canary requests", str(look.body["canary_requests"])),
            ("still needed", str(verdict["more_requests"])),
        ]
        return Answer(verdict["word"], verdict["reason"], facts)

    def _samples(self) -> list[Sample]:
        return [sample for sample in self.run.book.samples() if sample.phase == self.phase]

    def _picture(self, title: str) -> bytes:
        from datetime import datetime

        from golive.pages.charts import Event, soak_chart

        here = self.here
        events = []
        if here.shift is not None and here.shift.done:
            moved = datetime.fromisoformat(here.shift.ended_at).timestamp()
            events.append(Event(moved, f"{percent(here.share)} on the canary"))
        return soak_chart(self._samples(), criteria=self.run.plan.criteria, title=title, events=events)

    def judge(self) -> Answer:
        """Freeze what the numbers say, for a decision to answer."""
        self._may(Step.JUDGE)
        verdict = self._verdict()
        code = "".join(secrets.choice(LETTERS) for _ in range(4))
        self.run.append(Kind.JUDGED, {"code": code, "verdict": verdict.to_json()}, self.phase)
        picture = self._picture(verdict.reason) if self._samples() and verdict.readings else None
        evidence = self._evidence(verdict) if picture else None
        return tables.verdict_answer(verdict, code=code, picture=picture, note=self.run.plan.note, evidence=evidence)

    def _evidence(self, verdict: Verdict) -> tuple[bytes, str]:
        from golive.pages.evidence import evidence_chart, evidence_title, points_of

        points = points_of(self.run.book.trace(self.phase))
        return evidence_chart(points, verdict), evidence_title(points, verdict)

    def _verdict(self) -> Verdict:
        here = self.here
        special = here.checks.get("special")
        if special is not None and not special.passed:
            return _plain(Word.HOLD, "the checks of this phase did not all pass", Hold.BETWEEN)
        if here.kind in (PhaseKind.PREFLIGHT, PhaseKind.COMPLETION):
            return self._verdict_on_checks(here)
        look = self.run.book.last_look()
        silent = self.run.plan.guarding.guard_silent.total_seconds()
        if look is None or self.run.clock.monotonic() - look.at > silent:
            return _plain(Word.HOLD, "the guard is silent, so nothing is known", Hold.UNMEASURED)
        if look.body.get("verdict") is None or look.body.get("phase") != self.phase:
            return _plain(Word.HOLD, "the guard has no verdict on this phase", Hold.UNMEASURED)
        return from_json(look.body["verdict"])

    def _verdict_on_checks(self, here: PhaseState) -> Verdict:
        start = here.checks.get("start")
        if start is None or not start.passed:
            return _plain(Word.HOLD, "the checks of this phase did not all pass", Hold.BETWEEN)
        if here.kind is PhaseKind.COMPLETION:
            return _plain(Word.PROCEED, "every phase is closed and the checks pass", None)
        return _plain(Word.PROCEED, "every check passed and stable was watched", None)

    def decide(self, choice: str, code: str = "", because: str = "", second: str = "") -> Answer:
        """Write down a decision: "proceed", "hold" or "rollback", the verdict's code, and why.

        Unattended on the run's own world the plan's policy decides: it follows the verdict.
        """
        self._may(Step.DECIDE)
        judged = self.here.judged
        assert judged is not None
        by_policy = False
        if not choice:
            if attended() or self.run.plan.world == "none":
                next_ = f'go.decide("{judged.word.lower()}", "{judged.code}", because="…")'
                raise Stopped(f"undecided: the verdict {judged.code} says {judged.word}", next_)
            choice, code, by_policy = judged.word.lower(), judged.code, True
            because = because or f"the plan's policy follows the verdict: {judged.reason}"
        self._sane(choice, code, because, second)
        who = self.run.who
        body = {"choice": choice, "code": code, "because": because, "by_policy": by_policy, "second": second}
        name = "policy" if by_policy else who.name
        decider = type(who)(name, who.user, who.host, who.process)
        run = Run(self.run.folder, self.run.plan, self.run.store, self.run.book, self.run.clock, decider)
        run.append(Kind.DECISION, body, self.phase, lambda entries: self._recheck(Step.DECIDE)(fold(entries)))
        headline = f"{choice}, signed {name}: {because}"
        then = {"proceed": "go.close()", "hold": "go.judge() again later", "rollback": "await go.rollback(because=…)"}
        return Answer("DONE", headline, next=then[choice])

    def _sane(self, choice: str, code: str, because: str, second: str) -> None:
        judged = self.here.judged
        assert judged is not None
        if choice not in CHOICES:
            raise Stopped(f"{choice!r} is no decision", f'go.decide("proceed", "{judged.code}", because="…")')
        if code != judged.code:
            raise Stopped(f"{code!r} is not the newest verdict", f'go.decide("{choice}", "{judged.code}", because="…")')
        if not because.strip():
            raise Stopped("a decision needs a reason", f'go.decide("{choice}", "{code}", because="what you saw")')
        age = self.run.clock.now().timestamp() - _seconds(judged.at)
        if age > self.run.plan.judging.decision_valid.total_seconds():
            raise Stopped(f"the verdict {code} is {span(age)} old", "go.judge()")
        if choice == "proceed" and judged.word != Word.PROCEED:
            names = {person.name for person in self.run.plan.roles.values()}
            if judged.word == Word.ROLLBACK or second not in names - {self.run.who.name, "TBD"}:
                raise Stopped(
                    f"the verdict says {judged.word}; going further needs a second person of the plan's roles",
                    f'go.decide("hold", "{code}", because="…")',
                )

    def close(self) -> Answer:
        """Hand over: close the phase, and the run with it when this page was opened by itself."""
        allowed = self._may(Step.CLOSE)
        if isinstance(allowed, Already):
            return Answer("NOTHING DONE", allowed.what)
        body = {"choice": "proceed", "page": self.here.notebook}
        self.run.append(Kind.PHASE_CLOSED, body, self.phase, lambda entries: self._recheck(Step.CLOSE)(fold(entries)))
        state = self.state
        head = state.head.hash[:12] if state.head else ""
        if state.alone:
            self.close_run("completed", "the page was opened by itself and is over")
            return Answer(
                "DONE", f"closed with its run {state.run}; guard and sandbox are gone", next="golive rehearse"
            )
        names = [phase.name for phase in state.phases]
        after = names.index(self.phase) + 1
        then = f"{state.phases[after].notebook}.ipynb" if after < len(names) else f"golive seal {state.run}"
        return Answer("DONE", f"{self.here.title} closed, head {head}", next=then)

    @awaited
    async def rollback(self, because: str = "") -> Answer:
        """Send everybody back to stable. Needs a reason and no permission."""
        return await self.roll_back(because, self.phase)


def _plain(word: Word, reason: str, hold_: Hold | None) -> Verdict:
    return Verdict(word, hold_, "", reason, (), 0.0, None, None, word, "the letter says nothing here")


def _seconds(utc: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(utc).timestamp()


class _View:
    """One output that is redrawn in place; without IPython it shows nothing."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, answer: Answer) -> None:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is None:
            return
        if self._handle is None:
            self._handle = display(answer, display_id=True)
        else:
            self._handle.update(answer)


def open_runs() -> list[str]:
    """Give the names of the project's runs that are not closed."""
    root = runs_root()
    names = []
    for path in sorted(root.glob("*/work/record.db")) if root.is_dir() else []:
        run = wiring.open_run(str(path.parent.parent), "")
        if not run.state().closed:
            names.append(path.parent.parent.name)
    return names


def open_rollback(plan: str = "sandbox", run: str = "", operator: str = "") -> Emergency:
    """Give the emergency page: of the run named, else of the only open one.

    Makes no world while a run may be open; only an unattended kernel that finds none rehearses.
    """
    found = [run] if run else open_runs()
    if len(found) > 1:
        raise Stopped(f"several runs are open: {', '.join(found)}", 'put one of them into run = "…" above')
    if found:
        return Emergency(wiring.open_run(found[0], operator), "OPEN RUN")
    if attended():
        return Emergency(None, "NOTHING IS OPEN HERE")
    made = wiring.make_run(plan, operator, alone=True, unattended=True)
    _assume_before(made, next(p.name for p in made.plan.phases if p.kind is PhaseKind.CUTOVER))
    start_world_and_guard(made)
    return Emergency(made, "SANDBOX")


open_incident = open_rollback


class Emergency:
    """The pages for when something is wrong: they need a run, and nothing else of it."""

    def __init__(self, run: Run | None, word: str) -> None:
        self.word = word
        self.desk = Desk(run) if run else None

    def _need(self) -> Desk:
        if self.desk is None:
            raise Stopped("nothing is open here", 'name a run above: run = "…", or use its ROLLBACK.txt')
        return self.desk

    def _banner(self) -> Answer:
        if self.desk is None:
            return Answer(
                self.word, "no run of this project is open", next='run = "…" above, or ROLLBACK.txt of the run'
            )
        state = self.desk.state
        facts = [("run", state.run), ("split", percent(state.split)), ("closed", state.closed or "no")]
        if state.rollback is not None:
            facts.append(("rolled back", str(state.rollback.detail.get("because", ""))))
        return Answer(self.word, f"{state.run} · {percent(state.split)} on the canary", facts, next="the next cell")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self._banner()._repr_mimebundle_()

    def __repr__(self) -> str:
        return str(self._banner())

    @awaited
    async def rollback(self, because: str = "") -> Answer:
        """Send everybody back to stable."""
        desk = self._need()
        if not because and self.word == "SANDBOX":
            because = "rehearsal of the emergency page"
        return await desk.roll_back(because, desk.state.phase.name if desk.state.phase else "")

    @awaited
    async def prove_rollback(self) -> Answer:
        """Read back, and say what the last rollback came to."""
        desk = self._need()
        act = desk.state.rollback
        answer = Answer("NOTHING DONE", "nobody has rolled back this run", next='await go.rollback(because="…")')
        if act is not None and not act.open:
            answer = tables.rollback_answer(act)
        self._leave()
        return answer

    def timeline(self) -> Answer:
        """Show the run's story."""
        return tables.timeline(self._need().run.store.read())

    def evidence(self) -> Answer:
        """Show the whole run in one picture."""
        from golive.pages.charts import conclusion, golive_chart

        run = self._need().run
        samples = run.book.samples()
        title = conclusion(samples, run.plan.criteria)
        picture = golive_chart(samples, criteria=run.plan.criteria, title=title, events=())
        return Answer("DONE", title, picture=picture, picture_text=title)

    def escalation(self) -> Answer:
        """Show whom to call, in which order."""
        plan = self._need().run.plan
        rows = [(r, plan.roles[r].name, plan.roles[r].phone, plan.roles[r].chat) for r in plan.escalation]
        answer = Answer("DONE", "call in this order", table=Table(("role", "name", "phone", "chat"), rows))
        self._leave()
        return answer

    def _leave(self) -> None:
        if self.word == "SANDBOX" and self.desk is not None and not self.desk.state.closed:
            self.desk.close_run("rolled-back", "the emergency page was rehearsed by itself")
