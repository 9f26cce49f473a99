"""The Roll back control as a page shows it: where it is, and whether it works on this installation."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import Any

from golive.adapters.control import drill, own_server, path_of
from golive.core.phases import PhaseKind
from golive.core.state import PhaseState
from golive.folders import RunFolder
from golive.notebook.attended import attended
from golive.pages.answer import Answer

CALLED = "roll back control"
BAR = "padding:.5em .8em;margin:.2em 0;font-family:system-ui,sans-serif;border:2px solid currentColor"
BUTTON = "font-weight:bold;font-size:1.3em;padding:.1em .5em;border:2px solid currentColor;color:inherit"


@dataclass(frozen=True)
class Bar:
    """One line that stands over a soak: how to send everybody back meanwhile. `path` is "" when no page is known."""

    command: str
    path: str = ""
    status: str = ""

    def __str__(self) -> str:
        where = f"open {self.path} in another tab of this server, or type  " if self.path else "type in a terminal  "
        return f"If anything looks wrong: {where}{self.command}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self.html()}

    def html(self) -> str:
        """Give the line with its links: they open in another tab, and need nothing of this kernel."""
        command = f"<code>{html.escape(self.command)}</code>"
        if not self.path:
            return f'<div style="{BAR}">If anything looks wrong, type in a terminal {command}</div>'
        back, status = html.escape(self.path), html.escape(self.status)
        link = f'<a href="{back}" target="_blank" rel="noopener" style="{BUTTON}">← Roll back</a>'
        call = f'<a href="{status}" target="_blank" rel="noopener" style="color:inherit">status for the call</a>'
        return f'<div style="{BAR}">If anything looks wrong: {link} &nbsp;or {command} &nbsp;·&nbsp; {call}</div>'


def bar_of(folder: RunFolder) -> Bar:
    """Give the line for a run; without a page of the control where no Jupyter server has started this kernel."""
    command, server = command_of(folder), own_server()
    if server is None:
        return Bar(command)
    return Bar(command, path_of(server, "rollback", folder), path_of(server, "status", folder))


def command_of(folder: RunFolder) -> str:
    """Give what does the same in a terminal."""
    return f'golive rollback {folder.name} --because "what you saw"'


def drilled(answer: Answer, here: PhaseState, folder: RunFolder) -> Answer:
    """Give the preflight's first answer with what the control's drill came to; another phase's as it is."""
    if here.kind is not PhaseKind.PREFLIGHT:
        return answer
    return replace(answer, facts=[*answer.facts, (CALLED, _drilled(folder))])


def _drilled(folder: RunFolder) -> str:
    if not attended():
        return "not attended: nobody is at this kernel, so none is needed"
    instead = f"use instead, in a terminal: {command_of(folder)}; or 90_rollback.ipynb in another tab"
    server = own_server()
    if server is None:
        return f"NONE: this kernel was started by no Jupyter server of this host; {instead}"
    came = drill(server, folder)
    if not came.alive:
        return f"DEAD on this installation: {came.said}; {instead}"
    return f"drilled in {came.seconds:.2f} s, {came.said}: {path_of(server, 'rollback', folder)}"
