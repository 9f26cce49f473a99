"""What came of an act whose guard has died in it: the router is read, and nothing is done a second time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from golive.core.errors import Stopped
from golive.core.intents import unresolved
from golive.core.record import Entry, Kind
from golive.engine.ledger import Ledger, May
from golive.engine.stray import SAME
from golive.ports import Clock, Router, Split, Unknown

LANDED_AFTER = 1.0
READ_WITHIN = 3.0
PATIENCE = 10.0
POLL = 0.5
BY_READING = "resolved by reading the router"


@dataclass(frozen=True)
class Resolved:
    """What an act came to, as far as the router shows it: a word of an outcome's `result`, and what was seen."""

    result: str
    seen: str


def resolve(act: Mapping[str, Any], split: Split | Unknown) -> Resolved:
    """Say what came of an act from what the router reads back now; `act` is the body of its intent."""
    name = str(act["act"])
    if name == "prove":
        return Resolved("unknown", "the guard that counted has ended: not enough yet")
    if name != "rollback" and "share" not in act:
        return Resolved("unknown", "the router's split does not show what came of it")
    if isinstance(split, Unknown):
        return Resolved("unknown", f"the router does not say what it did: {split.why}")
    whose = str(act.get("claim", ""))
    if whose and split.claim not in ("", whose):
        return Resolved("superseded", f"left alone: this router is claimed by {split.claim}, and this run is {whose}")
    wanted = 0.0 if name == "rollback" else float(act["share"])
    back = f"{split.share:.2%} read back from the router"
    if abs(split.share - wanted) < SAME:
        return Resolved("done", back)
    if name == "rollback":
        return Resolved("failed", f"not back on stable yet: {back}")
    return Resolved("refused", f"it did not happen: {back}, and not {wanted:.2%}")


async def resolve_all(intents: Sequence[Entry], router: Router, clock: Clock, ledger: Ledger) -> None:
    """Write the outcome of each intent, once a call that its guard had begun can have landed."""
    await clock.sleep(max(LANDED_AFTER, router.can.read_lag))
    split = await _read(router, clock)
    for intent in intents:
        found = resolve(intent.body, split)
        body = {**intent.body, "intent": intent.id, "result": found.result, "seen": found.seen, "resolved": BY_READING}
        if isinstance(split, Split) and found.result == "done":
            body["canary"] = split.canary
        if intent.body["act"] == "rollback":
            back = split.share if isinstance(split, Split) else None
            body |= {"share": 0.0, "verified": {"read_back": back}}
        with contextlib.suppress(Stopped):
            ledger.append(Kind.OUTCOME, body, intent.phase, may=_still_open(intent))


def _still_open(intent: Entry) -> May:
    def check(entries: Sequence[Entry]) -> None:
        if intent not in unresolved(entries):
            raise Stopped("somebody has written down what came of it", "golive status")

    return check


async def _read(router: Router, clock: Clock) -> Split | Unknown:
    """Read until the router answers, or for as long as may be waited for that."""
    until = clock.monotonic() + PATIENCE
    while True:
        split: Split | Unknown
        try:
            async with asyncio.timeout(READ_WITHIN):
                split = await router.read()
        except TimeoutError:
            split = Unknown(f"no answer in {READ_WITHIN:.0f} s")
        if isinstance(split, Split) or clock.monotonic() > until:
            return split
        await clock.sleep(POLL)
