"""One output that is redrawn in place while a cell waits, and that makes way for the cell's answer."""

from __future__ import annotations

from typing import Any


class View:
    """Shows answers, or what else shows itself, one after another in one place; without IPython it shows nothing."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, answer: Any) -> None:
        """Show `answer` in place of what was shown before."""
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is None:
            return
        if self._handle is None:
            self._handle = display(answer, display_id=True)
        else:
            self._handle.update(answer)

    def make_way(self) -> None:
        """Let the next output take the place of what was shown, without a moment of emptiness between."""
        from IPython.display import clear_output

        if self._handle is not None:
            clear_output(wait=True)
