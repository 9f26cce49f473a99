"""The guard: looks once a second, judges, shifts on request and rolls back by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from golive.core.digest import minute_digests, row
from golive.core.errors import GoLiveError, Stopped, StoreUnavailable
from golive.core.judge import Alarms, Evidence, Watch, judge
from golive.core.plan import Plan
from golive.core.proof import counted, enough, proves
from golive.core.record import Draft, Entry, Kind, Who
from golive.core.samples import Sample, Version
from golive.core.state import Act, PhaseState, State, fold
from golive.core.verdict import Hold, Verdict, Word
from golive.engine.rollback import roll_back
from golive.engine.sources import Inbox, Sources
from golive.ports import (
    Alive,
    Book,
    Clock,
    Done,
    LookNote,
    Notice,
    Notifier,
    Refused,
    Split,
    Store,
    Superseded,
    Unknown,
)

PROOF_DEADLINE = 30.0
PROOF_DELAY = 1.0
ACT_DEADLINE = 5.0
IN_FLIGHT = 3.5
STALE = 3.0


@dataclass(frozen=True)
class Post:
    """Everything one guard needs: the plan, what it reads, where it writes, who it tells.

    `token` is what the run's own world put into the router, "" when the run has no world;
    `operators` says who is at the wheel; `new_id` makes ids for entries.
    """

    plan: Plan
    who: Who
    sources: Sources
    store: Store
    book: Book
    notifiers: Sequence[Notifier]
    clock: Clock
    token: str
    operators: Callable[[], Sequence[Any]]
    new_id: Callable[[], str]
    late: Callable[[Draft], None]
    code: str


class Guard:
    """One guard of one run."""

    def __init__(self, post: Post, name: str) -> None:
        self.post, self.name = post, name
        self.plan, self.clock = post.plan, post.clock
        self.inbox = Inbox()
        self.evidence = Evidence(self.plan)
        self.state = State()
        self.verdict: Verdict | None = None
        self.stored = True
        self._seen = 0
        self._phase = ""
        self._busy: asyncio.Task[None] | None = None
        self._rolling: asyncio.Task[None] | None = None
        self._started = self.clock.monotonic()
        self._wheel_at = self._started
        self._minute: list[Mapping[str, str]] = []
        self._said: tuple[Any, ...] = ()
        self._told: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watch until the run is closed."""
        self._append(Kind.GUARD_STARTED, {"guard": self.name, "pid": self.post.who.process, "code": self.post.code})
        readers = [asyncio.ensure_future(t) for t in self.post.sources.tasks(self.plan, self.clock, self.inbox)]
        try:
            while not self.state.closed:
                begun = self.clock.monotonic()
                self.look()
                broken = next((r.exception() for r in readers if r.done() and not r.cancelled()), None)
                if broken:
                    raise broken
                await self.clock.sleep(max(0.05, self.plan.guarding.look_every.total_seconds() - self._since(begun)))
            await asyncio.gather(*(task for task in (self._busy, self._rolling) if task))
        finally:
            for reader in readers:
                reader.cancel()
            self._digest(end=True)
            self._append(Kind.GUARD_STOPPED, {"guard": self.name, "why": self.state.closed or "ended"})

    def look(self) -> None:
        """Take what has arrived, judge it, begin what has to be done, write it down. Waits for nothing."""
        now = self.clock.monotonic()
        self._catch_up()
        phase = self._enter_phase()
        samples = self._take_samples(phase)
        watch = self._watch(phase, now)
        self.verdict = judge(self.evidence, watch, self._alarms(now)) if watch else None
        self._baseline(now)
        self._act(phase, watch, now)
        self._say_verdict(phase)
        self._abandon(now)
        note = LookNote(now, _utc(self.clock.now()), self._body(phase, now))
        try:
            self.post.book.add(samples, note)
            self.post.book.beat(self.name, note.utc, now)
        except StoreUnavailable:
            self.stored = False

    # --- what it sees -------------------------------------------------------------------------
    def _catch_up(self) -> None:
        try:
            fresh = self.post.store.read(self._seen)
            self.stored = True
        except StoreUnavailable:
            self.stored = False
            return
        self.state = fold(fresh, self.state)
        self._seen += len(fresh)

    def _enter_phase(self) -> PhaseState | None:
        phase = self.state.phase
        marker = f"{phase.name}/{phase.shift.ended_at if phase.shift and phase.shift.done else ''}" if phase else ""
        if marker != self._phase:
            self._phase = marker
            self.evidence.begin_phase()
        return phase

    def _take_samples(self, phase: PhaseState | None) -> list[Sample]:
        taken: list[Sample] = []
        settled = self._settled(phase)
        share = self.inbox.split.share if isinstance(self.inbox.split, Split) else None
        while self.inbox.samples:
            named = [replace(s, phase=phase.name if phase else "", share=share) for s in self.inbox.samples.popleft()]
            by_version = {sample.version: sample for sample in named}
            self.evidence.add(by_version.get(Version.STABLE), by_version.get(Version.CANARY), settled)
            taken += named
        self._minute += [row(sample) for sample in taken]
        self._digest()
        return taken

    def _watch(self, phase: PhaseState | None, now: float) -> Watch | None:
        if phase is None or not (self.state.split > 0 or self.state.canary_out) or self.state.rolled_back:
            return None
        since = self._since_of(phase)
        soak = self.plan.phase(phase.name).soak.total_seconds()
        later = [p.share for p in self.state.phases if p.share is not None and p.share > self.state.split]
        shifts = [p.shift.ended_at for p in self.state.phases if p.shift and p.shift.done]
        first = self._monotonic_of(min(shifts)) if shifts else self._started
        return Watch(
            first,
            since,
            self._settled(phase),
            soak,
            now,
            self.state.split,
            min(later, default=self.state.split),
            after_cutover=bool(self.state.cutover_at),
        )

    def _since_of(self, phase: PhaseState) -> float:
        if phase.shift is not None and phase.shift.done:
            return self._monotonic_of(phase.shift.ended_at)
        return self._monotonic_of(phase.opened_at)

    def _settled(self, phase: PhaseState | None) -> float:
        if phase is None or phase.shift is None or not phase.shift.done:
            return 0.0
        return self._since_of(phase) + self.plan.judging.settle.total_seconds()

    def _alarms(self, now: float) -> Alarms:
        needed = self.plan.health.failures_in_a_row
        sick = self.inbox.sick_in_a_row
        health, unmeasured = "", self.inbox.unmeasured or self.inbox.logs_unmeasured
        if sick[Version.CANARY] >= needed:
            why = self.inbox.sick_why[Version.CANARY]
            if sick[Version.STABLE] == 0:
                health = f"{sick[Version.CANARY]} health probes in a row failed: {why}"
            else:
                unmeasured = unmeasured or "neither version answers the health prober"
        only = self.inbox.critical[Version.CANARY] - self.inbox.critical[Version.STABLE]
        critical = f"a critical log entry that stable does not log: {sorted(only)[0]}" if only else ""
        age = now - (self.inbox.measured_at or self._started)
        lag = self.post.sources.metrics.can.lag
        blind_after = self.plan.guarding.blind_after.total_seconds() + lag
        if age > STALE + lag and not unmeasured:
            unmeasured = f"metrics could not be measured: no counts for {age:.0f} s"
        blind = f"blind for {age:.0f} s: {unmeasured}" if age > blind_after else ""
        return Alarms(health, critical, blind, unmeasured)

    # --- what it does -------------------------------------------------------------------------
    def _act(self, phase: PhaseState | None, watch: Watch | None, now: float) -> None:
        state = self.state
        asked = state.request
        if asked is not None and asked.name == "rollback":
            self._roll_back(str(asked.detail.get("because", "")), asked.request, phase)
        elif self.verdict is not None and self.verdict.word is Word.ROLLBACK and state.canary_out:
            self._roll_back(self.verdict.reason, "", phase)
        elif self._not_back_yet():
            self._roll_back("the rollback has not reached every visitor", "", phase)
        if self._rolling is not None or not self.stored:
            return
        if asked is not None and asked.name in ("shift", "prove") and (self._busy is None or self._busy.done()):
            self._busy = asyncio.ensure_future((self._shift if asked.name == "shift" else self._prove)(asked))
        if phase is not None and watch is not None and self.verdict is not None:
            self._end_soak(phase, watch, self.verdict)

    def _not_back_yet(self) -> bool:
        """Say whether this run was rolled back and the router still has, or may have, visitors on the canary."""
        rollback = self.state.rollback
        if rollback is None or rollback.open:
            return False
        split = self.inbox.split
        return not rollback.done or (isinstance(split, Split) and split.share > 0)

    def _end_soak(self, phase: PhaseState, watch: Watch, verdict: Verdict) -> None:
        if phase.soaked is not None or watch.soak <= 0 or watch.now < watch.since + watch.soak:
            return
        if phase.shifts and (phase.proof is None or not phase.proof.done):
            return
        longest = watch.since + watch.soak + self.plan.judging.hold_up_to.total_seconds()
        if verdict.word is Word.PROCEED or watch.now > longest or verdict.hold is Hold.AFTER_CUTOVER:
            seen = {reading.criterion: reading.seen for reading in verdict.readings}
            body = {"seconds": watch.now - watch.since, "word": verdict.word, "reason": verdict.reason, "seen": seen}
            self._append(Kind.SOAKED, body, phase.name)

    def _roll_back(self, reason: str, request: str, phase: PhaseState | None) -> None:
        if self._rolling is not None and not self._rolling.done():
            return
        done = self.state.rollback is not None and self.state.rollback.done and not request
        if done and not self._not_back_yet():
            return
        if self._busy is not None:
            self._busy.cancel()
        self._rolling = asyncio.ensure_future(self._send_back(reason, request, phase.name if phase else ""))

    async def _send_back(self, reason: str, request: str, phase: str) -> None:
        body = {"act": "rollback", "request": request, "because": reason, "by": "request" if request else "guard"}
        rolled = await roll_back(self.post.sources.router, self.clock, reason, tries=1)
        intent = self._append(Kind.INTENT, body, phase)
        if not rolled.done:
            rolled = await roll_back(self.post.sources.router, self.clock, reason)
        self._tell("alarm", "ROLLED BACK" if rolled.done else "ROLLBACK NOT CONFIRMED", reason, "91_incident.ipynb")
        await self.clock.sleep(IN_FLIGHT)
        after = self.clock.monotonic() - 1.5
        counted_after = self.evidence.canary.total(after).requests
        stable = await self.post.sources.health.probe(Version.STABLE)
        verified = {
            "read_back": rolled.read_back,
            "counted_after": counted_after,
            "stable_healthy": isinstance(stable, Alive),
            "seconds_to_safe": round(rolled.seconds, 3),
            "tries": rolled.tries,
        }
        seen = "0 % read back from the router" if rolled.done else f"not confirmed: {rolled.why}"
        outcome = {**body, "intent": intent, "result": "done" if rolled.done else "failed", "share": 0.0}
        self._append(Kind.OUTCOME, {**outcome, "seen": seen, "verified": verified}, phase)

    async def _shift(self, asked: Act) -> None:
        share = float(asked.detail["share"])
        expect = self.state.split
        body = {"act": "shift", "request": asked.request, "share": share, "expect": expect, "by": "request"}
        begun = self.clock.monotonic()
        with contextlib.suppress(Stopped):
            intent = self._append(Kind.INTENT, body, asked.phase, may=_still_wanted(asked.request))
            if not self.stored:
                return
            result, seen = await self._set(share, expect, bool(asked.detail.get("attended")))
            took = round((self.clock.monotonic() - begun) * 1000, 1)
            outcome = {**body, "intent": intent, "result": result, "seen": seen, "milliseconds": took}
            self._append(Kind.OUTCOME, outcome, asked.phase)

    async def _set(self, share: float, expect: float, attended: bool) -> tuple[str, str]:
        router = self.post.sources.router
        split = await router.read()
        if not isinstance(split, Split):
            return "unknown", split.why
        ours = bool(self.post.token) and split.token == self.post.token
        if not ours and not attended and not self.plan.unattended:
            return "refused", "nobody is at the keyboard, and this router is not one that the run's own world started"
        answer: Done | Refused | Superseded | Unknown
        try:
            answer = await asyncio.wait_for(router.set(share, expect), ACT_DEADLINE)
        except TimeoutError:
            answer = Unknown(f"no answer in {ACT_DEADLINE:.0f} s")
        if isinstance(answer, Refused | Superseded):
            return answer.__class__.__name__.lower(), answer.why
        back = await router.read()
        if isinstance(back, Split) and abs(back.share - share) < 1e-9:
            return "done", f"{back.share:.2%} read back from the router"
        if isinstance(back, Split) and not isinstance(answer, Done):
            return "refused", f"the router still reads back {back.share:.2%}"
        return "unknown", "the router does not say what it did"

    async def _prove(self, asked: Act) -> None:
        share = self.state.split
        body = {"act": "prove", "request": asked.request, "share": share, "by": "request"}
        intent = self._append(Kind.INTENT, body, asked.phase)
        phase = self.state.named(asked.phase)
        since = self._since_of(phase) + PROOF_DELAY
        until = self.clock.monotonic() + PROOF_DEADLINE
        while True:
            canary = self.evidence.canary.total(since).requests
            requests = canary + self.evidence.stable.total(since).requests
            seen = counted(canary, requests)
            if enough(share, requests) and proves(seen, share):
                break
            if self.clock.monotonic() > until or (requests > 4 * max(400, 7 / share)):
                break
            await self.clock.sleep(0.2)
        split = self.inbox.split
        back = split.share if isinstance(split, Split) else None
        good = enough(share, requests) and proves(seen, share) and back == share
        said = f"{seen.canary} of {seen.requests} visitors met the canary: {seen.share:.2%}"
        said += f" (99.9 % range {seen.low:.2%} to {seen.high:.2%}), wanted {share:.2%}"
        numbers = {"asked": seen.requests, "canary": seen.canary, "low": seen.low, "high": seen.high}
        outcome = {**body, "intent": intent, "result": "done" if good else "failed", "seen": said, "counted": numbers}
        self._append(Kind.OUTCOME, {**outcome, "read_back": back}, asked.phase)

    # --- what it says -------------------------------------------------------------------------
    def _baseline(self, now: float) -> None:
        if self.evidence.spread or self._since(self._started) < self.plan.judging.baseline.total_seconds():
            return
        tally = self.evidence.stable.total(self._started)
        phase = self.state.phase
        if phase is None or (not tally.requests and self.state.split < 1):
            return
        spread = self.evidence.learn(self._started)
        body = {
            "seconds": round(self._since(self._started), 1),
            "requests": tally.requests,
            "failed": tally.failed,
            "over": {str(edge): count for edge, count in tally.over.items()},
            "rate": round(self.evidence.stable.rate(self._started), 1),
            "dispersion": spread,
        }
        self._append(Kind.BASELINE, body, phase.name)

    def _say_verdict(self, phase: PhaseState | None) -> None:
        if self.verdict is None or phase is None:
            return
        said = (phase.name, self.verdict.word, self.verdict.hold)
        if said == self._said:
            return
        self._said = said
        self._append(Kind.VERDICT, self.verdict.to_json(), phase.name)
        if self.verdict.hold in (Hold.AFTER_CUTOVER, Hold.UNMEASURED):
            self._tell("warning", f"HOLD: {self.verdict.hold}", self.verdict.reason, "golive status")

    def _abandon(self, now: float) -> None:
        span = self.plan.guarding.abandon_after
        if span is None or self.post.operators():
            self._wheel_at = now
            return
        if now - self._wheel_at < span.total_seconds() or not self.state.run or self.state.closed:
            return
        if self.state.canary_out and not self.state.cutover_at and not self.state.rolled_back:
            self._roll_back(f"nobody has been at the wheel for {span.total_seconds():.0f} s", "", self.state.phase)
        elif self._rolling is None or self._rolling.done():
            self._append(Kind.RUN_CLOSED, {"result": "abandoned", "why": "nobody was at the wheel"})

    def _digest(self, end: bool = False) -> None:
        minutes = sorted({entry["utc"][:16] for entry in self._minute})
        finished = minutes if end else minutes[:-1]
        for minute in finished:
            rows = [entry for entry in self._minute if entry["utc"][:16] == minute]
            for name, (number, digest) in minute_digests(rows).items():
                self._append(Kind.DIGEST, {"minute": name, "rows": number, "sha256": digest})
        self._minute = [entry for entry in self._minute if entry["utc"][:16] not in finished]

    def _tell(self, level: str, title: str, text: str, then: str) -> None:
        notice = Notice(level, title, text, self.state.run, then)
        if f"{title}{text}" in self._told:
            return
        self._told.add(f"{title}{text}")
        task = asyncio.ensure_future(self._notify(notice))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _notify(self, notice: Notice) -> None:
        sent = {}
        for notifier in self.post.notifiers:
            try:
                await notifier.notify(notice)
                sent[notifier.name] = "ok"
            except GoLiveError as error:
                sent[notifier.name] = f"failed: {error}"
        self._append(Kind.NOTICE, {**notice.__dict__, "sent": sent})

    def _body(self, phase: PhaseState | None, now: float) -> dict[str, Any]:
        return {
            "phase": phase.name if phase else "",
            "share": self.inbox.split.share if isinstance(self.inbox.split, Split) else None,
            "verdict": self.verdict.to_json() if self.verdict else None,
            "unmeasured": self.inbox.unmeasured,
            "stored": self.stored,
            "canary_requests": self.evidence.canary.total(self._since_of(phase)).requests if phase else 0,
        }

    def _append(
        self, kind: Kind, body: Mapping[str, Any], phase: str = "", may: Callable[[Sequence[Entry]], None] | None = None
    ) -> str:
        draft = Draft(self.post.new_id(), kind, self.post.who, body, phase)
        try:
            self.post.store.append(draft, may)
            self.stored = True
        except StoreUnavailable:
            self.stored = False
            self.post.late(draft)
        return draft.id

    def _since(self, moment: float) -> float:
        return self.clock.monotonic() - moment

    def _monotonic_of(self, utc: str) -> float:
        ago: timedelta = self.clock.now() - datetime.fromisoformat(utc)
        return self.clock.monotonic() - ago.total_seconds()


def _still_wanted(request: str) -> Callable[[Sequence[Entry]], None]:
    def check(entries: Sequence[Entry]) -> None:
        state = fold(entries)
        if state.rolled_back or state.closed or state.request is None or state.request.request != request:
            raise Stopped("this shift is no longer wanted", "golive status")

    return check


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
