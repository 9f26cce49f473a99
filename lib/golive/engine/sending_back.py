"""The guard's rollback: acts first, writes down after, insists, goes to the last resort, and verifies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from golive.core.record import Kind
from golive.core.samples import Version
from golive.core.state import State
from golive.engine.ledger import Ledger
from golive.engine.mine import Mine
from golive.engine.post import Post
from golive.engine.rollback import RolledBack, Step, insist, roll_back
from golive.engine.sight import Sight
from golive.ports import Alive, LastResort

NOTIFY_AFTER = 2.0
IN_FLIGHT = 3.5
COUNTED_FROM = 2.0
COUNTS_WITHIN, COUNT_AGAIN = 4.0, 0.2  # a look that takes in the counts may come late
LONGEST_LAG = 10.0
UNDO_WITHIN = 10.0
INCIDENT = "91_incident.ipynb"


class SendingBack:
    """Sends everybody of one run back to stable."""

    def __init__(self, post: Post, ledger: Ledger, sight: Sight) -> None:
        self._post, self._ledger, self._sight = post, ledger, sight
        self._clock, self._router = post.clock, post.sources.router
        self._used: set[int] = set()

    async def send_back(self, reason: str, request: str, phase: str, state: State, even_though: str = "") -> None:
        """Send everybody back at once, write it down, and see that it is so: read back, counted, stable healthy."""
        self._post.reserve()
        mine = Mine(state.claim, state.canary)
        body: dict[str, Any] = {"act": "rollback", "request": request, "because": reason}
        body |= {"by": "request" if request else "guard", "claim": mine.claim, "canary": mine.canary}
        body |= {"even_though": even_though} if even_though else {}
        begun = self._clock.monotonic()
        rolled = await roll_back(self._router, self._clock, reason, 1, mine)
        intent = self._ledger.append(Kind.INTENT, {**body, "read_back": rolled.read_back}, phase)
        done: list[str] = []
        if not rolled.over:
            steps = self._steps(reason, phase, state, done)
            rolled = await insist(self._router, self._clock, reason, mine, rolled, begun, steps)
        self._tell(rolled, reason, done, state.run)
        verified: dict[str, Any] = {"read_back": rolled.read_back, "seconds_to_safe": round(rolled.seconds, 3)}
        verified["tries"] = rolled.tries
        if not rolled.superseded:
            verified |= await self._verified(self._clock.monotonic())
        if done:
            verified["last_resort"] = done
        outcome = {**body, "intent": intent, "result": rolled.result, "share": 0.0, "seen": _seen(rolled, verified)}
        self._ledger.append(Kind.OUTCOME, {**outcome, "verified": verified}, phase)

    def _steps(self, reason: str, phase: str, state: State, done: list[str]) -> list[tuple[float, Step]]:
        async def notify(why: str) -> None:
            title, text = "THE ROUTER DOES NOT TAKE THE ROLLBACK", f"{reason}; {why}"
            self._ledger.tell("alarm", title, text, state.run, "ROLLBACK.txt in the run's folder")

        def using(number: int, resort: LastResort) -> Step:
            async def use(why: str) -> None:
                if number in self._used:
                    return
                used = await resort.use(reason)
                self._used |= {number} if used.done else set()
                done.append(f"{resort.name}: {used.what}")
                told = {"number": number, "driver": resort.name, "because": f"{reason}; {why}"}
                self._ledger.append(Kind.LAST_RESORT, {**told, "done": used.done, "did": used.what}, phase)
                title = "LAST RESORT USED" if used.done else "LAST RESORT FAILED"
                self._ledger.tell("alarm", title, f"{resort.name}: {used.what}", state.run, INCIDENT)

            return use

        self._used |= state.resorts
        resorts = ((after, using(n, resort)) for n, (after, resort) in enumerate(self._post.resorts, 1))
        return [(NOTIFY_AFTER, notify), *resorts]

    def _tell(self, rolled: RolledBack, reason: str, done: Sequence[str], run: str) -> None:
        if rolled.superseded:
            self._ledger.tell("alarm", "NOT ROLLED BACK: NOT OURS", f"{reason}; {rolled.why}", run, "golive status")
            return
        title = "ROLLED BACK" if rolled.done else "ROLLBACK NOT CONFIRMED"
        text = "; ".join([reason, *([] if rolled.done else [rolled.why]), *done])
        self._ledger.tell("alarm", title, text, run, INCIDENT)

    async def _verified(self, since: float) -> dict[str, Any]:
        """Look, once requests in flight are over, whether visitors meet the canary, how stable is, and what is left."""
        undone = asyncio.ensure_future(self._also_undo())
        lag = self._post.sources.metrics.can.lag
        await self._clock.sleep(IN_FLIGHT + min(lag, LONGEST_LAG))
        until = self._clock.monotonic() + COUNTS_WITHIN
        counted = self._sight.requests(since + COUNTED_FROM)
        while not sum(counted.values()) and self._clock.monotonic() < until:
            await self._clock.sleep(COUNT_AGAIN)
            counted = self._sight.requests(since + COUNTED_FROM)
        stable = await self._post.sources.health.probe(Version.STABLE)
        return {
            "counted_after": counted[Version.CANARY] if sum(counted.values()) else None,
            "stable_healthy": isinstance(stable, Alive),
            "also_undo": await undone,
        }

    async def _also_undo(self) -> list[dict[str, Any]]:
        try:
            async with asyncio.timeout(UNDO_WITHIN):
                return [dict(one) for one in await self._post.also_undo()]
        except TimeoutError:
            return [{"name": "also_undo", "sentence": "what else is to be undone", "result": "could not measure"}]


def _seen(rolled: RolledBack, verified: dict[str, Any]) -> str:
    if rolled.done:
        return "0 % read back from the router"
    if rolled.superseded:
        return f"left alone: {rolled.why}"
    said = f"not confirmed: {rolled.why}"
    if "last_resort" in verified:
        said += f"; last resort: {'; '.join(verified['last_resort'])}"
    if verified["counted_after"] == 0:
        said += "; no visitor was counted on the canary after it"
    return said
