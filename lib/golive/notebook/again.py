"""A cell that is run again after its phase was closed: it shows what was, and does nothing."""

from __future__ import annotations

from dataclasses import replace

from golive.core.state import Act
from golive.notebook.soak import samples_of
from golive.pages.answer import Answer
from golive.pages.words import clock
from golive.run import Run


def from_the_record(run: Run, phase: str, cell: str) -> Answer | None:
    """Give what the cell of that id has answered in a phase, None where the record knows of nothing."""
    from golive.pages.retold import CELLS, Told  # with charts, which an open page draws when it needs them

    entries, state = run.store.read(), run.state()
    here = state.named(phase)
    samples = samples_of(run, phase) if cell == "soak" else ()
    told = CELLS[cell](Told(entries, state, samples, run.plan), here)
    if told is None:
        return None
    was = ("from the record", f"{here.title} was closed at {clock(here.closed_at)}; nothing was done now")
    return replace(told.answer, facts=[was, *told.answer.facts], next="")


def seen_by(act: Act | None) -> list[tuple[str, str]]:
    """Give what the guard saw of an act that is done, as a fact."""
    return [("the guard saw", str(act.detail["seen"]))] if act is not None and act.detail.get("seen") else []
