"""A papermill engine whose notebooks are true after a dead kernel, a time-out or a signal.

Papermill marks cells that never ran as completed when the kernel dies, a cell times out or a
signal comes; this engine marks them `aborted` and `not-run` and says why in
`metadata.papermill.golive`. The tags `raises-exception` and `skip-execution` have no power.
"""

from __future__ import annotations

import sys
from typing import Any

from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.utils import merge_kwargs, remove_args

POWERLESS = ("raises-exception", "skip-execution")


class TruthfulManager(NotebookExecutionManager):  # type: ignore[misc]
    """Marks what was cut off and what never ran."""

    def cell_complete(self, cell: NotebookNode, cell_index: int | None = None, **kwargs: Any) -> None:
        """Mark a cell completed, or aborted when it is left through an error that no cell raised."""
        error = sys.exc_info()[0]
        super().cell_complete(cell, cell_index=cell_index, **kwargs)
        if error is not None and cell.metadata.papermill.get("status") != self.FAILED:
            cell.metadata.papermill["status"] = "aborted"
            cell.metadata.papermill["exception"] = True
            self.nb.metadata.papermill["exception"] = True
            self.save()

    def notebook_complete(self, **kwargs: Any) -> None:
        """Say which cells never ran, and whether the page is complete."""
        pending = [c for c in self.nb.cells if c.metadata.get("papermill", {}).get("status") == self.PENDING]
        super().notebook_complete(**kwargs)
        for cell in pending:
            if cell.cell_type == "code":
                cell.metadata.papermill["status"] = "not-run"
        complete, why = is_complete(self.nb)
        self.nb.metadata.papermill["golive"] = {"complete": complete, "why": why}
        if not complete:
            self.nb.metadata.papermill["exception"] = True
        self.save()


def is_complete(nb: NotebookNode) -> tuple[bool, str]:
    """Say whether every code cell ran and none failed, and what speaks against it."""
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type != "code" or not "".join(cell.source).strip():
            continue
        status = cell.metadata.get("papermill", {}).get("status", "")
        failed = next((output for output in cell.get("outputs", ()) if output.output_type == "error"), None)
        if failed is not None:
            return False, f"cell {number} failed: {failed.ename}"
        if status in ("aborted", "failed"):
            return False, f"cell {number} was cut off"
        if cell.execution_count is None:
            return False, f"cell {number} never ran"
    return True, "every code cell ran and none failed"


class GoliveEngine(NBClientEngine):  # type: ignore[misc]
    """The engine `golive`."""

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str | None,
        output_path: str | None = None,
        progress_bar: bool = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **kwargs: Any,
    ) -> NotebookNode:
        """Execute every cell and give the notebook, true in each case."""
        for cell in nb.cells:
            if "tags" in cell.metadata:
                cell.metadata["tags"] = [tag for tag in cell.metadata["tags"] if tag not in POWERLESS]
        manager = TruthfulManager(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **kwargs)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str | None,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Execute with the kernel of the manager `km`, which is left running, else with one of its own."""
        safe = remove_args(["timeout", "startup_timeout", "input_path"], **kwargs)
        final = merge_kwargs(
            safe,
            timeout=execution_timeout or kwargs.get("timeout"),
            startup_timeout=start_timeout,
            kernel_name=kernel_name,
            log_output=False,
            force_raise_errors=True,
            skip_cells_with_tag="",
            stdout_file=stdout_file,
            stderr_file=stderr_file,
        )
        client = PapermillNotebookClient(nb_man, **final)
        try:
            client.execute()
        finally:
            if client.kc is not None:  # nbclient leaves the channels of a kernel that it did not start open
                client.kc.stop_channels()
