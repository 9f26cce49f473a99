"""What the guard lets record, people and views know of what it sees."""

from __future__ import annotations

from typing import Any

from golive.core.record import Kind
from golive.core.state import State
from golive.core.verdict import Hold
from golive.engine.ledger import Ledger
from golive.engine.sight import Sight
from golive.ports import Split

WANTS_PEOPLE = (Hold.AFTER_CUTOVER, Hold.UNMEASURED, Hold.LINES)


class Telling:
    """Says each thing once: baseline, changes of the verdict."""

    def __init__(self, ledger: Ledger, sight: Sight) -> None:
        self._ledger, self._sight = ledger, sight
        self._said: tuple[Any, ...] = ()

    def go_on_from(self, state: State) -> None:
        """Take the verdict that another guard has written down last for said."""
        if state.verdict is not None:
            self._said = (state.verdict["phase"], state.verdict["word"], state.verdict["hold"])

    def baseline(self, state: State, now: float) -> None:
        """Write down what is normal, once it has been learned."""
        body = self._sight.baseline(state, now)
        if body is not None and state.phase is not None:
            self._ledger.append(Kind.BASELINE, body, state.phase.name)

    def verdict(self, state: State) -> None:
        """Write down a verdict that differs from the one before, and notify people of a hold that wants them."""
        verdict, phase = self._sight.verdict, state.phase
        if verdict is None or phase is None:
            return
        said = (phase.name, verdict.word, verdict.hold)
        if said == self._said:
            return
        self._said = said
        self._ledger.append(Kind.VERDICT, verdict.to_json(), phase.name)
        if verdict.hold in WANTS_PEOPLE:
            self._ledger.tell("warning", f"HOLD: {verdict.hold}", verdict.reason, state.run, "golive status")

    def look(self, state: State, now: float, stored: bool) -> dict[str, Any]:
        """Give what the views show of one look; `stored` says whether all that was said is kept."""
        sight, blind = self._sight, self._sight.blind(now)
        return {
            "phase": state.phase.name if state.phase else "",
            "share": sight.inbox.split.share if isinstance(sight.inbox.split, Split) else None,
            "verdict": sight.verdict.to_json() if sight.verdict else None,
            "claim": sight.inbox.split.claim if isinstance(sight.inbox.split, Split) else "",
            "blind": blind.to_json(now) if blind is not None else None,
            "stored": stored,
            "stable": sight.stable.to_json(),
            "canary_requests": sight.evidence.counts["failed"][0],
            "evidence": sight.trace(),
            "memory": sight.remember(),
            "monotonic": now,
        }
