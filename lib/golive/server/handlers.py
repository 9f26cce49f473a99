"""The handlers of the Jupyter extension: login, XSRF and hosts are Jupyter's own."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from golive.core.errors import GoLiveError, NameUnknown
from golive.server.apart import apart
from golive.server.control import ANSWERS_WITHIN, Asked, Control
from golive.server.drill import drill
from golive.server.finding import Runs
from golive.server.pages import LOOK_WITHIN, Pages, file
from golive.server.views import HEADERS, POLICY

POLL = 0.02
LONGEST = 2000  # characters of a reason
HUB = "JUPYTERHUB_SERVICE_PREFIX"
DRILL_WITHIN = 8.0


class Handler(JupyterHandler):
    """What all of them have: the pages, and how a run's name comes with the address."""

    def initialize(self, pages: Pages, control: Control) -> None:
        """Take what the extension's handlers share."""
        self.pages, self.control = pages, control

    @property
    def content_security_policy(self) -> str:
        """Nothing from elsewhere, no inline script, no frame of another site."""
        return POLICY

    def set_default_headers(self) -> None:
        """Let nobody keep these pages."""
        super().set_default_headers()
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say a trouble of our own in two lines of text; others as Jupyter does."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, (GoLiveError, TimeoutError)):
            self.set_status(404 if isinstance(error, NameUnknown) else 503)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            said = str(error) or "no answer in time"
            self.finish(said if "\nNEXT" in said else f"{said}\nNEXT  golive status")
            return
        super().write_error(status_code, **kwargs)

    @property
    def run_name(self) -> str:
        """The run that the address names."""
        return str(self.get_query_argument("run", ""))

    @property
    def operator(self) -> str:
        """Who asks: the hub's user; without a hub Jupyter makes names up, so it is who the server runs as."""
        return str(self.current_user.username) if HUB in os.environ else ""

    def xsrf(self) -> str:
        """Give the hidden field of a form."""
        return str(self.xsrf_form_html())


class RollbackHandler(Handler):
    """The Roll back control."""

    @web.authenticated
    async def get(self) -> None:
        """Show the form, with what has become of the last rollback that was asked for here."""
        name = self.run_name
        if not name:
            self.finish(await self.pages.open_runs())
            return
        folder = await apart(lambda: self.pages.runs.named(name), LOOK_WITHIN)
        asked = None if self.get_query_argument("form", "") else self.control.last(folder)
        if asked is not None:
            self.finish(self.pages.answer(asked, name, self.xsrf()))
        else:
            self.finish(await self.pages.form(folder, name, self.xsrf()))

    @web.authenticated
    async def post(self) -> None:
        """Roll back, and show what has come of it as soon as that is known."""
        name = self.run_name
        folder = await apart(lambda: self.pages.runs.named(name), LOOK_WITHIN)
        because, even_though = (self.get_body_argument(one, "")[:LONGEST] for one in ("because", "even_though"))
        asked = self.control.roll_back(folder, Asked(because, even_though, self.operator))
        while not asked.known.is_set() and asked.age < ANSWERS_WITHIN:
            await asyncio.sleep(POLL)
        self.redirect(f"{self.pages.base}golive/rollback?run={quote(name, safe='')}", status=303)


class DrillHandler(Handler):
    """The control's whole way but the last step."""

    @web.authenticated
    async def post(self) -> None:
        """Say what the control would do now."""
        name = self.run_name
        folder = await apart(lambda: self.pages.runs.named(name), LOOK_WITHIN)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(await apart(lambda: drill(folder).to_json(), DRILL_WITHIN)))


class StatusHandler(Handler):
    """The status page."""

    @web.authenticated
    async def get(self) -> None:
        """Show every run, or one."""
        self.finish(await self.pages.status(self.run_name))


class BoardHandler(Handler):
    """The part of the status page that changes."""

    @web.authenticated
    async def get(self) -> None:
        """Show it."""
        self.finish(await self.pages.board(self.run_name))


class ChartHandler(Handler):
    """The chart of a run."""

    @web.authenticated
    async def get(self) -> None:
        """Give the PNG."""
        png = await self.pages.chart(self.run_name, self.get_query_argument("theme", "light"))
        if not png:
            self.set_status(204)
            self.finish()
            return
        self.set_header("Content-Type", "image/png")
        self.finish(png)


class FileHandler(Handler):
    """Style and script of the pages."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Give one of them."""
        try:
            content, kind = file(name)
        except KeyError:
            raise web.HTTPError(404) from None
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(content)


PATHS = {
    "rollback": RollbackHandler,
    "drill": DrillHandler,
    "status": StatusHandler,
    "board": BoardHandler,
    "chart": ChartHandler,
    r"files/([a-z.]+)": FileHandler,
}


def add_to(serverapp: Any) -> None:
    """Add the handlers to a Jupyter server."""
    base = serverapp.web_app.settings["base_url"]
    shared = {"pages": Pages(Runs(Path(serverapp.root_dir)), base), "control": Control()}
    found = [(url_path_join(base, "golive", path), handler, shared) for path, handler in PATHS.items()]
    serverapp.web_app.add_handlers(".*$", found)
    serverapp.log.info(f"golive: the Roll back control is at {url_path_join(base, 'golive', 'rollback')}")
