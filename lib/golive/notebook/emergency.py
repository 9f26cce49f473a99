"""The pages for when something is wrong: they need a run, and nothing else of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

from golive import rescue
from golive.awaited import awaited
from golive.core.errors import GoLiveError, Stopped
from golive.folders import runs_root
from golive.notebook.bare import BARE_NEXT, Bare
from golive.notebook.calling import call_now
from golive.notebook.closing import end_run, ends_here, sealed
from golive.notebook.desk import Desk
from golive.pages import rollbacks, tables
from golive.pages.answer import Answer
from golive.pages.words import clock, percent
from golive.ports import Split
from golive.run import Run

NAME_ONE = 'run = "NAME" or run = "/path/of/its/folder" in the cell with the parameters, then run both cells'
REHEARSED = "rehearsal of the emergency page"


class Emergency:
    """Rolls a run back, and tells what happened in it."""

    def __init__(
        self, run: Run | None, word: str, others: Sequence[str] = (), newest: str = "", bare: Bare | None = None
    ) -> None:
        self.word, self._others, self._newest, self._bare = word, tuple(others), newest, bare
        self.desk = Desk(run) if run else None

    def watch_over(self) -> Self:
        """Look after the run's guards from this process, for as long as this page is used and the run is open."""
        if self.desk is not None:
            self.desk.watch_over()
        return self

    def _need(self) -> Desk:
        if self.desk is None and self._bare is not None:
            raise Stopped(f"there is no record to read: {self._bare.trouble}", BARE_NEXT)
        if self.desk is None:
            raise Stopped("nothing is open here, so nobody was moved", NAME_ONE)
        self.desk.presence.touch()
        return self.desk

    def _banner(self) -> Answer:
        if self._bare is not None:
            return self._bare.banner(self.word)
        if self.desk is None:
            facts = [
                ("looked at", f"{runs_root()}, and the guards of this host"),
                ("newest run", self._newest or "none"),
                ("by hand", "ROLLBACK.txt in a run's folder (or its work/) moves its router without golive"),
            ]
            return Answer(self.word, "no run of this project or host is open", facts, next=NAME_ONE)
        run, state = self.desk.run, self.desk.state
        look = run.book.last_look()
        seen = look.body.get("share") if look else None
        guard = "silent: the next cell rolls back without it" if self.desk.guard_silent() else "watches"
        facts = [
            ("site", run.plan.site.name),
            ("folder", str(run.folder.root)),
            ("split", f"{percent(state.split)} in the record"),
            ("read back", f"{percent(seen)} at {clock(look.utc)}" if look else "not yet"),
            ("guard", "gone with its run" if state.closed else guard),
            ("wheel", f"{state.wheel.name} since {clock(state.wheel.since)}; going back needs none"),
            ("closed", f"{state.closed} at {clock(state.closed_at)}" if state.closed else "no"),
        ]
        if state.rollback is not None:
            facts.append(("rolled back", str(state.rollback.detail.get("because", ""))))
        if self._others:
            facts.append(("also open here", ", ".join(self._others)))
        word = "CLOSED RUN" if state.closed else self.word
        return Answer(word, f"{state.run} · {percent(state.split)} on the canary", facts, next="the next cell")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self._banner()._repr_mimebundle_()

    def __repr__(self) -> str:
        return str(self._banner())

    @awaited
    async def rollback(self, because: str = "", even_though: str = "") -> Answer:
        """Send everybody back to stable; it says once what speaks against it."""
        if self._bare is not None:
            return await self._bare.rollback(because)
        desk = self._need()
        if not because and self.word == "SANDBOX":
            because = REHEARSED
        answer = await desk.roll_back(because, _phase_of(desk), even_though)
        return replace(answer, next="await go.prove_rollback()") if answer.word == "ROLLED BACK" else answer

    @awaited
    async def prove_rollback(self) -> Answer:
        """Read the router back now, and say what the last rollback came to."""
        if self._bare is not None:
            return await self._bare.prove_rollback()
        desk = self._need()
        state = desk.state
        answer = Answer(
            "NOTHING DONE", "nobody has rolled back this run", next='await go.rollback(because="what you saw")'
        )
        if state.rollback is not None and not state.rollback.open:
            answer = rollbacks.rollback_answer(state.rollback)
        if not state.closed:
            answer = await self._read_back(desk, answer)
        self._leave()
        return answer

    async def _read_back(self, desk: Desk, answer: Answer) -> Answer:
        split = await rescue.router_of(desk.run.folder).read()
        now = percent(split.share) if isinstance(split, Split) else f"not read: {split.why}"
        answer = replace(answer, facts=[*answer.facts, ("reads back now", now)])
        if answer.word == "ROLLED BACK" and not (isinstance(split, Split) and split.share == 0):
            headline = "the router does not read back 0 % now: use ROLLBACK.txt"
            return replace(answer, word="FAIL", headline=headline, next=str(desk.run.folder.by_hand))
        return answer

    def timeline(self) -> Answer:
        """Show the run's story."""
        return tables.timeline(self._need().run.store.read())

    def evidence(self) -> Answer:
        """Show the whole run in one picture."""
        from golive.pages.charts import conclusion, golive_chart

        run = self._need().run
        samples = run.book.samples()
        title = conclusion(samples, run.plan.criteria)
        picture = golive_chart(samples, criteria=run.plan.criteria, title=title, events=())
        return Answer("DONE", title, picture=picture, picture_text=title)

    def escalation(self) -> Answer:
        """Show whom to call, in which order, and who of them is due now."""
        desk = self._need()
        answer = call_now(desk.run)
        if desk.state.attended and ends_here(desk.state):
            answer = replace(answer, next="go.close()")
        self._leave()
        return answer

    def close(self) -> Answer:
        """Close a run of all pages that was rolled back, and seal its archive."""
        desk = self._need()
        state = desk.state
        if state.attended and state.closed:
            return sealed(desk.run)
        if not state.attended or not ends_here(state):
            return Answer("NOTHING DONE", "this page closes only a run of all pages that was rolled back")
        assert state.rollback is not None
        return end_run(desk, "rolled-back", str(state.rollback.detail.get("because", "")))

    def _leave(self) -> None:
        if self.word == "SANDBOX" and self.desk is not None and not self.desk.state.closed:
            self.desk.close_run("rolled-back", "the emergency page was rehearsed by itself")


def _phase_of(desk: Desk) -> str:
    """Give the phase that is open, "" when the record does not say: a rollback needs no answer of it."""
    try:
        phase = desk.state.phase
    except GoLiveError:
        return ""
    return phase.name if phase else ""
