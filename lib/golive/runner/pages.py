"""One page of a rehearsal: executed with a kernel of its own, and entered into the record."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from golive.core.plan import Phase
from golive.core.record import Kind
from golive.plans import notebook
from golive.run import Run
from golive.runner.signals import Signals
from golive.runner.spare import Spare

if TYPE_CHECKING:
    from golive.execution.pages import PageResult
    from golive.runner.kernels import WarmKernel


class Pages:
    """Executes pages of one run; a signal ends the page that runs by ending its kernel."""

    def __init__(self, run: Run, spare: Spare, signals: Signals) -> None:
        self._run, self._spare, self._signals = run, spare, signals

    def execute(self, name: str, phase: Phase | None = None) -> PageResult:
        """Execute the template `name` for the run, and enter into the record what came of it."""
        from golive.execution.pages import execute_page, template_sha256

        template = notebook(name)
        parameters = {
            "plan": self._run.plan.name,
            "run": self._run.folder.name,
            "operator": self._run.who.name,
            **({"phase": phase.name} if phase is not None else {}),
        }
        with self._kernel() as kernel:
            result = execute_page(template, self._run.folder.pages / f"{name}.ipynb", parameters, km=kernel.manager)
        body = {
            "notebook": name,
            "sha256": result.sha256,
            "template_sha256": template_sha256(template),
            "complete": result.complete,
            "why": result.why,
            "cells": result.cells,
            "executed": result.executed,
        }
        self._run.append(Kind.PAGE, body, phase.name if phase is not None else "")
        return result

    @contextlib.contextmanager
    def _kernel(self) -> Iterator[WarmKernel]:
        kernel = self._spare.take()
        try:
            self._signals.then(kernel.kill)
            yield kernel
        finally:
            self._signals.over()
            kernel.shut()
