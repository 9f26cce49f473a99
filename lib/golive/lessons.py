"""From a run or an archive to its lessons-learned page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from golive import wiring
from golive.archive import manifest
from golive.archive.verify import RECORD, Standing, read_record, verify
from golive.core.digest import read_rows
from golive.core.errors import ArchiveBroken
from golive.core.recorded import parse
from golive.core.samples import Sample
from golive.pages.lessons import Told, lessons
from golive.plans import load_file

NOT_SEALED = "not sealed: nothing here is proven yet"


def lessons_of(root: Path) -> str:
    """Give the lessons-learned page of the run or archive in a folder, in Markdown.

    Raises:
        ArchiveBroken: If it is sealed and does not verify.
        RecordBroken, StoreUnavailable, PlanError, SamplesWrong: If a run's record, plan or samples can't be read.
    """
    return lessons(_sealed(root) if (root / manifest.SEAL).is_file() else _unsealed(root))


def _sealed(root: Path) -> Told:
    found = verify(root)
    if found.standing is Standing.BROKEN:
        raise ArchiveBroken(f"{root.name} does not verify: {found.why}\nNEXT     golive verify {root}")
    return Told(load_file(root / "plan.yaml"), read_record(root / RECORD), _samples(root), "sealed, and verified")


def _samples(root: Path) -> Sequence[Sample]:
    text = (root / "samples.csv").read_text(encoding="utf-8")
    return parse(text.splitlines(), "samples.csv").samples if read_rows(text) else ()


def _unsealed(root: Path) -> Told:
    run = wiring.open_run(str(root), "")
    return Told(run.plan, run.store.read(), run.book.samples(), NOT_SEALED)
