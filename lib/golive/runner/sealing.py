"""A closed run becomes a sealed archive."""

from __future__ import annotations

from collections.abc import Sequence

from golive import wanted
from golive.adapters.stores.late import LateBox
from golive.archive.seal import Sealed, seal
from golive.core.digest import row, unfit
from golive.core.intents import unresolved
from golive.core.record import Kind
from golive.core.samples import Sample
from golive.pages.report import index_html
from golive.run import Run


def seal_run(run: Run) -> Sealed:
    """Seal a run's archive.

    Raises:
        ArchiveBroken: If it is sealed already.
    """
    LateBox(run.folder.late).take_in(run.store)
    samples = run.book.samples()
    _digest_the_rest(run, samples)
    _say_what_nobody_knows(run)
    entries = run.store.read()
    state = run.state()

    def index(pages: Sequence[tuple[str, str]]) -> str:
        return index_html(state=state, entries=entries, samples=samples, criteria=run.plan.criteria, pages=pages)

    secret = wanted.variables(run.plan)
    return seal(run.folder, entries=entries, samples=samples, index_html=index, secret_variables=secret)


def _digest_the_rest(run: Run, samples: Sequence[Sample]) -> None:
    """Enter what the last guard measured and did not live to digest, as digested at the seal."""
    for minute, (rows, sha256) in unfit([row(sample) for sample in samples], run.store.read()).items():
        run.append(Kind.DIGEST, {"minute": minute, "rows": rows, "sha256": sha256, "late": True})


def _say_what_nobody_knows(run: Run) -> None:
    """Enter, for each act whose guard has died in it and that no other resolved, that nobody knows what came of it."""
    for intent in unresolved(run.store.read()):
        told = {"intent": intent.id, "result": "unknown", "seen": "no guard lived to see what came of it", "late": True}
        run.append(Kind.OUTCOME, {**intent.body, **told}, intent.phase)
