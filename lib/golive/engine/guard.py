"""The guard: looks once a second, judges, shifts on request and rolls back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from golive.core.errors import StoreUnavailable
from golive.core.folding import fold
from golive.core.record import Kind
from golive.core.state import PhaseState, State
from golive.core.verdict import Hold
from golive.engine.acts import Acts
from golive.engine.ledger import Ledger
from golive.engine.look import SURE, Abandon, Begin, Do, EndSoak, Known, RollBack, SayStrayed, SetBack, decide
from golive.engine.post import Post
from golive.engine.rollback import roll_back
from golive.engine.sight import Sight
from golive.engine.stray import Watch
from golive.ports import LookNote, Member, Split

HEED_EVERY = 0.1


class Guard:
    """One guard of one run."""

    def __init__(self, post: Post, member: Member) -> None:
        self.post, self.member, self.name = post, member, member.guard
        self.fence = 0
        self.state = State()
        self.sight = Sight(post.plan, post.clock, post.sources.metrics.can)
        self.ledger = Ledger(post)
        self.acts = Acts(post, self.ledger, self.sight)
        self._seen = 0
        self._moving: asyncio.Task[None] | None = None
        self._rolling: asyncio.Task[None] | None = None
        self._watch = Watch(post.clock.monotonic())
        self._wheel_at = post.clock.monotonic()
        self._said: tuple[Any, ...] = ()

    async def run(self) -> None:
        """Watch until the run is closed."""
        clock, plan = self.post.clock, self.post.plan
        lease = self.post.book.lease()
        silent = plan.guarding.guard_silent.total_seconds()
        fence = self.post.book.take(self.member, lease.fence if lease else 0, silent)
        if fence is None:
            return
        self.fence = fence
        started = {"guard": self.name, "pid": self.post.who.process, "code": self.post.code}
        self.ledger.append(Kind.GUARD_STARTED, started)
        self.ledger.take_up()
        readers = [asyncio.ensure_future(task) for task in self.post.sources.tasks(plan, clock, self.sight.inbox)]
        try:
            while not self.state.closed and not self.post.gone():
                begun = clock.monotonic()
                self.look()
                broken = next((r.exception() for r in readers if r.done() and not r.cancelled()), None)
                if broken:
                    raise broken
                await self.heed(begun + plan.guarding.look_every.total_seconds())
            if self.post.gone():
                await self._leave()
                return
            await asyncio.gather(*(task for task in (self._moving, self._rolling) if task and not task.cancelled()))
        finally:
            for reader in readers:
                reader.cancel()
            if not self.post.gone():
                self.ledger.digest((), end=True)
                self.ledger.append(Kind.GUARD_STOPPED, {"guard": self.name, "why": self.state.closed or "ended"})

    def look(self) -> None:
        """Take what has arrived, judge it, begin what has to be done, write it down. Waits for nothing."""
        now = self.post.clock.monotonic()
        self._catch_up()
        phase = self.state.phase
        self._read_back(now)
        samples = self.sight.look(self.state, now, self._below())
        self.ledger.digest(samples)
        self._say_baseline(now)
        for act in decide(self._known(phase, now)):
            self._do(act, phase)
        self._say_verdict(phase)
        note = LookNote(now, _utc(self.post.clock.now()), self._body(phase))
        try:
            self.post.book.add(samples, note, self.fence)
            self.post.book.beat(self.member, self.fence)
        except StoreUnavailable:
            self.ledger.stored = False

    async def heed(self, until: float) -> None:
        """Wait for the next look (monotonic seconds); what an operator asks for meanwhile is begun at once."""
        clock = self.post.clock
        await clock.sleep(min(HEED_EVERY, max(0.0, until - clock.monotonic())))
        while clock.monotonic() < until and not self.state.closed:
            before = self._seen
            self._catch_up()
            if self._seen != before and self.state.request is not None:
                now = clock.monotonic()
                for act in decide(self._known(self.state.phase, now)):
                    self._do(act, self.state.phase)
            await clock.sleep(min(HEED_EVERY, max(0.0, until - clock.monotonic())))

    async def _leave(self) -> None:
        """Somebody has taken the run's folder away: no operator can be answered, so nobody stays on the canary."""
        if self.state.canary_out and not self.state.cutover_at:
            await roll_back(self.post.sources.router, self.post.clock, "the run's folder is gone", tries=3)

    def _catch_up(self) -> None:
        try:
            fresh = self.post.store.read(self._seen)
            self.ledger.stored = True
        except StoreUnavailable:
            self.ledger.stored = False
            return
        self.state = fold(fresh, self.state)
        self._seen += len(fresh)

    def _known(self, phase: PhaseState | None, now: float) -> Known:
        if self.post.operators():
            self._wheel_at = now
        return Known(
            plan=self.post.plan,
            state=self.state,
            verdict=self.sight.verdict,
            split=self.sight.inbox.split,
            now=now,
            since=self.sight.soak_of(self.state, phase).since if phase else now,
            stored=self.ledger.stored,
            rolling=_under_way(self._rolling),
            moving=_under_way(self._moving),
            unattended=now - self._wheel_at,
            stray=self._watch.stray,
            lowers=self.post.sources.router.can.lowers,
        )

    def _do(self, act: Do, phase: PhaseState | None) -> None:
        name = phase.name if phase else ""
        match act:
            case RollBack(reason, request):
                if self._moving is not None:
                    self._moving.cancel()
                back = self.acts.send_back(reason, request, name, self.state.run)
                self._rolling = self._moves(back)
            case Begin(asked):
                self._moving = self._moves(self.acts.begin(asked, self.state))
            case SetBack(stray):
                self._moving = self._moves(self.acts.set_back(stray, name, self.state.run))
            case SayStrayed(share):
                self.ledger.append(Kind.STRAYED, {"share": share, "recorded": self.state.split}, name)
            case EndSoak(body):
                self.ledger.append(Kind.SOAKED, body, name)
            case Abandon():
                self.ledger.append(Kind.RUN_CLOSED, {"result": "abandoned", "why": "nobody was at the wheel"})

    def _moves(self, act: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin an act; only reads begun after it, and after the router's own lag, are held against the record."""
        task, lag = asyncio.ensure_future(act), self.post.sources.router.can.read_lag
        task.add_done_callback(lambda _: self._watch.moved(self.post.clock.monotonic() + lag))
        return task

    def _read_back(self, now: float) -> None:
        """Hold the newest read-back against the record, unless the split is being moved just now."""
        act, inbox = self.state.act, self.sight.inbox
        note = inbox.split.note if isinstance(inbox.split, Split) else ""
        if note and self.state.canary_out and self.state.rollback is None:
            self.ledger.tell("warning", "THE ROUTER SAYS", note, self.state.run, "golive status")
        moving = act is not None and act.open and act.name in ("shift", "set back", "rollback")
        if moving or _under_way(self._moving) or _under_way(self._rolling):
            self._watch.moved(now + self.post.sources.router.can.read_lag)
        else:
            self._watch.read(inbox.split, inbox.split_at, self.state.split, now)

    def _below(self) -> str:
        """Say that fewer visitors are on the canary than the record knows; "" when that is not so."""
        stray = self._watch.stray
        if stray is None or stray.above or stray.reads < SURE or not self.state.split or self.state.rolled_back:
            return ""
        return (
            f"the router reads back {stray.share:.2%}, below the {stray.recorded:.2%} of the record: somebody may "
            "have sent visitors back by hand; await go.shift() puts them there again"
        )

    def _say_baseline(self, now: float) -> None:
        body = self.sight.baseline(self.state, now)
        if body is not None and self.state.phase is not None:
            self.ledger.append(Kind.BASELINE, body, self.state.phase.name)

    def _say_verdict(self, phase: PhaseState | None) -> None:
        verdict = self.sight.verdict
        if verdict is None or phase is None:
            return
        said = (phase.name, verdict.word, verdict.hold)
        if said == self._said:
            return
        self._said = said
        self.ledger.append(Kind.VERDICT, verdict.to_json(), phase.name)
        if verdict.hold in (Hold.AFTER_CUTOVER, Hold.UNMEASURED):
            self.ledger.tell("warning", f"HOLD: {verdict.hold}", verdict.reason, self.state.run, "golive status")

    def _body(self, phase: PhaseState | None) -> dict[str, Any]:
        sight = self.sight
        return {
            "phase": phase.name if phase else "",
            "share": sight.inbox.split.share if isinstance(sight.inbox.split, Split) else None,
            "verdict": sight.verdict.to_json() if sight.verdict else None,
            "unmeasured": sight.inbox.unmeasured,
            "stored": self.ledger.stored,
            "canary_requests": sight.evidence.counts["failed"][0],
            "evidence": sight.trace(),
        }


def _under_way(task: asyncio.Task[None] | None) -> bool:
    return task is not None and not task.done()


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
