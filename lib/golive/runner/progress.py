"""Where a rehearsal stands, as lines on the standard output and one that is redrawn on a terminal."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator

from golive.background import Background
from golive.core.plan import Phase
from golive.core.samples import Version
from golive.core.state import State
from golive.pages.words import percent, span
from golive.run import Run

WIDTH = 100
REDRAW = 1.0


def say(line: str) -> None:
    """Say one line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def redrawn(line: Callable[[], str]) -> Iterator[None]:
    """Redraw a line on a terminal once a second while the body goes on; elsewhere show nothing."""
    if not sys.stderr.isatty():
        yield
        return

    def show(over: threading.Event) -> None:
        while not over.wait(REDRAW):
            sys.stderr.write(f"\r{line()[:WIDTH]:<{WIDTH}}")
            sys.stderr.flush()
        sys.stderr.write("\r" + " " * WIDTH + "\r")
        sys.stderr.flush()

    with Background(show):
        yield


def standing(run: Run, phase: Phase) -> str:
    """Say where a phase stands: what of its soak is left, what was seen, and the verdict of now."""
    look = run.book.last_look()
    verdict = look.body.get("verdict") if look and look.body.get("phase") == phase.name else None
    if look is None or verdict is None:
        return f"{phase.title}: checking"
    left, requests = span(verdict["soak_left"]), look.body["canary_requests"]
    return f"{phase.title}: {left} of soak left, {requests} canary requests seen, {verdict['word']}"


def phase_line(run: Run, phase: Phase, state: State, seconds: float) -> str:
    """Say how a phase ended: its split, soak, canary requests seen, the verdict's word, and the page's seconds."""
    here = state.named(phase.name)
    word = here.judged.word if here.judged else "no verdict"
    soaked = span(here.soaked["seconds"]) if here.soaked else "no"
    samples = run.book.samples()
    canary = (s.tally.requests for s in samples if s.phase == phase.name and s.version is Version.CANARY)
    return (
        f"{phase.title:<22}{percent(state.split):>8} on canary  {soaked:>5} soak"
        f"  {sum(canary):>6} canary requests  {word:<10} page {span(seconds)}"
    )
