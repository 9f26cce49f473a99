"""What the guard does to the world but sending back: shift, prove, set back. Each is bracketed by two entries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from golive.core.errors import LeaseLost, Stopped
from golive.core.folding import fold
from golive.core.order import Step, let_go
from golive.core.record import Entry, Kind
from golive.core.state import Act, State
from golive.engine.deploying import carry_out
from golive.engine.ledger import Ledger
from golive.engine.mine import Mine
from golive.engine.post import Post
from golive.engine.proving import prove_counted, prove_forced
from golive.engine.rollback import called
from golive.engine.sight import Sight
from golive.engine.stray import SAME, Stray
from golive.ports import Claiming, Done, Proof, Refused, Split, Superseded, Unknown

PROOF_DELAY = 1.0
ACT_DEADLINE = 5.0
READ_AGAIN = 0.5
UNREACHED = "the store does not answer, and without it nothing moves forward"


@dataclass(frozen=True)
class Came:
    """What a move came to: its result in the record's words, what was seen, and the canary that the router shows."""

    result: str
    seen: str
    canary: str = ""
    not_ours: bool = False


class Acts:
    """The acts of one guard.

    `holds` says whether it holds the lease at this very moment, False when the store does not say, and raises
    LeaseLost when another does; `rolling` that a rollback is what cuts off the others.
    """

    def __init__(self, post: Post, ledger: Ledger, sight: Sight, holds: Callable[[], bool]) -> None:
        self._post, self._ledger, self._sight, self._holds = post, ledger, sight, holds
        self._clock, self._router = post.clock, post.sources.router
        self.rolling = self._sent = False

    def begin(self, asked: Act, state: State) -> Coroutine[Any, Any, None]:
        """Give what an operator asked for, to be awaited."""
        return {"shift": self.shift, "prove": self.prove}.get(asked.name, self.deploy)(asked, state)

    async def shift(self, asked: Act, state: State) -> None:
        """Move the split forward as asked; without its intent in the record nobody is moved."""
        share, expect = float(asked.detail["share"]), state.split if state.strayed is None else state.strayed
        mine = Mine(state.claim, state.canary)
        body = {"act": "shift", "request": asked.request, "share": share, "expect": expect, "by": "request"}
        body["claim"] = mine.claim
        begun = self._clock.monotonic()
        try:
            intent = self._ledger.intend(body, asked.phase, may=_still_wanted(asked.request))
        except Stopped:
            return  # a rollback, or the end of the run, came first: there is nothing to answer any more
        if intent is None:
            return
        try:
            with self._cut_off({**body, "intent": intent}, asked.phase):
                came = self._undecided(asked.phase, state)
                came = came or await self._set(share, expect, bool(asked.detail.get("attended")), mine)
        except LeaseLost:
            return  # whoever acts now reads the router, and says what came of it
        took = round((self._clock.monotonic() - begun) * 1000, 1)
        outcome = {**body, "intent": intent, "result": came.result, "seen": came.seen, "milliseconds": took}
        outcome |= {"canary": came.canary, "not_ours": came.not_ours}
        outcome["moment"] = self._clock.moment().to_json()
        self._ledger.append(Kind.OUTCOME, outcome, asked.phase)

    async def prove(self, asked: Act, state: State) -> None:
        """Prove the split: by counting visitors since the shift or, where the router wants it, by forced requests.

        The result is "done", "failed" when it is shown not to be so, "unknown" when that is not enough yet:
        asked again, it goes on.
        """
        share, sight = state.split, self._sight
        body = {"act": "prove", "request": asked.request, "share": share, "by": "request"}
        intent = self._ledger.intend(body, asked.phase)
        if intent is None:
            return
        why = Mine(state.claim, state.canary).not_ours(sight.inbox.split)
        if why:
            outcome = {**body, "intent": intent, "result": "failed", "seen": why}
            self._ledger.append(Kind.OUTCOME, outcome, asked.phase)
            return
        since = sight.soak_of(state, state.named(asked.phase)).since + PROOF_DELAY
        forcing = self._post.sources.forcing
        with self._cut_off({**body, "intent": intent}, asked.phase):
            if self._router.can.proof is Proof.COUNTED or forcing is None:
                proven = await prove_counted(sight, self._clock, share, since)
            else:
                proven = await prove_forced(forcing, sight, self._clock, share, since)
        outcome = {**body, "intent": intent, "result": proven.result, "seen": proven.seen}
        told = {"counted": dict(proven.counted), "read_back": proven.read_back}
        self._ledger.append(Kind.OUTCOME, {**outcome, **told}, asked.phase)

    async def deploy(self, asked: Act, state: State) -> None:
        """Tag, promote or alias what the request names; the driver reads, acts and reads again, and moves no share."""
        body = {"act": asked.name, "request": asked.request, "by": "request"}
        body |= {key: str(asked.detail.get(key, "")) for key in ("name", "because")}
        try:
            intent = self._ledger.intend(body, asked.phase, may=_still_wanted(asked.request))
        except Stopped:
            return
        if intent is None:
            return
        try:
            with self._cut_off({**body, "intent": intent}, asked.phase, "unknown"):
                result, seen = await self._carry_out(asked, body, Mine(state.claim, state.canary))
        except LeaseLost:
            return
        self._ledger.append(Kind.OUTCOME, {**body, "intent": intent, "result": result, "seen": seen}, asked.phase)

    async def set_back(self, stray: Stray, phase: str, state: State) -> None:
        """Undo a share above the recorded one, and say for how long it can have stood."""
        because = f"the router read back {stray.share:.2%} and the record says {stray.recorded:.2%}"
        body = {"act": "set back", "request": "", "share": stray.recorded, "found": stray.share, "because": because}
        body["by"] = "guard"
        intent = self._ledger.append(Kind.INTENT, body, phase)
        with self._cut_off({**body, "intent": intent}, phase):
            split = await called(self._router.read())
            if isinstance(split, Split):
                came = await self._put(stray.recorded, None, Mine(state.claim, state.canary), split)
            else:
                came = Came("unknown", split.why)
        result, seen = came.result, came.seen
        stood = round(self._clock.monotonic() - stray.since, 1)
        outcome = {**body, "intent": intent, "result": result, "seen": seen, "stood": stood}
        self._ledger.append(Kind.OUTCOME, outcome, phase)
        title = "SPLIT SET BACK" if result == "done" else "SPLIT NOT SET BACK"
        text = f"{because}, for {stood:.1f} s at most: {seen}"
        self._ledger.tell("alarm", title, text, state.run, f"golive status {state.run}")

    async def release(self, state: State) -> None:
        """Give the router's claim back, once nobody is on the canary any more or everybody is."""
        mine, router = Mine(state.claim, state.canary), self._router
        if not isinstance(router, Claiming) or not router.can.claims or not state.claimed:
            return
        body = {"act": "release", "request": "", "claim": mine.claim, "by": "guard"}
        intent = self._ledger.append(Kind.INTENT, body)
        split = await called(router.read())
        if not isinstance(split, Split) or split.claim != mine.claim:
            seen = split.why if isinstance(split, Unknown) else f"claimed by {split.claim or 'nobody'}"
            result = "unknown" if isinstance(split, Unknown) else "superseded"
        elif 0 < split.share < 1:
            result, seen = "refused", f"{split.share:.2%} of visitors are on the canary: the claim stays"
        else:
            answer = await called(router.claim("", mine.claim))
            result = answer.__class__.__name__.lower()
            seen = "the router shows no claim" if isinstance(answer, Done) else answer.why
        self._ledger.append(Kind.OUTCOME, {**body, "intent": intent, "result": result, "seen": seen})

    async def _carry_out(self, asked: Act, body: Mapping[str, str], mine: Mine) -> tuple[str, str]:
        split = await called(self._router.read())
        if not isinstance(split, Split):
            return "unknown", split.why
        if why := self._unattended(split, bool(asked.detail.get("attended"))):
            return "refused", why
        if why := mine.not_ours(split):
            return "superseded", why
        if not self._holds():
            return "refused", UNREACHED
        return await carry_out(self._post.sources.deployment, asked.name, body["name"], body["because"])

    @contextlib.contextmanager
    def _cut_off(self, body: Mapping[str, object], phase: str, result: str = "superseded") -> Iterator[None]:
        """Write the outcome of an act that a rollback cuts off: `result` and, once the router was asked, unknown.

        Whom it may have moved, the rollback reads back. What is cut off because this guard acts no more is left to
        whoever acts next.
        """
        self._sent = False
        try:
            yield
        except asyncio.CancelledError:
            if not self.rolling:
                raise
            seen = "cut off by the rollback"
            if self._sent:
                result, seen = "unknown", f"{seen} while the router was asked, which may have done it"
            told = {"result": result, "seen": seen, "cut_off": True}
            self._ledger.append(Kind.OUTCOME, {**body, **told}, phase)
            raise

    def _undecided(self, phase: str, state: State) -> Came | None:
        """Refuse where the decision that leads to this shift does not stand, by the verdict that is seen now."""
        verdict, now = self._sight.verdict, self._clock.moment()
        at = state.phase.name if state.phase is not None else ""
        seen = {**verdict.to_json(), "phase": at} if verdict is not None else None
        stop = let_go(state, state.named(phase), now, seen)
        return Came("refused", f"{stop.why}; {stop.next}") if stop is not None else None

    async def _set(self, share: float, expect: float, attended: bool, mine: Mine) -> Came:
        split = await called(self._router.read())
        if not isinstance(split, Split):
            return Came("unknown", split.why)
        if why := self._unattended(split, attended):
            return Came("refused", why)
        if not self._holds():
            return Came("refused", UNREACHED)
        return await self._put(share, expect, mine, split)

    def _unattended(self, split: Split, attended: bool) -> str:
        """Say why nobody who is not at the keyboard may act on this router; "" when they may."""
        ours = bool(self._post.token) and split.token == self._post.token
        if ours or attended or self._post.plan.unattended:
            return ""
        return "nobody is at the keyboard, and this router is not one that the run's own world started"

    async def _put(self, share: float, expect: float | None, mine: Mine, split: Split) -> Came:
        """Set a share on a router that stands as `split` says, if it is ours or nobody's, and read it back."""
        came = await self._claimed(mine, split)
        if came is not None:
            return came
        self._sent = True
        answer = await called(self._router.set(share, expect), ACT_DEADLINE)
        if isinstance(answer, Refused | Superseded):
            return Came(answer.__class__.__name__.lower(), answer.why)
        back = await self._shown(share)
        if isinstance(back, Split) and abs(back.share - share) < SAME:
            return Came("done", f"{back.share:.2%} read back from the router", back.canary)
        if isinstance(back, Split) and not isinstance(answer, Done):
            return Came("refused", f"the router still reads back {back.share:.2%}: {answer.why}")
        why = "" if isinstance(answer, Done) else f": {answer.why}"
        return Came("unknown", f"the router does not say what it did{why}")

    async def _claimed(self, mine: Mine, split: Split) -> Came | None:
        """Claim the router, where it can show that; give what came of it when it is not ours."""
        if why := mine.not_ours(split):
            return Came(
                "superseded",
                f"{why}: one go-live at a time, and golive release gives back one that is over",
                not_ours=True,
            )
        if not isinstance(self._router, Claiming) or not self._router.can.claims:
            return None
        answer = await called(self._router.claim(mine.claim, split.claim))
        if isinstance(answer, Done):
            return None
        result = answer.__class__.__name__.lower()
        why = mine.not_ours(answer.split) if isinstance(answer, Superseded) else ""
        return Came(result, f"the router could not be claimed: {why or answer.why}", not_ours=bool(why))

    async def _shown(self, share: float) -> Split | Unknown:
        """Read until the share shows, or for as long as reads of this router may be behind; give the last read."""
        until = self._clock.monotonic() + self._router.can.read_lag
        while True:
            back = await self._router.read()
            shown = isinstance(back, Split) and abs(back.share - share) < SAME
            if shown or self._clock.monotonic() >= until:
                return back
            await self._clock.sleep(READ_AGAIN)


def _still_wanted(request: str) -> Callable[[Sequence[Entry]], None]:
    def check(entries: Sequence[Entry]) -> None:
        state = fold(entries)
        forward = state.request is not None and state.request.name != Step.PROMOTE
        if (state.rolled_back and forward) or state.closed or state.request is None or state.request.request != request:
            raise Stopped("this is no longer wanted", "golive status")

    return check
