"""How a page hands over: to the next page, or with the last one to the sealed archive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from golive.core.errors import GoLiveError, Stopped
from golive.core.phases import page_names
from golive.core.responsible import stands_in_for
from golive.core.state import PhaseState, State
from golive.notebook.desk import Desk
from golive.notebook.view import View
from golive.pages.answer import Answer
from golive.run import Run

INDEX = "../../index.html"  # from a page in the run's folder
INCIDENT = "91_incident.ipynb"
END_HERE = "go.close()"
WHOM_TO_CALL = ("what happened, and whom to call", INCIDENT)
ALL_CLOSED = "all phases are closed"


def ends_here(state: State) -> bool:
    """Say whether all that is left is to end a run that was rolled back and that its page may close."""
    if state.closed or state.rollback is None:
        return False
    return state.alone or (state.attended and state.rollback.done)


def closing_body(state: State, here: PhaseState, who: str, because: str) -> dict[str, Any]:
    """Give what the record holds of a phase that `who` closes: for whom they stand in, too, and why."""
    people = stands_in_for(state, here, who)
    body: dict[str, Any] = {"choice": "proceed", "page": here.notebook}
    body |= {"stands_in_for": [[one.role, one.name] for one in people]} if people else {}
    return body | ({"because": because} if because else {})


def refuse_ended(run: Run) -> None:
    """Raise Stopped, saying where its archive is, for a run of all pages that is closed and sealed."""
    state, root = run.state(), run.folder.root
    if state.closed and state.attended and (root / "SEAL").exists():
        raise Stopped(f"{state.run} was closed as {state.closed} at {state.closed_at}", f"read {root}/index.html")


def ending(answer: Answer) -> Answer:
    """Give a rollback's answer with how its run is ended from here, and where it says whom to call."""
    return replace(answer, next=END_HERE, links=[WHOM_TO_CALL])


def handed_on(desk: Desk, phase: str, what: str) -> Answer:
    """Give what follows a closed phase: the next page, or the end of the run where it was the last of a whole one."""
    state = desk.state
    names, pages = [one.name for one in state.phases], page_names(state.phases)
    following = names[names.index(phase) + 1 :]
    if state.attended and all(one.over for one in state.phases):
        return end_run(desk, "completed", ALL_CLOSED)
    then = f"{pages[following[0]]}.ipynb" if following else f"golive seal {state.run}"
    return Answer("DONE", what, next=then)


def closed_before(desk: Desk, phase: str, what: str) -> Answer:
    """Give what follows where there is nothing to close: the archive, sealed now if it is not yet, or the next page."""
    state = desk.state
    if not state.attended:
        return Answer("NOTHING DONE", what)
    if state.closed:
        return sealed(desk.run)
    answer = handed_on(desk, phase, what)
    return answer if desk.state.closed else Answer("NOTHING DONE", what, next=answer.next)


def end_run(desk: Desk, result: str, why: str) -> Answer:
    """Close the run, see its guards and its world gone, and seal its archive."""
    view = View()
    view.show(Answer("WAITING", "the run is being closed: its guards end, then its archive is sealed"))
    desk.close_run(result, why)
    answer = sealed(desk.run)
    view.make_way()
    return answer


def sealed(run: Run) -> Answer:
    """Give where the archive of a closed run is and what its head is; seal it unless that was done.

    Raises:
        Stopped: If it can't be sealed; the run stays closed.
    """
    root = run.folder.root
    if not (root / "SEAL").exists():
        from golive.sealing import seal_run  # it imports what a page must not wait for at its opening

        try:
            seal_run(run)
        except (GoLiveError, OSError) as error:
            why = str(error).splitlines()[0]
            raise Stopped(f"the run is closed, and its archive is not sealed: {why}", f"golive seal {root}") from error
    state = run.state()
    gone = "guards and sandbox are gone" if run.plan.own_world else "its guards are gone"
    facts = [
        ("archive", f"{root}/index.html"),
        ("head", state.head.hash if state.head else ""),
        ("closed", f"{state.closed_at}, {gone}"),
    ]
    links = [("open the archive", INDEX)]
    if state.rollback is not None:
        links.append(WHOM_TO_CALL)
    then = "note the head in the ticket, then open the archive"
    word = {"completed": "COMPLETED", "rolled-back": "ROLLED BACK"}.get(state.closed, "DONE")
    return Answer(word, f"the run is closed as {state.closed} and sealed", facts, next=then, links=links)
