"""Open an attended go-live: make or find its run, prepare its pages, show the right one, and stay until told to go."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from golive import wiring
from golive.adapters.presence import anybody
from golive.core.phases import page_names
from golive.folders import runs_root
from golive.lab import links, server
from golive.lab.choosing import chosen
from golive.lab.kernels import untested_kernel
from golive.lab.prepared import prepare, right_page
from golive.lab.showing import show
from golive.notebook import Desk
from golive.pages.words import span
from golive.run import Run
from golive.runner.progress import say
from golive.runner.signals import Signals
from golive.start import Start

POLL = 0.5
LOOK_EVERY = 5.0
FIRST_PAGE_WITHIN = 600.0


@dataclass(frozen=True)
class Wanted:
    """What was typed. `name` is a run's or a plan's, "" for the only open run; `port` None for a free one."""

    name: str = ""
    operator: str = ""
    runs: Path | None = None
    port: int | None = None
    browser: bool = True


def open_lab(wanted: Wanted) -> int:
    """Open a go-live's pages in JupyterLab; give the exit status.

    Raises:
        GoLiveError: For bad input, before anything was made; or when world, guard or server do not start.
    """
    environment = links.surroundings()
    hub = links.in_hub(environment)
    with Signals() as signals:
        run = chosen(wanted.name, wanted.runs)
        if run is None:
            where = (wanted.runs or runs_root()).resolve()
            if hub:
                links.need_shown(environment, where)
            elif wanted.port is not None:
                server.need_free(wanted.port, wanted.name)
            run = wiring.make_run(wanted.name, wanted.operator, runs=wanted.runs)
            say(f"run       {run.folder.root}")
        else:
            if hub:
                links.need_shown(environment, run.folder.root)
            say(f"run       {run.folder.root}, which is open: this goes on with it")
        desk = Desk(run)
        try:
            return _opened(wanted, run, desk, signals, hub)
        finally:
            desk.presence.release()


def _opened(wanted: Wanted, run: Run, desk: Desk, signals: Signals, hub: bool) -> int:
    begin(run)
    desk.watch_over()
    state = run.state()
    made = prepare(run, wanted.operator or state.wheel.name)
    if wanted.operator and not made:
        say(f'operator  the pages are prepared already: operator = "{wanted.operator}" in the cell with the parameters')
    page = right_page(state)
    if untested := untested_kernel():
        say(f"CAREFUL   {untested}")
    if hub:
        return _in_hub(run, page, signals)
    there, why = server.living(run.folder)
    if there is not None:
        say(f"server    lives already, process {there.pid}; jupyter server stop {there.port} ends it")
        _tell(wanted, run, there, page)
        return 0
    if why:
        say(f"server    {why}: another is started")
    started = server.start(run.folder, page, wanted.port)
    try:
        _tell(wanted, run, started.living, page)
        say("Ctrl-C    ends this server and its kernels, never the guard")
        _stay(run, started, signals)
    finally:
        started.stop()
        _say_how_to_come_back(run)
    return 0


def begin(run: Run) -> None:
    """Start the run's world, where its plan brings one, and its guard, unless they live; return once the guard acts."""
    start = Start(run)
    start.begin()
    start.await_world()
    start.await_guard()
    say(f"world     {'up' if run.plan.own_world else 'the real one'}, the guard watches")


def _tell(wanted: Wanted, run: Run, there: server.Living, page: str) -> None:
    """Say where the page is, and open it where a browser can be started."""
    path = f"work/notebooks/{page}.ipynb"
    address = links.link(there.url, there.token, path)
    say(f"page      {_title(run, page)}\nopen      {address}")
    if not there.token:
        say("login     this installation asks for its own Jupyter password")
    if line := links.tunnel(links.surroundings(), there.port):
        say(f"tunnel    {line}\n          on your own machine, then open the link there")
    if wanted.browser and (why := show(address, run.folder.lab)):
        say(f"browser   not opened: {why}. Open the link yourself")
    say(f"NEXT      work in the browser; golive open {run.folder.name} comes back to it")


def _title(run: Run, page: str) -> str:
    names = page_names(run.plan.phases)
    return next((phase.title for phase in run.plan.phases if names[phase.name] == page), page)


def _in_hub(run: Run, page: str, signals: Signals) -> int:
    """Say where the page is below the hub, and stay until somebody is at it, so that the run is not left alone."""
    address = links.hub_link(links.surroundings(), run.folder.pages / f"{page}.ipynb")
    say(f"page      {_title(run, page)}\nopen      {address}")
    if address.startswith("/"):
        say("          below your hub's own address")
    say("waiting   until its first cell has run; the hub's server is the one that you are in, so none is started")
    until = time.monotonic() + FIRST_PAGE_WITHIN
    while signals.came is None and time.monotonic() < until:
        if len(anybody(run.folder.operators)) > 1:
            say(f"NEXT      go on in the browser; golive open {run.folder.name} says the link again")
            return 0
        time.sleep(POLL)
    _say_how_to_come_back(run)
    return 0


def _stay(run: Run, started: server.LabServer, signals: Signals) -> None:
    """Return once somebody wants to end this, or the server has ended by itself; say when the run is closed."""
    told, looked = False, -LOOK_EVERY
    while signals.came is None:
        if not started.lives:
            say(f"server    has ended by itself; {run.folder.logs}/lab.log says why")
            return
        if not told and time.monotonic() - looked >= LOOK_EVERY:
            looked = time.monotonic()
            closed = run.state().closed
            told = bool(closed) and (run.folder.root / "SEAL").exists()
            if told:
                say(f"closed    {closed}; the archive: {run.folder.root}/index.html\nNEXT      Ctrl-C ends the server")
        time.sleep(POLL)


def _say_how_to_come_back(run: Run) -> None:
    state, name = run.state(), run.folder.name
    if state.closed:
        sealed = (run.folder.root / "SEAL").exists()
        say(f"closed    {state.closed}\nNEXT      golive {'verify' if sealed else 'seal'} {run.folder.root}")
        return
    patience = run.plan.guarding.abandon_after
    say("guard     goes on, and rolls back by itself if it must")
    if patience is not None:
        left = span(patience.total_seconds())
        say(f"          with nobody at a page for {left} it sends everybody back and ends the run")
    say(f"NEXT      golive open {name} comes back; golive status {name}; golive stop {name} ends it")
