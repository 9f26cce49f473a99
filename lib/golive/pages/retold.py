"""What the calls of a page have answered, told again from the record alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from golive.core.folding import fold
from golive.core.plan import Plan
from golive.core.record import Entry, Kind
from golive.core.samples import Sample
from golive.core.state import Act, PhaseState, State
from golive.core.verdict import Word, from_json
from golive.pages import rollbacks, tables
from golive.pages.answer import Answer
from golive.pages.charts import Event, conclusion, golive_chart, soak_chart
from golive.pages.watched import summaries_table, watched_table
from golive.pages.words import clock, percent, span
from golive.ports import Finding, Result

LONGEST_KEY = 200


@dataclass(frozen=True)
class Retold:
    """One call's answer.

    Attributes:
        key: Words that an output has which holds this very answer.
    """

    answer: Answer
    key: str


@dataclass(frozen=True)
class Told:
    """What is known of a run, and what its pages' cells have answered by it.

    `samples` are those of the whole run, as they came.
    """

    entries: Sequence[Entry]
    state: State
    samples: Sequence[Sample]
    plan: Plan

    def of_phase(self, phase: str) -> dict[str, Retold]:
        """Give what the cells of a phase's page have answered, by the cell's id; what nobody has done is not there."""
        here = self.state.named(phase)
        told = {cell: tell(self, here) for cell, tell in CELLS.items()}
        return {cell: one for cell, one in told.items() if one is not None}

    def of_incident(self) -> dict[str, Retold]:
        """Give what the cells of the incident's page answer; nothing where nobody was sent back."""
        if self.state.rollback is None:
            return {}
        title = conclusion(self.samples, self.plan.criteria)
        picture = golive_chart(self.samples, criteria=self.plan.criteria, title=title, events=())
        answers = {
            "timeline": tables.timeline(self.entries),
            "evidence": Answer("DONE", title, picture=picture, picture_text=title),
            "escalation": tables.escalation(self.plan),
        }
        return {cell: Retold(answer, answer.headline) for cell, answer in answers.items()}


def opened(told: Told, here: PhaseState) -> Retold | None:
    """Give when the page was opened, and by whom."""
    entry = next((e for e in told.entries if e.kind is Kind.PHASE_OPENED and e.phase == here.name), None)
    if entry is None:
        return None
    by = f"{entry.who['name']} (claimed), {entry.who['user']}@{entry.who['host']} (seen)"
    return Retold(Answer("DONE", f"{here.title} was opened at {clock(entry.at)}", [("operator", by)]), here.title)


def checks(told: Told, here: PhaseState, stage: str = "start") -> Retold | None:
    """Give the newest round of a phase's checks."""
    newest: list[Finding] | None = None
    round_ = list[Finding]()
    for entry in told.entries:
        if entry.body.get("stage") != stage:
            continue
        if entry.kind is Kind.FINDING:
            known = {field.name for field in fields(Finding)} & entry.body.keys()
            round_.append(
                Finding(**{name: entry.body[name] for name in known} | {"result": Result(entry.body["result"])})
            )
        elif entry.kind is Kind.CHECKED:
            newest, round_ = (round_ if entry.phase == here.name else newest), []
    return _headed(tables.checks_answer(newest)) if newest is not None else None


def special(told: Told, here: PhaseState) -> Retold | None:
    """Give the newest round of what is special in a phase."""
    return checks(told, here, "special")


def baseline(told: Told, here: PhaseState) -> Retold | None:
    """Give what was normal; every page of a phase that was opened asks for it."""
    entry = next((e for e in told.entries if e.kind is Kind.BASELINE), None)
    if entry is None or not here.opened_at:
        return None
    answer = tables.baseline_answer(entry.body, "", told.plan)
    return Retold(answer, answer.facts[0][1] if answer.facts else answer.headline)


def shift(told: Told, here: PhaseState) -> Retold | None:
    """Give what came of the newest shift."""
    return _acted(here.shift)


def proof(told: Told, here: PhaseState) -> Retold | None:
    """Give what came of the newest proof."""
    return _acted(here.proof)


def soak(told: Told, here: PhaseState) -> Retold | None:
    """Give how the soak ended, with its chart from the beginning; one that a rollback ended, too."""
    rollback = told.state.rollback
    if here.soaked is not None:
        return Retold(soaked(here, told.samples, told.plan, ""), clock(here.soaked["at"]))
    if rollback is None or rollback.phase != here.name or here.shift is None or not here.shift.done:
        return None
    because = str(rollback.detail.get("because", ""))
    own = [sample for sample in told.samples if sample.phase == here.name]
    title = conclusion(own, told.plan.criteria)
    picture = picture_of(here, own, told.plan, title)
    facts = [("in this phase", title)]
    answer = Answer("ROLLED BACK", f"a rollback ended the soak: {because}", facts, picture=picture, picture_text=title)
    return Retold(answer, because[:LONGEST_KEY])


def soaked(here: PhaseState, samples: Sequence[Sample], plan: Plan, then: str) -> Answer:
    """Give how the soak of a phase ended, which it has, with its chart."""
    assert here.soaked is not None
    own = [sample for sample in samples if sample.phase == here.name]
    title, end = conclusion(own, plan.criteria), here.soaked
    facts = [
        ("soaked", span(end["seconds"])),
        ("ended at", clock(end["at"])),
        ("the guard says", f"{end['word']}: {end['reason']}"),
    ]
    word, headline = "DONE", title
    if end["word"] != Word.PROCEED:
        word, headline = "HOLD", end["reason"]
        facts.append(("counted", title))
    picture, lines = picture_of(here, own, plan, title), watched_table(end.get("watched", ()))
    hours = summaries_table(here.summaries)
    return Answer(word, headline, facts, lines, picture, title, then, second_table=hours)


def picture_of(here: PhaseState, own: Sequence[Sample], plan: Plan, title: str) -> bytes:
    """Give a phase's chart by its own samples, with its shift marked, as a PNG."""
    events = []
    if here.shift is not None and here.shift.done:
        moved = datetime.fromisoformat(here.shift.ended_at).timestamp()
        events.append(Event(moved, f"{percent(here.share)} on the canary"))
    return soak_chart(own, criteria=plan.criteria, title=title, events=events)


def verdict(told: Told, here: PhaseState) -> Retold | None:
    """Give the newest frozen verdict, with its criteria."""
    judged = _when_closed(told, here).judged
    if judged is None:
        return None
    frozen = from_json(judged.body["verdict"])
    answer = tables.verdict_answer(frozen, code=judged.code, picture=None, note=told.plan.note)
    return Retold(answer, judged.code)


def decision(told: Told, here: PhaseState) -> Retold | None:
    """Give what was decided, by whom and why."""
    then = _when_closed(told, here)
    made = then.decision
    if made is None:
        return None
    said = f"{made.choice}, signed {made.name}: {made.because}"
    facts = [("answers", made.code), ("at", clock(made.at))]
    for one in then.approved:
        if one.code == made.code:
            pasted = ", as the pasted line says" if one.pasted else ""
            facts.append(("approved by", f"{one.name} ({one.user}@{one.host}{pasted}): {one.because}"))
    return Retold(Answer("DONE", said, facts), said[:LONGEST_KEY])


def _when_closed(told: Told, here: PhaseState) -> PhaseState:
    """Give a phase as it was closed: on the next page it may be judged once more."""
    ends = (n for n, e in enumerate(told.entries, 1) if e.kind is Kind.PHASE_CLOSED and e.phase == here.name)
    end = next(ends, None)
    return here if end is None else fold(told.entries[:end]).named(here.name)


def closed(told: Told, here: PhaseState) -> Retold | None:
    """Give when the phase was closed, and the run where that was the end of it."""
    state = told.state
    rolled_here = state.rollback is not None and state.rollback.phase == here.name
    end = f"the run was closed as {state.closed} at {clock(state.closed_at)}" if state.closed else ""
    if not here.closed_at:
        return Retold(Answer("DONE", end), f"closed as {state.closed}") if end and rolled_here else None
    said = f"{here.title} closed at {clock(here.closed_at)}"
    if end and here is state.phases[-1]:
        return Retold(Answer("DONE", f"{said}; {end}"), f"closed as {state.closed}")
    return Retold(Answer("DONE", said), f"{here.title} closed")


def rollback(told: Told, here: PhaseState) -> Retold | None:
    """Give what the rollback that somebody asked for in this phase came to."""
    act = told.state.rollback
    if act is None or act.phase != here.name or act.open or not act.request:
        return None
    return _headed(rollbacks.rollback_answer(act))


def _finding(entry: Entry) -> Finding:
    known = {field.name: entry.body[field.name] for field in fields(Finding) if field.name in entry.body}
    return Finding(**known | {"result": Result(entry.body["result"])})


def _acted(act: Act | None) -> Retold | None:
    if act is None or act.open:
        return None
    return Retold(tables.act_answer(act, ""), f"{act.name} at {clock(act.ended_at)}")


def _headed(answer: Answer) -> Retold:
    return Retold(answer, answer.headline[:LONGEST_KEY])


CELLS: dict[str, Callable[[Told, PhaseState], Retold | None]] = {
    "open": opened,
    "checks": checks,
    "baseline": baseline,
    "shift": shift,
    "prove": proof,
    "soak": soak,
    "special": special,
    "judge": verdict,
    "decide": decision,
    "close": closed,
    "rollback": rollback,
}
