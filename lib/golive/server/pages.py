"""What each page answers, for whichever server shows it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from golive import rescue
from golive.core.errors import GoLiveError
from golive.folders import RunFolder
from golive.overview import among, overview, unreadable
from golive.pages.overview import Overview
from golive.pages.words import percent
from golive.server import views
from golive.server.apart import apart
from golive.server.board import THEMES, Board, Boards
from golive.server.control import ANSWERS_WITHIN, UNDER_WAY, Asked
from golive.server.finding import Runs

FILES = {"golive.css": "text/css", "status.js": "text/javascript"}
LOOK_WITHIN = 4.0
DRAWN_WITHIN = 15.0  # the first chart loads what draws
FORM_WITHIN = 2.0  # a record that does not answer keeps nobody from the form


class Pages:
    """The pages of one server.

    Args:
        base: Where they begin: a path that ends with a slash.
    """

    def __init__(self, runs: Runs, base: str) -> None:
        self.runs, self.base = runs, base
        self._boards = Boards()

    async def status(self, name: str) -> str:
        """Give the page of all runs, or of the one that is named.

        Raises:
            NameUnknown: If there is no such run.
        """
        if not name:
            return await self._list("status")
        try:
            board = await self._board(name)
        except TimeoutError:
            board = Board(unreadable(name, GoLiveError(f"no answer in {LOOK_WITHIN:g} s")))
        return views.status_html(board, self.base, name)

    async def board(self, name: str) -> str:
        """Give the part of a run's page that changes.

        Raises:
            NameUnknown: If there is no such run.
            TimeoutError: If it does not answer: the page then says since when what it shows is old.
        """
        return views.board_html(await self._board(name), self.base, name)

    async def chart(self, name: str, theme: str) -> bytes:
        """Give a run's chart as a PNG; empty when nothing can be drawn."""
        watched = self._boards.of(await apart(lambda: self.runs.named(name), LOOK_WITHIN))
        try:
            return await apart(lambda: watched.chart(theme if theme in THEMES else "light"), DRAWN_WITHIN)
        except TimeoutError:
            return b""

    async def form(self, folder: RunFolder, name: str, xsrf: str) -> str:
        """Give the control's page before anything was asked for."""
        looked = await apart(lambda: overview(folder.root, FORM_WITHIN), FORM_WITHIN + 1)
        if looked.state.closed:
            closed = f"{folder.name} was closed as {looked.state.closed}."
            return views.control_html(name, self.base, xsrf, closed=closed)
        return views.control_html(name, self.base, xsrf, facts=_facts(folder, looked))

    def answer(self, asked: Asked, name: str, xsrf: str) -> str:
        """Give the control's page with what has become of a rollback by now."""
        shown = asked.answer or UNDER_WAY
        word = "NOT CONFIRMED" if shown.word == "FAIL" else shown.word
        answer = views.said_here(shown, word, asked.because)
        return views.control_html(
            name,
            self.base,
            xsrf,
            answer=answer,
            over=asked.over,
            seconds=asked.seconds or ANSWERS_WITHIN,
            because=asked.because if word == "ASKED ONCE MORE" else "",
        )

    async def open_runs(self) -> str:
        """Give the page of the runs that can be rolled back."""
        return await self._list("rollback")

    async def _list(self, page: str) -> str:
        folders = await apart(self.runs.folders, LOOK_WITHIN)
        found = await apart(lambda: among([folder.root for folder in folders]), LOOK_WITHIN)
        roots = {folder.name: folder.root for folder in folders}
        shown = [one for one in found if page == "status" or one.trouble or not one.state.closed]
        rows = [(one, one.name if roots[one.name].parent in self.runs.roots else str(roots[one.name])) for one in shown]
        return views.list_html(rows, self.base, page)

    async def _board(self, name: str) -> Board:
        folder = await apart(lambda: self.runs.named(name), LOOK_WITHIN)
        return await apart(self._boards.of(folder).board, LOOK_WITHIN)


def _facts(folder: RunFolder, looked: Overview) -> Sequence[tuple[str, str]]:
    """Give what a person reads before rolling back; of a run that can't be read, what its router's file says."""
    try:
        kit = rescue.kit_of(folder)
        facts = [("site", kit.site or "not known"), ("router", kit.driver)]
    except GoLiveError as error:
        facts = [("router", str(error).replace("\n", "; "))]
    if looked.trouble:
        return [*facts, ("record", f"{looked.trouble}: rolling back works without it")]
    state = looked.state
    guard = "acts" if looked.guarded else "silent: this page rolls back without it"
    facts += [("split", f"{percent(state.split)} of visitors on the canary"), ("canary", state.canary or "none yet")]
    facts.append(("guard", guard))
    if state.rollback is not None:
        facts.append(("rolled back", str(state.rollback.detail.get("because", ""))))
    return facts


def file(name: str) -> tuple[bytes, str]:
    """Give one of the files that the pages load, and its type.

    Raises:
        KeyError: If there is none of that name.
    """
    kind = FILES[name]
    return (resources.files("golive.server") / "files" / name).read_bytes(), kind
