"""Status and control as HTML: pure, without script but one file, and every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import jinja2

from golive.core.state import PhaseState, State
from golive.pages.answer import Answer
from golive.pages.overview import Overview, details_of, facts_of, next_of
from golive.pages.progress import progress_of, split_of
from golive.pages.words import clock, glyph, percent, span
from golive.server.board import Board, verdict_of

LONGEST = 600
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
MARKS = {"over": "✔", "assumed": "–", "open": "▸", "to come": "·"}
PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("golive.server"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True)
class Step:
    """One phase in the list: how far it is, in one word and in a sentence."""

    mark: str
    how: str
    title: str
    said: str


def local(utc: str) -> str:
    """Give the time of day of a UTC text where this server stands; "" where that is UTC itself."""
    try:
        there = datetime.fromisoformat(utc).astimezone()
    except ValueError:
        return ""
    return f"{there:%H:%M:%S} {there.tzname()}" if there.utcoffset() else ""


def bounded(text: object) -> str:
    """Give a text of at most so many characters."""
    said = str(text)
    return said if len(said) <= LONGEST else said[:LONGEST] + "…"


def word_of(run: Overview) -> tuple[str, str]:
    """Give where a run stands in one word, and in one sentence."""
    state, verdict = run.state, verdict_of(run)
    if run.trouble:
        return "UNREADABLE", run.trouble
    if state.rollback is not None:
        done = state.rollback.done
        word = "ROLLED BACK" if done else "ROLLING BACK" if state.rollback.open else "NOT ROLLED BACK"
        return word, str(state.rollback.detail.get("because", ""))
    if state.closed:
        return state.closed.upper(), f"closed at {clock(state.closed_at)}"
    if not run.guarded:
        return "NO GUARD ANSWERS", "nobody judges and nobody rolls back by itself now"
    if verdict and state.phase is not None:
        return str(verdict["word"]), str(verdict["reason"])
    return "OPEN", "no verdict yet"


def time_left(run: Overview) -> list[tuple[str, str]]:
    """Give how long the soak still takes, and what it still needs; empty where nothing soaks."""
    verdict, phase = verdict_of(run), run.state.phase
    if not verdict or phase is None or run.state.rolled_back or run.state.closed or not run.guarded:
        return []
    if phase.soaked is not None:
        return [("soak", f"over, after {span(phase.soaked['seconds'])}")]
    if phase.proof is None or not phase.proof.done:
        return []
    left, more = verdict.get("soak_left"), verdict.get("more_requests")
    later = f", about {span(verdict['more_seconds'])}" if verdict.get("more_seconds") else ""
    return [
        ("time left", "the soak is over, the guard extends it" if left == 0 else span(left)),
        ("canary requests", str(run.look.body.get("canary_requests", 0)) if run.look else "0"),
        ("still needed", f"{more} requests{later}" if more else "nothing" if more == 0 else "not known yet"),
    ]


def steps_of(board: Board) -> list[Step]:
    """Give every phase of a run, with how far it is and how long its soak takes."""
    state, steps = board.overview.state, []
    for phase in state.phases:
        how = "assumed" if phase.assumed else "over" if phase.closed_at else "open" if phase.opened_at else "to come"
        steps.append(Step(MARKS[how], how, phase.title, _said(board, state, phase, how)))
    return steps


def _said(board: Board, state: State, phase: PhaseState, how: str) -> str:
    if how == "over":
        return f"closed at {clock(phase.closed_at)}"
    if how == "open" and board.overview.now is not None:
        return str(progress_of(state, phase, board.overview.now))
    length = board.lengths.get(phase.name, 0.0)
    return f"soaks {span(length)}" if how == "to come" and length else ""


def board_html(board: Board, base: str, asked: str) -> str:
    """Give the part of the status page that changes; `asked` is how the run was named in the address."""
    run = board.overview
    word, reason = word_of(run)
    facts = [] if run.trouble else [*([] if run.state.closed else facts_of(run)), *details_of(run)]
    seen = run.look.utc if run.look else ""
    context = {
        "word": word,
        "glyph": glyph(word),
        "reason": bounded(reason),
        "split": "" if run.trouble else split_of(run.state),
        "share": 0.0 if run.trouble else run.state.split,
        "left": time_left(run),
        "steps": steps_of(board),
        "facts": [(name, bounded(said)) for name, said in facts if name != "phase"],
        "then": run.then if run.trouble else "" if run.state.closed else next_of(run),
        "seen": clock(seen) if seen else "",
        "seen_local": local(seen) if seen else "",
        "drawn": board.drawn,
        "chart": f"{base}golive/chart",
        "asked": asked,
    }
    return PAGES.get_template("board.html").render(context)


def status_html(board: Board, base: str, asked: str) -> str:
    """Give the status page of one run."""
    inner = board_html(board, base, asked)
    return PAGES.get_template("status.html").render(
        base=base, run=board.overview.name, asked=asked, site=board.site, board=inner
    )


def list_html(runs: Sequence[tuple[Overview, str]], base: str, page: str) -> str:
    """Give the page of all runs, each with the name by which it is found; `page` is what their links open."""
    rows = []
    for run, name in runs:
        word, reason = word_of(run)
        split = "" if run.trouble else f"{percent(run.state.split)} on the canary"
        rows.append({"name": name, "word": word, "glyph": glyph(word), "reason": bounded(reason), "split": split})
    return PAGES.get_template("list.html").render(base=base, page=page, rows=rows)


def control_html(run: str, base: str, xsrf: str, **shown: Any) -> str:
    """Give the page of the Roll back control.

    Args:
        xsrf: The hidden field that Jupyter wants in a form, as HTML.
        shown: `facts`, `closed`, `answer`, `over`, `seconds`, `because`.
    """
    answer: Answer | None = shown.get("answer")
    defaults: dict[str, Any] = {"facts": [], "closed": "", "answer": None, "over": True, "seconds": 0.0, "because": ""}
    return PAGES.get_template("control.html").render(
        **{**defaults, **shown, "run": run, "base": base, "xsrf": xsrf},
        glyph=glyph(answer.word) if answer else "",
        asked_again=answer is not None and answer.word == "ASKED ONCE MORE",
    )


def said_here(answer: Answer, word: str, because: str) -> Answer:
    """Give an answer as the control's page says it: with the reason, and for a notebook's cell what to write here."""
    then, facts = answer.next, list(answer.facts)
    if not any(name == "because" for name, _ in facts):
        facts.insert(0, ("because", because))
    facts = [(name, bounded(said)) for name, said in facts]
    if answer.word == "ASKED ONCE MORE":
        then = "say below what you know that speaks for it, or close this page"
    elif "go.rollback" in then:
        then = "write what you saw below"
    return replace(answer, word=word, headline=bounded(answer.headline), facts=facts, next=then)
