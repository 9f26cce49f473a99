"""A closed run becomes a sealed archive."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from golive import wanted
from golive.adapters.stores.late import LateBox
from golive.archive.completed import Completed, complete
from golive.archive.manifest import put
from golive.archive.seal import Sealed, seal
from golive.core.digest import row, unfit
from golive.core.errors import NameUnknown
from golive.core.intents import unresolved
from golive.core.phases import page_names
from golive.core.record import Kind
from golive.core.samples import Sample
from golive.pages.of_people import of_incident, of_phase
from golive.pages.report import index_html
from golive.pages.retold import Told
from golive.plans import notebook
from golive.run import Run

INCIDENT = "91_incident"


def seal_run(run: Run) -> Sealed:
    """Seal a run's archive; pages that persons went through are completed from the record first.

    Raises:
        ArchiveBroken: If it is sealed already.
    """
    LateBox(run.folder.late).take_in(run.store)
    samples = run.book.samples()
    _digest_the_rest(run, samples)
    _say_what_nobody_knows(run)
    saved = sorted(run.folder.pages.glob("[0-9]*.ipynb"))
    state = run.state()
    sources = [_completed(run, path, samples) for path in saved] if state.attended else saved
    entries = run.store.read()
    state = run.state()

    def index(pages: Sequence[tuple[str, str]]) -> str:
        return index_html(state=state, entries=entries, samples=samples, criteria=run.plan.criteria, pages=pages)

    secret = wanted.variables(run.plan)
    return seal(
        run.folder, entries=entries, samples=samples, index_html=index, secret_variables=secret, sources=sources
    )


def _completed(run: Run, saved: Path, samples: Sequence[Sample]) -> Path:
    """Give the archive's copy of a page; the record names its hash, so that a second seal takes the same copy."""
    target = run.folder.completed / saved.name
    entries = run.store.read()
    named = next((e for e in reversed(entries) if e.kind is Kind.PAGE and e.body["notebook"] == saved.stem), None)
    if named is not None and target.is_file() and _sha256(target.read_bytes()) == named.body["sha256"]:
        return target
    text = saved.read_text(encoding="utf-8", errors="replace")
    told, state = Told(entries, run.state(), samples, run.plan), run.state()
    phases = {page: phase for phase, page in page_names(state.phases).items()}
    phase = phases.get(saved.stem, "")
    try:
        template = notebook(state.named(phase).notebook if phase else saved.stem)
    except NameUnknown:  # a copy that somebody made of a page, or a notebook of their own
        template = nbformat.writes(new_notebook(cells=[new_markdown_cell(f"# {saved.stem}")]))
    answers = of_phase(told, phase) if phase else of_incident(told) if saved.stem == INCIDENT else {}
    page = complete(text, template, answers, bool(phase and state.named(phase).opened_at))
    target.parent.mkdir(exist_ok=True)
    put(target, page.text.encode())
    run.append(Kind.PAGE, _body(saved.stem, page), phase)
    return target


def _body(name: str, page: Completed) -> dict[str, object]:
    lacked = f"{len(page.lacked)} answers are from the record" if page.lacked else "the browser kept every answer"
    return {
        "notebook": name,
        "sha256": _sha256(page.text.encode()),
        "complete": page.opened and page.executed == page.cells,
        "why": lacked if page.opened else "never opened",
        "cells": page.cells,
        "executed": page.executed,
        "from_the_record": list(page.lacked),
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_the_rest(run: Run, samples: Sequence[Sample]) -> None:
    """Enter what the last guard measured and did not live to digest, as digested at the seal."""
    for minute, (rows, sha256) in unfit([row(sample) for sample in samples], run.store.read()).items():
        run.append(Kind.DIGEST, {"minute": minute, "rows": rows, "sha256": sha256, "late": True})


def _say_what_nobody_knows(run: Run) -> None:
    """Enter, for each act whose guard has died in it and that no other resolved, that nobody knows what came of it."""
    for intent in unresolved(run.store.read()):
        told = {"intent": intent.id, "result": "unknown", "seen": "no guard lived to see what came of it", "late": True}
        run.append(Kind.OUTCOME, {**intent.body, **told}, intent.phase)
