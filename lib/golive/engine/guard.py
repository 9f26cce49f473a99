"""The acting guard: looks once a second, judges, shifts on request and rolls back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from golive.core.errors import LeaseLost, StoreUnavailable
from golive.core.folding import fold
from golive.core.moments import utc
from golive.core.record import Kind, chain
from golive.core.samples import Sample
from golive.core.state import PhaseState, State
from golive.engine.acts import Acts
from golive.engine.attendance import Attendance
from golive.engine.findings import Findings
from golive.engine.ledger import Ledger
from golive.engine.look import (
    SURE,
    Abandon,
    Begin,
    Do,
    EndSoak,
    Known,
    RollBack,
    SayAlone,
    SayNotOurs,
    SayStrayed,
    SetBack,
    decide,
)
from golive.engine.mine import Mine
from golive.engine.post import Post
from golive.engine.readers import Readers
from golive.engine.rollback import roll_back
from golive.engine.sending_back import SendingBack
from golive.engine.sight import Sight
from golive.engine.stray import Watch
from golive.engine.summing import Summing
from golive.engine.telling import Telling
from golive.engine.watching import Watching
from golive.ports import LookNote, Member, Split

HEED_EVERY = 0.1


class Guard:
    """One guard of one run, once it holds the lease of `fence`.

    `reached` says whether the store answered its last beat: one that can't reach the store knows nothing about the
    other guard, so it goes forward no more, and does not roll back on that account either.
    """

    def __init__(self, post: Post, member: Member) -> None:
        self.post, self.member = post, member
        self.fence = 0
        self.reached = True
        self.state = State()
        self.sight = Sight(post.plan, post.clock, post.sources.metrics.can)
        self.ledger = Ledger(post)
        self.acts = Acts(post, self.ledger, self.sight, self.holds)
        self.back = SendingBack(post, self.ledger, self.sight)
        self._recorded, self._seen = State(), 0
        self._unwritten: list[Sample] = []
        self._written = True
        self._moving: asyncio.Task[None] | None = None
        self._rolling: asyncio.Task[None] | None = None
        self._resolving: asyncio.Task[None] | None = None
        self._watch = Watch(post.clock.monotonic())
        self._attendance = Attendance(lambda: self.post.operators(), post.clock.monotonic())
        self._telling = Telling(self.ledger, self.sight)
        self._findings = Findings(post, self.ledger)
        self._lines, self._summing = Watching(post, self.ledger), Summing(post, self.ledger)

    def go_on_from(self, state: State, seen: int) -> None:
        """Take over where another guard has ended: the state that the first `seen` entries fold to."""
        self._recorded, self._seen = state, seen
        self.catch_up()
        self._telling.go_on_from(self.state)
        try:
            look = self.post.book.last_look()
        except StoreUnavailable:
            look = None
        if look is not None:
            self._lines.recall(look.body.get("watched", {}))
        if look is not None and "memory" in look.body:
            self.sight.recall(look.body["memory"], look.at - look.body["monotonic"])

    def begin(self, resolving: Coroutine[Any, Any, None]) -> None:
        """Let nothing move forward until what the guard before had begun is resolved."""
        self._resolving = self._moves(resolving)

    def holds(self) -> bool:
        """Say whether this guard holds the lease now; False when the store does not answer.

        Raises:
            LeaseLost: If another holds it.
        """
        try:
            held = self.post.book.beat(self.member, self.fence)
        except StoreUnavailable:
            self.reached = False
            return False
        if not held:
            raise LeaseLost(f"{self.member.guard} acts no more: another guard holds the lease")
        self.reached = True
        return True

    async def run(self) -> None:
        """Watch until the run is closed; ends at once when it is cancelled, or its lease is another's.

        Raises:
            LeaseLost: If another guard holds the lease.
        """
        clock, plan, sources = self.post.clock, self.post.plan, self.post.sources
        readers = Readers(lambda: [*sources.tasks(plan, clock, self.sight.inbox), *self._lines.tasks()])
        try:
            while not self.state.closed and not self.post.gone():
                begun = clock.monotonic()
                self.look()
                for failed in readers.mend():
                    self.ledger.tell("alarm", "A READER FAILED", failed, self.state.run, "golive status")
                await self.heed(begun + plan.guarding.look_every.total_seconds())
            if self.post.gone():
                await self._leave()
                return
            await _over(task for task in (self._moving, self._rolling, self._resolving) if task is not None)
            await self.acts.release(self.state)
            self.ledger.digest((), end=True)
        finally:
            readers.end()
            self._lines.end()
            for task in (self._moving, self._rolling, self._resolving):
                if task is not None:
                    task.cancel()

    def look(self) -> None:
        """Take what has arrived, judge it, begin what has to be done, write it down. Waits for nothing."""
        now = self.post.clock.monotonic()
        self.ledger.try_again(ask=self._at_risk() or not self.ledger.stored)
        self.catch_up()
        phase = self.state.phase
        self._read_back(now)
        astray, lines = self._not_ours() or self._below(), self._lines.look(self.state, now)
        self._unwritten += self.sight.look(self.state, now, astray, self._seen, lines)
        self._telling.baseline(self.state, now)
        self._findings.look(self.state, self.sight.inbox.skew)
        self._summing.look(self.state)
        for act in decide(self._known(phase, now)):
            self._do(act, phase)
        self._telling.verdict(self.state)
        self._write(LookNote(now, utc(self.post.clock.now()), self._body(now)))

    def _write(self, note: LookNote) -> None:
        """Write the look with the samples that the book does not hold yet; those it holds count for the digests."""
        try:
            if not self.post.book.add(self._unwritten, note, self.fence):
                raise LeaseLost(f"{self.member.guard} acts no more: another guard holds the lease")
        except StoreUnavailable:
            self._written = False
            return
        written, self._unwritten, self._written = self._unwritten, [], True
        self.ledger.digest(written)

    async def heed(self, until: float) -> None:
        """Wait for the next look (monotonic seconds); what an operator asks for meanwhile is begun at once."""
        clock = self.post.clock
        await clock.sleep(min(HEED_EVERY, max(0.0, until - clock.monotonic())))
        while clock.monotonic() < until and not self.state.closed:
            before = self._seen
            self.catch_up()
            if self._seen != before and self.state.request is not None:
                now = clock.monotonic()
                for act in decide(self._known(self.state.phase, now)):
                    self._do(act, self.state.phase)
            await clock.sleep(min(HEED_EVERY, max(0.0, until - clock.monotonic())))

    async def _leave(self) -> None:
        """Somebody has taken the run's folder away: no operator can be answered, so nobody stays on the canary."""
        if self._at_risk():
            mine = Mine(self.state.claim, self.state.canary)
            await roll_back(self.post.sources.router, self.post.clock, "the run's folder is gone", 3, mine)

    def _at_risk(self) -> bool:
        return self.state.canary_out and not self.state.cutover_at

    def catch_up(self) -> None:
        """Read on in the record; what it has not taken from this guard yet counts as well."""
        try:
            fresh = self.post.store.read(self._seen)
        except StoreUnavailable:
            self.ledger.refused()
        else:
            self._recorded = fold(fresh, self._recorded)
            self._seen += len(fresh)
            self._attendance.take(fresh, self.post.clock.monotonic())
        self.state = self._recorded
        for draft in self.ledger.kept:
            after, at = self.state.head, utc(self.post.clock.now())
            entry = chain(draft, after=after, at=at, code=self.post.code, plan=self.state.fingerprint)
            self.state = fold((entry,), self.state)

    def _known(self, phase: PhaseState | None, now: float) -> Known:
        return Known(
            plan=self.post.plan,
            state=self.state,
            verdict=self.sight.verdict,
            split=self.sight.inbox.split,
            now=now,
            since=self.sight.soak_of(self.state, phase).since if phase else now,
            stored=self.ledger.stored and self._written and self.reached,
            rolling=_under_way(self._rolling),
            moving=_under_way(self._moving) or _under_way(self._resolving),
            unattended=self._attendance.unattended(now),
            watched=self.sight.evidence.watched,
            stray=self._watch.stray,
            lowers=self.post.sources.router.can.lowers,
            locked=self.ledger.locked if self.reached else 0.0,
            not_ours=self._not_ours(),
        )

    def _do(self, act: Do, phase: PhaseState | None) -> None:
        name = phase.name if phase else ""
        match act:
            case RollBack(reason, request, even_though):
                self.acts.rolling = True
                if self._moving is not None:
                    self._moving.cancel()
                self._rolling = self._moves(self.back.send_back(reason, request, name, self.state, even_though))
            case Begin(asked):
                self._moving = self._moves(self.acts.begin(asked, self.state))
            case SetBack(stray):
                self._moving = self._moves(self.acts.set_back(stray, name, self.state))
            case SayNotOurs(why):
                self.ledger.append(Kind.NOT_OURS, {"why": why}, name)
                if why:
                    self.ledger.tell("alarm", "THIS ROUTER IS ANOTHER RUN'S", why, self.state.run, "golive status")
            case SayStrayed(share):
                self.ledger.append(Kind.STRAYED, {"share": share, "recorded": self.state.split}, name)
            case EndSoak(body):
                self._summing.end(self.state)
                self.ledger.append(Kind.SOAKED, {**body, **self._lines.summary(name)}, name)
            case SayAlone():
                text = "visitors stay on the canary, and are watched; going back is for a person to decide"
                self.ledger.tell("alarm", "NOBODY IS AT THE WHEEL", text, self.state.run, "golive status")
            case Abandon():
                if self._rolling is not None and self._rolling.cancel():
                    return  # the next look closes, after the rollback's own outcome
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
        if moving or self._not_ours() or _under_way(self._moving) or _under_way(self._rolling):
            self._watch.moved(now + self.post.sources.router.can.read_lag)
        else:
            self._watch.read(inbox.split, inbox.split_at, self.state.split, now)

    def _not_ours(self) -> str:
        """Say whose the router is, when the newest read shows another run's claim or another canary."""
        return Mine(self.state.claim, self.state.canary).not_ours(self.sight.inbox.split)

    def _body(self, now: float) -> dict[str, Any]:
        stored = self.ledger.stored and self._written and self.reached
        told = self._telling.look(self.state, now, stored)
        return {**told, **self._findings.to_json(), "watched": self._lines.to_json()}

    def _below(self) -> str:
        """Say that fewer visitors are on the canary than the record knows; "" when that is not so."""
        stray = self._watch.stray
        if stray is None or stray.above or stray.reads < SURE or not self.state.split or self.state.rolled_back:
            return ""
        return (
            f"the router reads back {stray.share:.2%}, below the {stray.recorded:.2%} of the record: somebody may "
            "have sent visitors back by hand; await go.shift() puts them there again"
        )


def _under_way(task: asyncio.Task[None] | None) -> bool:
    return task is not None and not task.done()


async def _over(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Return once all have ended; raises what one of them raised, but not that it was cut off."""
    for task in tasks:
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
