"""What the guard does to the world: shift, prove, send back. Each is bracketed by two entries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from golive.core.errors import Stopped
from golive.core.folding import fold
from golive.core.order import Step
from golive.core.record import Entry, Kind
from golive.core.samples import Version
from golive.core.state import Act, State
from golive.engine.deploying import carry_out
from golive.engine.ledger import Ledger
from golive.engine.post import Post
from golive.engine.proving import prove_counted, prove_forced
from golive.engine.rollback import roll_back
from golive.engine.sight import Sight
from golive.engine.stray import SAME, Stray
from golive.ports import Alive, Done, Proof, Refused, Split, Superseded, Unknown

PROOF_DELAY = 1.0
ACT_DEADLINE = 5.0
IN_FLIGHT = 3.5
COUNTED_AFTER = 1.5
READ_AGAIN = 0.5


class Acts:
    """The acts of one guard."""

    def __init__(self, post: Post, ledger: Ledger, sight: Sight) -> None:
        self._post, self._ledger, self._sight = post, ledger, sight
        self._clock, self._router = post.clock, post.sources.router

    def begin(self, asked: Act, state: State) -> Coroutine[Any, Any, None]:
        """Give what an operator asked for, to be awaited."""
        return {"shift": self.shift, "prove": self.prove}.get(asked.name, self.deploy)(asked, state)

    async def shift(self, asked: Act, state: State) -> None:
        """Move the split forward as asked; without its intent in the record nobody is moved."""
        share, expect = float(asked.detail["share"]), state.split if state.strayed is None else state.strayed
        body = {"act": "shift", "request": asked.request, "share": share, "expect": expect, "by": "request"}
        begun = self._clock.monotonic()
        try:
            intent = self._ledger.append(Kind.INTENT, body, asked.phase, may=_still_wanted(asked.request))
        except Stopped:
            return  # a rollback, or the end of the run, came first: there is nothing to answer any more
        if not self._ledger.stored:
            return
        with self._cut_off({**body, "intent": intent}, asked.phase):
            result, seen = await self._set(share, expect, bool(asked.detail.get("attended")))
        took = round((self._clock.monotonic() - begun) * 1000, 1)
        outcome = {**body, "intent": intent, "result": result, "seen": seen, "milliseconds": took}
        self._ledger.append(Kind.OUTCOME, outcome, asked.phase)

    async def prove(self, asked: Act, state: State) -> None:
        """Prove the split: by counting visitors since the shift or, where the router wants it, by forced requests.

        The result is "done", "failed" when it is shown not to be so, "unknown" when that is not enough yet:
        asked again, it goes on.
        """
        share, sight = state.split, self._sight
        body = {"act": "prove", "request": asked.request, "share": share, "by": "request"}
        intent = self._ledger.append(Kind.INTENT, body, asked.phase)
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
            intent = self._ledger.append(Kind.INTENT, body, asked.phase, may=_still_wanted(asked.request))
        except Stopped:
            return
        if not self._ledger.stored:
            return
        split = await self._router.read()
        if not isinstance(split, Split):
            result, seen = "unknown", split.why
        elif why := self._not_ours(split, bool(asked.detail.get("attended"))):
            result, seen = "refused", why
        else:
            with self._cut_off({**body, "intent": intent}, asked.phase, "unknown"):
                result, seen = await carry_out(self._post.sources.deployment, asked.name, body["name"], body["because"])
        self._ledger.append(Kind.OUTCOME, {**body, "intent": intent, "result": result, "seen": seen}, asked.phase)

    async def set_back(self, stray: Stray, phase: str, run: str) -> None:
        """Undo a share above the recorded one, and say for how long it can have stood."""
        because = f"the router read back {stray.share:.2%} and the record says {stray.recorded:.2%}"
        body = {"act": "set back", "request": "", "share": stray.recorded, "found": stray.share, "because": because}
        body["by"] = "guard"
        intent = self._ledger.append(Kind.INTENT, body, phase)
        with self._cut_off({**body, "intent": intent}, phase):
            result, seen = await self._put(stray.recorded, None)
        stood = round(self._clock.monotonic() - stray.since, 1)
        outcome = {**body, "intent": intent, "result": result, "seen": seen, "stood": stood}
        self._ledger.append(Kind.OUTCOME, outcome, phase)
        title = "SPLIT SET BACK" if result == "done" else "SPLIT NOT SET BACK"
        text = f"{because}, for {stood:.1f} s at most: {seen}"
        self._ledger.tell("alarm", title, text, run, f"golive status {run}")

    async def send_back(self, reason: str, request: str, phase: str, run: str) -> None:
        """Send everybody back at once, write it down, and see that it is so: read back, counted, stable healthy."""
        body = {"act": "rollback", "request": request, "because": reason, "by": "request" if request else "guard"}
        begun = self._clock.monotonic()
        rolled = await roll_back(self._router, self._clock, reason, tries=1)
        intent = self._ledger.append(Kind.INTENT, body, phase)
        if not rolled.done:
            before = self._clock.monotonic() - begun
            again = await roll_back(self._router, self._clock, reason)
            rolled = replace(again, seconds=before + again.seconds, tries=rolled.tries + again.tries)
        title = "ROLLED BACK" if rolled.done else "ROLLBACK NOT CONFIRMED"
        text = reason if rolled.done else f"{reason}; {rolled.why}"
        self._ledger.tell("alarm", title, text, run, "91_incident.ipynb")
        await self._clock.sleep(IN_FLIGHT)
        counted_after = self._sight.requests(self._clock.monotonic() - COUNTED_AFTER)[Version.CANARY]
        stable = await self._post.sources.health.probe(Version.STABLE)
        verified = {
            "read_back": rolled.read_back,
            "counted_after": counted_after,
            "stable_healthy": isinstance(stable, Alive),
            "seconds_to_safe": round(rolled.seconds, 3),
            "tries": rolled.tries,
        }
        seen = "0 % read back from the router" if rolled.done else f"not confirmed: {rolled.why}"
        outcome = {**body, "intent": intent, "result": "done" if rolled.done else "failed", "share": 0.0}
        self._ledger.append(Kind.OUTCOME, {**outcome, "seen": seen, "verified": verified}, phase)

    @contextlib.contextmanager
    def _cut_off(self, body: Mapping[str, object], phase: str, result: str = "superseded") -> Iterator[None]:
        """Write the outcome of an act that a rollback cuts off; whom it may have moved, the rollback reads back."""
        try:
            yield
        except asyncio.CancelledError:
            told = {"result": result, "seen": "cut off by the rollback", "cut_off": True}
            self._ledger.append(Kind.OUTCOME, {**body, **told}, phase)
            raise

    async def _set(self, share: float, expect: float, attended: bool) -> tuple[str, str]:
        split = await self._router.read()
        if not isinstance(split, Split):
            return "unknown", split.why
        if why := self._not_ours(split, attended):
            return "refused", why
        return await self._put(share, expect)

    def _not_ours(self, split: Split, attended: bool) -> str:
        """Say why nobody who is not at the keyboard may act on this router; "" when they may."""
        ours = bool(self._post.token) and split.token == self._post.token
        if ours or attended or self._post.plan.unattended:
            return ""
        return "nobody is at the keyboard, and this router is not one that the run's own world started"

    async def _put(self, share: float, expect: float | None) -> tuple[str, str]:
        """Set a share and read it back: the result, and what was seen."""
        answer: Done | Refused | Superseded | Unknown
        try:
            async with asyncio.timeout(ACT_DEADLINE):
                answer = await self._router.set(share, expect)
        except TimeoutError:
            answer = Unknown(f"no answer in {ACT_DEADLINE:.0f} s")
        if isinstance(answer, Refused | Superseded):
            return answer.__class__.__name__.lower(), answer.why
        back = await self._shown(share)
        if isinstance(back, Split) and abs(back.share - share) < SAME:
            return "done", f"{back.share:.2%} read back from the router"
        if isinstance(back, Split) and not isinstance(answer, Done):
            return "refused", f"the router still reads back {back.share:.2%}: {answer.why}"
        why = "" if isinstance(answer, Done) else f": {answer.why}"
        return "unknown", f"the router does not say what it did{why}"

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
