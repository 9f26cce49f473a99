"""The pages of one run: prepared in its folder with their parameters filled in, each once, and never overwritten."""

from __future__ import annotations

import papermill

from golive.core.phases import page_names
from golive.core.state import State
from golive.execution.pages import prepare as take_in_hand
from golive.execution.pages import refuse_unknown
from golive.plans import notebook
from golive.run import Run

ROLLBACK, INCIDENT = "90_rollback", "91_incident"


def prepare(run: Run, operator: str) -> list[str]:
    """Prepare every page that the run has not yet, for that operator; give the names of those made.

    Raises:
        NameUnknown: If a template lacks a parameter.
        OSError: If a page can't be written.
    """
    take_in_hand()
    common = {"plan": run.plan.name, "run": run.folder.name, "operator": operator}
    names = page_names(run.plan.phases)
    wanted = {names[phase.name]: (phase.notebook, {"phase": phase.name}) for phase in run.plan.phases}
    wanted |= {name: (name, {}) for name in (ROLLBACK, INCIDENT)}
    made = []
    for name, (template, own) in wanted.items():
        target = run.folder.pages / f"{name}.ipynb"
        if target.exists():
            continue
        source = target.with_name(f".template-{name}.ipynb")
        source.write_text(notebook(template), encoding="utf-8")
        try:
            parameters = {**common, **own}
            refuse_unknown(source, parameters)
            papermill.execute_notebook(
                str(source.resolve()), str(target.resolve()), parameters, prepare_only=True, progress_bar=False
            )
        finally:
            source.unlink()
        made.append(name)
    return made


def right_page(state: State) -> str:
    """Give the page on which a run goes on: the first phase's that is not over, or the one for what went wrong."""
    if state.rollback is not None:
        return INCIDENT if state.rollback.done else ROLLBACK
    names = page_names(state.phases)
    unfinished = next((phase for phase in state.phases if not phase.over), state.phases[-1])
    return names[unfinished.name]
