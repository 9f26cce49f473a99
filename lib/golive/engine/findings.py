"""What the guard finds while it watches, as findings of the record."""

from __future__ import annotations

from typing import Any

from golive.core.skew import MOST
from golive.core.state import State
from golive.ports import Result


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
