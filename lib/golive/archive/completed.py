"""An attended page for the archive: what the browser saved, completed by what the record knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nbformat
from nbformat.v4 import new_markdown_cell, new_output

from golive.pages.retold import Retold

NOT_KEPT = "– FROM THE RECORD, the browser had not kept it\n"
NEVER_OPENED = "**– NEVER OPENED** This page was prepared, and nobody opened it."
UNREADABLE = "**– NOT READABLE** What the browser had saved is no notebook; this is the page as it was prepared."


@dataclass(frozen=True)
class Completed:
    """A page as it goes into the archive.

    Attributes:
        lacked: Ids of the cells whose answers the browser had not kept.
        opened: Whether anybody has opened it.
    """

    text: str
    lacked: tuple[str, ...]
    opened: bool
    cells: int
    executed: int


def complete(saved: str, prepared: str, told: Mapping[str, Retold], opened: bool) -> Completed:
    """Give a saved page with the answers that it lacks, each marked as taken from the record.

    Args:
        saved: What the browser saved last.
        prepared: The page's template, for cells that were deleted and for a file that can't be read.
        told: What the record knows, by the cell's id; empty for a page that is nobody's phase.
        opened: Whether the record knows that it was opened; a page that has run says so by itself, too.
    """
    template = nbformat.reads(prepared, as_version=4)
    notes = []
    try:
        nb = nbformat.reads(saved, as_version=4)
    except (ValueError, nbformat.ValidationError):
        nb = nbformat.from_dict(template)
        notes.append(UNREADABLE)
    cells = {str(cell.get("id", "")): cell for cell in nb.cells}
    lacked = []
    for cell in template.cells:
        if cell.id not in told or (cell.id in cells and told[cell.id].key in said(cells[cell.id])):
            continue
        if cell.id not in cells:
            cells[cell.id] = cell
            nb.cells.append(cell)
        lacked.append(cell.id)
        cells[cell.id].outputs = [*cells[cell.id].get("outputs", ()), *_outputs(told[cell.id])]
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    executed = sum(cell.execution_count is not None for cell in code)
    was_opened = opened or executed > 0
    notes += [] if was_opened else [NEVER_OPENED]
    if lacked:
        many = "1 answer" if len(lacked) == 1 else f"{len(lacked)} answers"
        notes.append(f"**– COMPLETED FROM THE RECORD** The browser had not kept {many}, marked below.")
    nb.cells[1:1] = [new_markdown_cell(note, id=f"golive-note-{number}") for number, note in enumerate(notes)]
    nb.metadata["golive"] = {"opened": was_opened, "from_the_record": lacked}
    return Completed(nbformat.writes(nb), tuple(lacked), was_opened, len(code), executed)


def said(cell: nbformat.NotebookNode) -> str:
    """Give all that a cell's outputs say in plain text."""
    parts = []
    for output in cell.get("outputs", ()):
        parts += [output.get("text", ""), output.get("data", {}).get("text/plain", ""), *output.get("traceback", ())]
    return "\n".join(part if isinstance(part, str) else "".join(part) for part in parts)


def _outputs(one: Retold) -> list[nbformat.NotebookNode]:
    data = one.answer._repr_mimebundle_()
    return [new_output("stream", name="stdout", text=NOT_KEPT), new_output("display_data", data=data)]
