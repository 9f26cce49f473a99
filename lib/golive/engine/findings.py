"""What the guard finds beside the verdict: clocks, code, and whether the switch outside can be called."""

from __future__ import annotations

from typing import Any

from golive.core.record import Kind
from golive.core.skew import MOST
from golive.core.state import State
from golive.engine.clocks import ClockWatch
from golive.engine.dead_man import DeadMan
from golive.engine.ledger import Ledger
from golive.engine.post import Post
from golive.ports import Result


class Findings:
    """Enters what the acting guard finds, each once, and calls the dead man's switch."""

    def __init__(self, post: Post, ledger: Ledger) -> None:
        self._ledger, self._run = ledger, ""
        self._clocks = ClockWatch(post.clock)
        self._skew: float | None = None
        self._code_said = False
        rule = post.plan.guarding.dead_man
        every = rule.every.total_seconds() if rule is not None else 0.0
        self._dead_man = DeadMan(post.switch, every, post.clock, self._say_switch)

    def look(self, state: State, skew: float | None) -> None:
        """Look once; `skew` is by how many seconds the clock of the counts' source is ahead of ours."""
        self._run, self._skew = state.run, skew
        phase = state.phase.name if state.phase is not None else ""
        other = of_code(state)
        if other is not None and not self._code_said:
            self._code_said = True
            self._ledger.append(Kind.FINDING, other, phase)
        for seen in self._clocks.look(skew):
            self._ledger.append(Kind.FINDING, of_clocks(seen), phase)
            self._ledger.tell("warning", "CLOCKS DISAGREE", seen, self._run, "golive status")
        self._dead_man.look()

    def to_json(self) -> dict[str, Any]:
        """Give what the views show of it."""
        return {"skew": self._skew, "dead_man": self._dead_man.to_json()}

    def _say_switch(self, said: str) -> None:
        self._ledger.append(Kind.NOTE, {"text": said})
        self._ledger.tell("warning", "DEAD MAN'S SWITCH", said, self._run, "golive status")


def of_clocks(seen: str) -> dict[str, Any]:
    """Give the finding that clocks disagree."""
    return _failed("clocks-agree", "The clocks agree", f"within {MOST:.0f} s", seen)


def of_code(state: State) -> dict[str, Any] | None:
    """Give the finding that the guard runs other code than the run was opened with; None when it does not."""
    if not state.other_code:
        return None
    seen = f"{state.guard.id if state.guard else 'the guard'} runs {state.other_code}"
    return _failed("same-code", "The guard runs the code that the run was opened with", state.code, seen)


def _failed(check: str, sentence: str, expected: str, seen: str) -> dict[str, Any]:
    said = {"stage": "watch", "check": check, "sentence": sentence, "expected": expected, "seen": seen}
    return {**said, "result": Result.FAIL.value}
