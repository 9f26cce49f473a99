"""What people answer for, told again from the record for an archive's pages, besides what `retold` tells."""

from __future__ import annotations

from dataclasses import replace

from golive.core.escalation import beginning
from golive.core.phases import PhaseKind
from golive.pages.calling import IN_THIS_ORDER, escalation
from golive.pages.closings import with_stand_in
from golive.pages.let_through import let_through
from golive.pages.retold import Retold, Told


def of_phase(told: Told, phase: str) -> dict[str, Retold]:
    """Give what the cells of a phase's page have answered, with who closed it for whom, and what was let through."""
    answers, here = told.of_phase(phase), told.state.named(phase)
    if "close" in answers:
        answers["close"] = replace(answers["close"], answer=with_stand_in(answers["close"].answer, here))
    if here.kind is PhaseKind.COMPLETION and here.opened_at:
        answer = let_through(told.state, told.entries)
        answers["waivers"] = Retold(answer, answer.headline)
    return answers


def of_incident(told: Told) -> dict[str, Retold]:
    """Give what the cells of the incident's page answer, with when each call was due."""
    answers = told.of_incident()
    if answers:
        calls = escalation(told.plan, beginning(told.entries))
        answers["escalation"] = Retold(calls, IN_THIS_ORDER)
    return answers
