"""The soak as people watch it: a view of what the guard writes, which may be closed and opened again."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from golive.core.errors import Stopped
from golive.core.record import Kind
from golive.core.samples import Sample
from golive.core.state import PhaseState
from golive.core.verdict import Verdict
from golive.notebook.attended import attended
from golive.notebook.control import bar_of
from golive.notebook.desk import Desk
from golive.notebook.view import View
from golive.pages.answer import Answer
from golive.pages.curve import Curve
from golive.pages.watched import summaries_table, watched_table
from golive.pages.words import both, span
from golive.run import Run

REDRAW = 2.0
AT_ONCE = 20_000  # samples that one look reads; of a long watch the chart catches up over some looks
LOOK = 1.0
POLL = 0.2
LATE = 60.0
BY_MINUTES = 10.0  # seconds after which the minutes of a long soak are read anew
LONG = 120  # minutes of either version: more seconds than that are more than a picture shows, and slow to read


class Soak:
    """Watches one phase of a run until the guard ends its soak."""

    def __init__(self, desk: Desk, phase: str) -> None:
        self._desk, self._run, self._phase = desk, desk.run, phase
        self._drawn_at = -REDRAW
        self._picture: bytes | None = None
        self._curve, self._rows = Curve(), 0
        self._long, self._read_at = False, -BY_MINUTES
        self._chart: Any = None

    async def watch(self, refuse: Any) -> Answer:
        """Give the soak's end; `refuse` is called at each look and raises when the soak can't go on.

        Raises:
            Stopped: When it was interrupted, when the guard is silent, or when nothing ended it.
        """
        longest = self._run.plan.phase(self._phase).soak + self._run.plan.judging.hold_up_to
        until = time.monotonic() + longest.total_seconds() + LATE
        view, shown_at = View(), -LOOK
        if attended():
            View().show(bar_of(self._run.folder))
        try:
            while time.monotonic() < until:
                self._desk.presence.touch()
                refuse()
                here = self._here
                if here.soaked is not None:
                    view.make_way()
                    return self._ended(here)
                if self._run.unguarded():
                    raise Stopped("the guard is silent: nobody watches this soak", self._desk.revive())
                if time.monotonic() - shown_at >= LOOK:
                    shown_at = time.monotonic()
                    view.show(self._progress())
                await asyncio.sleep(POLL)
        except (asyncio.CancelledError, KeyboardInterrupt):
            self._run.append(Kind.NOTE, {"text": "watching the soak was interrupted; the guard goes on"}, self._phase)
            why = "HOLD, watching was interrupted; the guard goes on and rolls back by itself if it must"
            raise Stopped(why, "await go.soak()") from None
        raise Stopped("the soak did not end", f"golive status {self._run.folder.name}")

    @property
    def _here(self) -> PhaseState:
        return self._run.state().named(self._phase)

    def _ended(self, here: PhaseState) -> Answer:
        from golive.pages.retold import soaked

        return soaked(here, samples_of(self._run, self._phase), self._run.plan, "the next cell")

    def _progress(self) -> Answer:
        look = self._run.book.last_look()
        verdict = (look.body.get("verdict") if look else None) or {}
        left = verdict.get("soak_left")
        needed = verdict.get("more_requests")
        facts = [
            ("time left", self._time_left(left)),
            ("canary requests", str(look.body["canary_requests"]) if look else "none yet"),
            ("still needed", "nothing" if needed in (None, 0) else f"{needed} requests"),
            ("seen at", both(look.utc) if look else "not yet"),
        ]
        word = verdict.get("word", "HOLD")
        reason = verdict.get("reason", "waiting for the guard's first verdict")
        lines = watched_table(look.body.get("watched", {}).get(self._phase, ())) if look else None
        hours = summaries_table(self._here.summaries)
        return Answer(word, reason, facts, lines, self._live_picture(), reason, second_table=hours)

    def _time_left(self, left: float | None) -> str:
        whole = self._run.plan.phase(self._phase).soak.total_seconds()
        return "soak is over, the guard extends it" if left == 0 else f"{span(left)} of {span(whole)}"

    def _live_picture(self) -> bytes | None:
        """Give the chart for a person, drawn anew every other look; nobody looks at an unattended page."""
        if attended() and time.monotonic() - self._drawn_at >= REDRAW:
            self._drawn_at = time.monotonic()
            self._picture = self._draw()
        return self._picture

    def _draw(self) -> bytes:
        from golive.pages.live import LiveChart

        if self._chart is None:
            soak = self._run.plan.phase(self._phase).soak.total_seconds()
            self._chart = LiveChart(self._run.plan.criteria, soak)
        self._read_on()
        png: bytes = self._chart.draw(self._curve)
        return png

    def _read_on(self) -> None:
        """Take in what is new; who comes back to a long soak reads its minutes, so that the first chart is whole."""
        if self._rows == 0 and time.monotonic() - self._read_at >= BY_MINUTES:
            minutes, self._read_at = self._run.book.minutes(self._phase), time.monotonic()
            self._long = len(minutes) > LONG
            if self._long:
                self._curve = Curve()
                self._curve.add(minutes)
        if not self._long:
            fresh = self._run.book.samples(self._rows, AT_ONCE)
            self._rows += len(fresh)
            self._curve.add(sample for sample in fresh if sample.phase == self._phase)


def samples_of(run: Run, phase: str) -> list[Sample]:
    """Give what the guard measured in a phase: by the second, or by the minute once it has gone on for long."""
    minutes = run.book.minutes(phase)
    if len(minutes) > LONG:
        return list(minutes)
    return [sample for sample in run.book.samples() if sample.phase == phase]


def picture_of(desk: Desk, phase: str, title: str) -> bytes:
    """Give a phase's chart with its shift marked, as a PNG."""
    from golive.pages.retold import picture_of as drawn

    return drawn(desk.state.named(phase), samples_of(desk.run, phase), desk.run.plan, title)


def evidence_of(run: Run, phase: str, verdict: Verdict) -> tuple[bytes, str]:
    """Give the picture of a phase's evidence against time, as a PNG, and its title."""
    from golive.pages.evidence import evidence_chart, evidence_title, points_of

    points = points_of(run.book.trace(phase))
    return evidence_chart(points, verdict), evidence_title(points, verdict)
