"""One member of the pair of guards: it stands by and follows, takes over, acts, and steps down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from golive.core.errors import LeaseLost, StoreUnavailable
from golive.core.intents import unresolved
from golive.core.pair import GoOn, Leave, Move, Seen, StartStandby, StepDown, TakeOver, step
from golive.core.record import Kind
from golive.engine.following import Following
from golive.engine.guard import Guard
from golive.engine.mine import Mine
from golive.engine.post import Post
from golive.engine.resolving import resolve_all
from golive.ports import Member

POLL = 0.25
BEAT_EVERY = 0.5
FOLLOW_EVERY = 1.0
RECORD_WITHIN = 2.0  # seconds after which a guard that takes over acts on what it has read so far
ASLEEP = 1.5  # seconds between two steps after which this process counts as having slept


@dataclass(frozen=True)
class Hands:
    """What a member can do to processes of its host.

    `ended` says whether a member's process has surely ended, `end` ends one at once and says whether it has ended,
    `launch` starts another member in a session of its own.
    """

    ended: Callable[[Member], bool]
    end: Callable[[Member], bool]
    launch: Callable[[], None]


class Pair:
    """One member of one run's pair, from its start to its end."""

    def __init__(self, post: Post, member: Member, hands: Hands) -> None:
        self.post, self.member, self._hands = post, member, hands
        self.guard = Guard(post, member)
        self.following = Following(post.store, post.book, self.guard.sight)
        self._silent = post.plan.guarding.guard_silent.total_seconds()
        self._stepped = self._woke = post.clock.monotonic()
        self._acting_since: float | None = None
        self._launched: float | None = None
        self._followed_at = -FOLLOW_EVERY
        self._told = self._handing_over = False

    def hand_over(self) -> None:
        """End soon: acting, only once another may take over at once."""
        self._handing_over = True

    async def run(self) -> None:
        """Stand by, and act when nobody else does, until the run is closed or another member is in the way."""
        clock = self.post.clock
        try:
            while not self._handing_over:
                move = self._look()
                if isinstance(move, Leave):
                    self._stopped(move.because)
                    return
                if self._over(at_once=isinstance(move, TakeOver)):
                    self._stopped("the run was closed")
                    return
                if isinstance(move, TakeOver) and (fence := self._take(move)) is not None:
                    await self._act(fence, move.because)
                    return
                await clock.sleep(POLL)
            self._stopped("it was asked to end")
        finally:
            self._forget(self.member)

    def _look(self) -> Move:
        """Look at the pair once and give what to do; what can't be read says nothing about anybody."""
        now, book = self.post.clock.monotonic(), self.post.book
        if now - self._stepped > ASLEEP:
            self._woke = now
        self._stepped = now
        try:
            lease, beats = book.lease(), tuple(book.beats())
        except StoreUnavailable:
            self._woke = now
            return GoOn()
        beside = (beat.member for beat in beats if beat.member.beside(self.member))
        ended = frozenset(member.guard for member in beside if self._hands.ended(member))
        acting = None if self._acting_since is None else now - self._acting_since
        launched = None if self._launched is None else now - self._launched
        return step(Seen(self.member, lease, beats, ended, now - self._woke, self._silent, acting, launched))

    # --- standing by ------------------------------------------------------------------------
    def _over(self, at_once: bool) -> bool:
        """Beat, read what the acting guard has written, and say whether there is nothing to stand by for any more."""
        now = self.post.clock.monotonic()
        if self.post.gone():
            return True
        if now - self._followed_at < FOLLOW_EVERY and not at_once:
            return False
        self._followed_at = now
        try:
            self.post.book.beat(self.member, 0)
            self.following.step()
            if not self._told and self.post.book.lease() is not None:
                self._say_started("standby")
        except StoreUnavailable:
            return False
        return self.following.closed

    def _take(self, move: TakeOver) -> int | None:
        """End the frozen guard and take the lease; None when somebody else was faster, or the store is silent."""
        if move.end is not None:
            self._hands.end(move.end)
        try:
            return self.post.book.take(self.member, move.over, move.silent)
        except StoreUnavailable:
            return None

    # --- acting -----------------------------------------------------------------------------
    async def _act(self, fence: int, because: str) -> None:
        """Act until the run is closed, the lease is lost, or it is handed over."""
        guard, clock = self.guard, self.post.clock
        guard.fence, self._acting_since = fence, clock.monotonic()
        acting = asyncio.ensure_future(self._guard(because))
        try:
            while not acting.done():
                if not guard.holds():
                    self._say_unreached()
                self._keep_a_standby()
                if self._handing_over and self._may_go():
                    break
                pause = asyncio.ensure_future(clock.sleep(BEAT_EVERY))
                await asyncio.wait({acting, pause}, return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
            if acting.done():
                acting.result()
                self._stopped("the run was closed")
            else:
                await _cancelled(acting)
                self._stopped("it was asked to end, and handed over")
        except LeaseLost:
            if not self.post.gone():
                self._launch()  # so that this host stands by again: a network that was cut may be whole by now
        except Exception as error:
            self._stopped(f"it failed: {type(error).__name__}: {error}")
            raise
        finally:
            acting.cancel()

    async def _guard(self, because: str) -> None:
        """Read what is left to read, say who acts, resolve what the guard before had begun, and watch."""
        guard, clock = self.guard, self.post.clock
        until = clock.monotonic() + RECORD_WITHIN
        while not await self._followed() and clock.monotonic() < until:
            await clock.sleep(POLL)
        guard.go_on_from(*self.following.newest())
        guard.ledger.digest(self.following.undigested())
        if not self._told:
            self._say_started("acting")
        body = {"guard": self.member.guard, "fence": guard.fence, "because": because}
        guard.ledger.append(Kind.LEASE_TAKEN, body)
        if guard.fence > 1:
            said = f"{self.member.guard} acts: {because}"
            guard.ledger.tell("warning", "THE STANDBY ACTS", said, guard.state.run, f"golive status {guard.state.run}")
        guard.begin(self._resolve())
        await guard.run()

    async def _resolve(self) -> None:
        """Resolve what was begun before, as soon as the record says what that was."""
        while True:
            try:
                begun = unresolved(self.post.store.read())
            except StoreUnavailable:
                await self.post.clock.sleep(POLL)
                continue
            if begun:
                mine = Mine(self.guard.state.claim, self.guard.state.canary)
                await resolve_all(begun, self.post.sources.router, self.post.clock, self.guard.ledger, mine)
            return

    async def _followed(self) -> bool:
        """Read all that record and book hold; False when they can't be read just now."""
        try:
            while not self.following.step():
                await asyncio.sleep(0)
        except StoreUnavailable:
            return False
        return True

    def _keep_a_standby(self) -> None:
        """Start a standby when none lives, after ending one that is frozen."""
        if self.guard.state.closed or self.post.gone():
            return
        move = self._look()
        if isinstance(move, StepDown):
            raise LeaseLost(move.because)
        if isinstance(move, StartStandby):
            for member in move.gone:
                beside = member.beside(self.member) and not self._hands.ended(member)
                ended = beside and self._hands.end(member)
                self._forget(member)
                said = {"guard": member.guard, "why": move.because}
                said |= {"ended_by": self.member.guard} if ended else {}
                self.guard.ledger.append(Kind.GUARD_STOPPED, said)
            self._launch()

    def _may_go(self) -> bool:
        """Say whether somebody stands by who will take over at once; one is started if there is none."""
        try:
            living = [beat for beat in self.post.book.beats() if not beat.acting and beat.age < self._silent]
        except StoreUnavailable:
            return False
        if not living and self._launched is None:
            self._launch()
        return bool(living) or bool(self.guard.state.closed)

    def _launch(self) -> None:
        self._launched, run = self.post.clock.monotonic(), self.guard.state.run
        try:
            self._hands.launch()
        except OSError as error:
            text = f"no standby can be started: {error}; this guard watches on alone"
            self.guard.ledger.tell("alarm", "NOBODY STANDS BY", text, run, f"golive status {run}")

    def _say_unreached(self) -> None:
        if self.post.gone():
            return
        run = self.guard.state.run
        text = "this guard knows nothing about the other one: nothing moves forward, and it watches on"
        self.guard.ledger.tell("alarm", "THE STORE DOES NOT ANSWER", text, run, f"golive status {run}")

    # --- beginning and end ------------------------------------------------------------------
    def _say_started(self, role: str) -> None:
        self._told = True
        began_with = self.following.began_with
        other = {"began_with": began_with} if began_with not in ("", self.post.code) else {}
        body = {"guard": self.member.guard, "pid": str(self.member.pid), "code": self.post.code, "as": role}
        self.guard.ledger.append(Kind.GUARD_STARTED, {**body, **other, "stands": self.post.stands})

    def _stopped(self, why: str) -> None:
        if self._told and not self.post.gone():
            self.guard.ledger.append(Kind.GUARD_STOPPED, {"guard": self.member.guard, "why": why})

    def _forget(self, member: Member) -> None:
        try:
            self.post.book.leave(member)
        except StoreUnavailable:
            return  # its beats have ended, and that says the same a little later


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
