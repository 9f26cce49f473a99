"""How it is told who closed a phase."""

from __future__ import annotations

from dataclasses import replace

from golive.core.state import PhaseState
from golive.pages.answer import Answer


def with_stand_in(answer: Answer, here: PhaseState) -> Answer:
    """Give the answer of a phase that was closed, with who stood in for whom, where somebody did."""
    return replace(answer, facts=[*answer.facts, ("stood in", here.stood_in)]) if here.stood_in else answer
