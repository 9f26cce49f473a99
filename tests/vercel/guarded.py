"""A guard that shifts and rolls back on the double, and the words that the page shows for what came of it."""

from __future__ import annotations

import asyncio
from typing import Any

from golive.core.errors import Stopped
from golive.core.folding import fold
from golive.core.record import Kind
from golive.core.state import Act
from golive.notebook.page import Page
from golive.pages import rollbacks
from tests.engine import test_guard
from tests.engine.test_guard import scene
from tests.vercel.conftest import Standing


class Guarded:
    """A run that stands at 1 % and asks for more, with a guard on the double's clock."""

    def __init__(self, standing: Standing, monkeypatch: Any, **settings: str) -> None:
        monkeypatch.setattr(test_guard, "FakeClock", lambda: standing.clock)
        self.router = standing.router(**settings)
        self.router.calls = []  # type: ignore[attr-defined]  # what the scene's store counts along
        self.guard, self.story, _ = scene(self.router)
        self.story.tell(
            Kind.INTENT, {"act": "shift", "request": "", "share": 0.01, "by": "request"}, "canary-1", id="i"
        )
        self.story.tell(
            Kind.OUTCOME,
            {
                "act": "shift",
                "request": "",
                "intent": "i",
                "share": 0.01,
                "result": "done",
                "seen": "",
                "by": "request",
            },
            "canary-1",
        )
        self.story.decided("canary-1")

    async def shift(self, share: float = 0.05, phase: str = "canary-5") -> str:
        """Ask for a shift and give what the page says: its second line too when it stops."""
        number = len(self.story.entries)
        self.story.tell(Kind.REQUEST, {"act": "shift", "share": share, "attended": True}, phase, id=f"ask-{number}")
        self.guard.catch_up()
        assert self.guard.state.request is not None
        await self.guard.acts.shift(self.guard.state.request, self.guard.state)
        return self._said(fold(self.story.entries).named(phase).shift)

    async def roll_back(self) -> str:
        """Roll back and give what the page says."""
        self.guard.catch_up()
        await self.guard.back.send_back("a test", "", "canary-5", self.guard.state)
        act = fold(self.story.entries).rollback
        assert act is not None
        return str(rollbacks.rollback_answer(act))

    async def told(self) -> list[str]:
        """Give the titles and texts of what people were notified of."""
        for _ in range(20):
            await asyncio.sleep(0)
        return [f"{e.body['title']}: {e.body['text']}" for e in self.story.entries if e.kind is Kind.NOTICE]

    def _said(self, act: Act | None) -> str:
        try:
            return str(Page._acted(None, act, "await go.prove()"))  # type: ignore[arg-type]
        except Stopped as stopped:
            return str(stopped)
