"""Sums up a long watch for people who do not look all the time: each hour, and once more at its end."""

from __future__ import annotations

from golive.core.errors import StoreUnavailable
from golive.core.moments import utc
from golive.core.phases import PhaseKind
from golive.core.record import Kind
from golive.core.state import PhaseState, State
from golive.core.summaries import due, summary, whole_minute
from golive.engine.ledger import Ledger
from golive.engine.look import soaks
from golive.engine.post import Post


class Summing:
    """Enters what each stretch of a watch came to, by the minutes that the book holds, and tells people."""

    def __init__(self, post: Post, ledger: Ledger) -> None:
        self._post, self._ledger = post, ledger

    def look(self, state: State) -> None:
        """Sum up the stretch that is over, if one is."""
        phase = state.phase
        if phase is None or not self._wanted(phase):
            return
        every = self._post.plan.guarding.summary_every
        if until := due(_since(phase), self._post.clock.now(), every):
            self._enter(state, phase, until)

    def end(self, state: State) -> None:
        """Sum up what is left when a watch ends."""
        phase = state.phase
        if phase is not None and self._wanted(phase):
            now = utc(self._post.clock.now(), "seconds")
            self._enter(state, phase, now)

    def _wanted(self, phase: PhaseState) -> bool:
        return phase.kind is PhaseKind.WATCH and phase.soaked is None and soaks(self._post.plan, phase)

    def _enter(self, state: State, phase: PhaseState, until: str) -> None:
        try:
            minutes = self._post.book.minutes(phase.name)
        except StoreUnavailable:
            return  # the next look sums up the same stretch
        told = summary(minutes, _since(phase), until)
        self._ledger.append(Kind.SUMMARY, told, phase.name)
        self._ledger.tell("info", "SUMMARY", in_words(told), state.run, f"golive status {state.run}")


def in_words(told: dict[str, object]) -> str:
    """Give a summary as one sentence for a chat."""
    since, until, versions = str(told["since"]), str(told["until"]), told["versions"]
    assert isinstance(versions, dict)
    parts = []
    for name, seen in versions.items():
        said = f"{name} {seen['requests']} requests, {seen['failed']:.2%} failed, {seen['over_500ms']:.2%} over 500 ms"
        worst = seen["worst"].get("failed")
        parts.append(f"{said}, at worst {worst['share']:.2%} failed at {worst['at'][11:16]}" if worst else said)
    return f"{since[11:16]} to {until[11:16]} UTC: {'; '.join(parts) or 'nobody was counted'}"


def _since(phase: PhaseState) -> str:
    return phase.summaries[-1]["until"] if phase.summaries else whole_minute(phase.opened_at)
