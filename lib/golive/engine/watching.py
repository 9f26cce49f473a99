"""The lines that the guard watches through a soak: each asked in its time, its changes entered, its worst kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Mapping
from dataclasses import asdict, replace
from typing import Any

from golive.core.findings import Found, code_of, excused
from golive.core.moments import Moment, utc
from golive.core.phases import WatchedUse
from golive.core.record import Kind
from golive.core.state import State
from golive.core.watched import Seen, Watched, from_json, seen_of
from golive.engine.ledger import Ledger
from golive.engine.look import soaks
from golive.engine.post import Post
from golive.ports import Finding

STAGE = "watched"
IDLE = 0.5  # seconds between looks whether a line's soak has begun
OVERDUE = 5.0  # seconds beyond two of its intervals and its limit after which a line counts as not looked at
SHOWN = 3


class Watching:
    """The acting guard's lines. A look of the guard takes what has come and waits for none of them."""

    def __init__(self, post: Post, ledger: Ledger) -> None:
        self._post, self._ledger = post, ledger
        self._soaking = ""
        self._arrived: deque[tuple[str, Finding, str]] = deque()
        self._lines: dict[str, dict[str, Watched]] = {}
        self._at: dict[tuple[str, str], float] = {}

    def tasks(self) -> list[Awaitable[None]]:
        """Give an endless reader for each line that the plan wants watched."""
        if self._post.lines is None:
            return []
        return [self._watch(phase.name, use) for phase in self._post.plan.phases for use in phase.watched]

    async def _watch(self, phase: str, use: WatchedUse) -> None:
        clock, lines = self._post.clock, self._post.lines
        assert lines is not None
        while True:
            if self._soaking != phase:
                await clock.sleep(IDLE)
                continue
            begun = clock.monotonic()
            finding = await lines.look(phase, use.called)
            self._arrived.append((phase, finding, utc(clock.now())))
            await clock.sleep(max(IDLE, use.every.total_seconds() - (clock.monotonic() - begun)))

    def look(self, state: State, now: float) -> tuple[str, str]:
        """Take what has come, and say which lines are not good, and which nobody has looked at yet; "" for none."""
        phase, plan = state.phase, self._post.plan
        self._soaking = phase.name if phase is not None and soaks(plan, phase) else ""
        while self._arrived:
            of, finding, at = self._arrived.popleft()
            self._take(state, of, finding, at, now)
        if phase is None or not self._soaking or self._post.lines is None:
            return "", ""
        bad, missing = [], []
        for use in plan.phase(phase.name).watched:
            line = self._lines.get(phase.name, {}).get(use.called)
            if line is None:
                missing.append(use.called)
            elif said := self._not_good(state, phase.name, use, line, now):
                bad.append(f"{use.called}: {said}")
        return _named(bad), f"{_named(missing)}: not looked at yet" if missing else ""

    def _not_good(self, state: State, phase: str, use: WatchedUse, line: Watched, now: float) -> str:
        age = now - self._at[phase, use.called]
        if age > 2 * use.every.total_seconds() + use.within.total_seconds() + OVERDUE:
            return f"not looked at for {age:.0f} s"
        if line.newest.good or self._excused(state, use.called, line.newest):
            return ""
        return f"{line.newest.seen}, where {line.newest.expected} was expected"

    def _excused(self, state: State, called: str, seen: Seen) -> bool:
        """Say whether a person's word covers what a line has come to; a word for one result holds for no other."""
        now: Moment = self._post.clock.moment()
        found = Found("", called, seen.result, code_of(called, seen.result, seen.expected, ""), now)
        return excused(found, state.excuses, now) is not None

    def _take(self, state: State, phase: str, finding: Finding, at: str, now: float) -> None:
        """Count one look, and enter it when the line has come to something else than before."""
        called = finding.called or finding.check
        lines = self._lines.setdefault(phase, {})
        seen, before = seen_of(asdict(finding), at), lines.get(called)
        lines[called] = before.after(seen) if before is not None else Watched.begun(called, seen)
        self._at[phase, called] = now
        if before is not None and before.newest.result == seen.result:
            return
        coded = replace(finding, code=code_of(called, seen.result, seen.expected, ""))
        body = {"stage": STAGE, **asdict(coded), "moment": self._post.clock.moment().to_json()}
        if _recorded(state, phase, called) != seen.result:
            self._ledger.append(Kind.FINDING, body, phase)

    def summary(self, phase: str) -> dict[str, Any]:
        """Give what the end of a phase's soak says of its lines, in the plan's order; empty where it has none."""
        lines = self._lines.get(phase, {})
        known = [lines[use.called] for use in self._post.plan.phase(phase).watched if use.called in lines]
        return {STAGE: [line.to_json() for line in known]} if known else {}

    def to_json(self) -> dict[str, Any]:
        """Give all lines by phase, for views and for the guard that takes over."""
        return {phase: [line.to_json() for line in lines.values()] for phase, lines in self._lines.items()}

    def recall(self, told: Mapping[str, Any]) -> None:
        """Go on from what another guard has written in `to_json`."""
        now = self._post.clock.monotonic()
        for phase, lines in told.items():
            self._lines[phase] = {line["called"]: from_json(line) for line in lines}
            self._at |= {(phase, line["called"]): now for line in lines}

    def end(self) -> None:
        """End whatever looks for it."""
        if self._post.lines is not None:
            self._post.lines.end()


def _recorded(state: State, phase: str, called: str) -> str:
    found = state.named(phase).found.get(STAGE, {}).get(called)
    return found.result if found is not None else ""


def _named(said: list[str]) -> str:
    more = f" and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    return "; ".join(said[:SHOWN]) + more
