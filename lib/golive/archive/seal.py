"""Seal a run: copy what people need out of `work/`, and close it with a manifest."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from golive.archive import manifest
from golive.archive.html import page_html
from golive.core.digest import row, write_rows
from golive.core.errors import ArchiveBroken
from golive.core.record import Entry
from golive.core.samples import Sample
from golive.folders import RunFolder

SHORTEST_SECRET = 6


@dataclass(frozen=True)
class Sealed:
    """What a seal gives for the ticket: the head of the chain, and the manifest's hash."""

    head: str
    manifest: str


def seal(
    folder: RunFolder,
    *,
    entries: Sequence[Entry],
    samples: Sequence[Sample],
    index_html: Callable[[Sequence[tuple[str, str]]], str],
    secret_variables: Sequence[str] = (),
    sources: Sequence[Path] | None = None,
) -> Sealed:
    """Write the archive. A crash in between leaves it not sealed; sealing again finishes it.

    Args:
        sources: The pages to take; None for every one in the run's folder.

    Raises:
        ArchiveBroken: If it is sealed already, or a secret's value stands in a file.
    """
    root = folder.root
    if (root / manifest.SEAL).exists():
        raise ArchiveBroken(f"{folder.name} is sealed already\nNEXT     golive verify {folder.name}")
    pages = root / "notebooks"
    pages.mkdir(exist_ok=True)
    taken = sorted(folder.pages.glob("[0-9]*.ipynb")) if sources is None else sources
    links = [_page(path, pages) for path in taken]
    manifest.put(root / "record.jsonl", b"".join(entry.line() + b"\n" for entry in entries))
    manifest.put(root / "samples.csv", write_rows(row(sample) for sample in samples).encode())
    manifest.put(root / "plan.yaml", folder.plan.read_bytes())
    _evidence(folder.evidence, root / "evidence")
    by_hand = folder.work / "ROLLBACK.txt"
    manifest.put(root / "ROLLBACK.txt", by_hand.read_bytes() if by_hand.exists() else b"")
    manifest.put(root / "index.html", index_html(links).encode())
    _refuse_secrets(root, secret_variables)
    return Sealed(entries[-1].hash if entries else "", manifest.write(root))


def _evidence(source: Path, target: Path) -> None:
    """Copy what people gave with their words; an archive without any has no such folder."""
    for path in sorted(source.glob("[0-9a-f]*")) if source.is_dir() else []:
        target.mkdir(exist_ok=True)
        manifest.put(target / path.name, path.read_bytes())


def _page(source: Path, pages: Path) -> tuple[str, str]:
    text = source.read_text(encoding="utf-8")
    nb = nbformat.reads(text, as_version=4)
    title = title_of(nb, source.stem)
    manifest.put(pages / source.name, text.encode())
    manifest.put(pages / f"{source.stem}.html", page_html(text, title).encode())
    unopened = nb.metadata.get("golive", {}).get("opened") is False
    return f"{title} · never opened" if unopened else title, f"notebooks/{source.stem}.html"


def title_of(nb: nbformat.NotebookNode, otherwise: str) -> str:
    """Give a page's title; papermill puts cells of its own above it when the page fails."""
    told = [cell.source for cell in nb.cells if cell.cell_type == "markdown" and cell.source.startswith("# ")]
    return str(told[0].splitlines()[0][2:]) if told else otherwise


def _refuse_secrets(root: Path, variables: Sequence[str]) -> None:
    values = {name: _secrets(os.environ.get(name, "")) for name in variables}
    for relative in manifest.files(root):
        content = (root / relative).read_bytes()
        for name, secrets in values.items():
            if any(secret in content for secret in secrets):
                raise ArchiveBroken(f"the value of {name} stands in {relative}: take it out, then golive seal again")


def _secrets(value: str) -> list[bytes]:
    """Give what may stand nowhere: a variable's whole value, and the password in it, as it stands in a URL."""
    inside = re.search(r"://[^/@]*(:[^/@]+@)", value)
    return [text.encode() for text in (value, inside[1] if inside else "") if len(text) >= SHORTEST_SECRET]
