"""The emergency page without a run: its record or its plan can't be read, or nobody knows it; its router is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from golive import rescue
from golive.adapters.clocks import SystemClock
from golive.afterwards import verify
from golive.alone import mine_of, send_back, write_down
from golive.core.kit import Kit
from golive.folders import RunFolder
from golive.pages.answer import Answer
from golive.pages.rollbacks import unrecorded_rollback
from golive.pages.words import percent
from golive.ports import Split

BARE_NEXT = 'await go.rollback(because="what you saw") works without it'
NOT_KNOWN = "no run of it is known here: tell whoever runs it"


@dataclass(frozen=True)
class Bare:
    """A router to roll back.

    Attributes:
        kit: What its `router.json` says.
        folder: The run's folder; None when only the router was named.
        trouble: Why there is no run to open.
    """

    kit: Kit
    folder: RunFolder | None
    trouble: str

    def banner(self, word: str) -> Answer:
        """Say what is known, and that rolling back works."""
        facts = [
            ("site", self.kit.site or "not known"),
            ("router", self.kit.driver),
            ("whose", self.kit.claim or "whatever canary it shows"),
            ("folder", str(self.folder.root) if self.folder else "none"),
        ]
        return Answer(word, f"{self.trouble}: rolling back works without it", facts, next="the next cell")

    async def rollback(self, because: str) -> Answer:
        """Send everybody back to stable, and write that down beside the record where there is one."""
        if not because.strip():
            headline = "no reason was given, so nobody was moved"
            return Answer("NOTHING DONE", headline, next='await go.rollback(because="what you saw")')
        router, clock = rescue.router_of(self.kit), SystemClock()
        sent = await send_back(router, self.kit, mine_of(self.kit, None), because, clock)
        seen = await verify(None, self.kit, sent.rolled)
        if self.folder is None:
            rolled = sent.rolled
            verified = {"read_back": rolled.read_back, "seconds_to_safe": round(rolled.seconds, 3), **seen}
            return unrecorded_rollback(rolled.done, rolled.superseded, rolled.why, verified, NOT_KNOWN)
        answer = write_down(self.folder, None, sent, seen, because, "operator, the run could not be opened").answer()
        return replace(answer, next="await go.prove_rollback()") if answer.word == "ROLLED BACK" else answer

    async def prove_rollback(self) -> Answer:
        """Read the router back now."""
        split = await rescue.router_of(self.kit).read()
        if not isinstance(split, Split):
            return Answer("FAIL", f"the router does not say: {split.why}", next="do what ROLLBACK.txt says")
        word = "PASS" if split.share == 0 else "FAIL"
        then = "open 91_incident.ipynb" if word == "PASS" else "do what ROLLBACK.txt says"
        return Answer(word, f"the router reads back {percent(split.share)} on the canary now", next=then)
