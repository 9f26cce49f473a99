"""Values that several tests need."""

from __future__ import annotations

import uuid

from golive.core.plan import Plan
from golive.core.record import Draft, Entry, Kind, Who, chain
from golive.core.samples import Gauges, Sample, Tally, Version
from golive.plans import load


def sandbox() -> Plan:
    """Give the sandbox's plan."""
    return load("sandbox", None)[0]


class Story:
    """Entries, one after another."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.fingerprint = sandbox().fingerprint

    def tell(
        self, kind: Kind, body: dict, phase: str = "", at: str = "2026-01-01T00:00:00.000Z", id: str = ""
    ) -> Entry:
        draft = Draft(id or uuid.uuid4().hex, kind, Who("ada", "ada", "host", "1"), body, phase)
        after = self.entries[-1] if self.entries else None
        self.entries.append(chain(draft, after=after, at=at, code="test", plan=self.fingerprint))
        return self.entries[-1]

    def open(self, more: dict | None = None) -> Story:
        phases = [
            {"name": p.name, "title": p.title, "notebook": p.notebook, "share": p.share, "kind": p.kind.value}
            for p in sandbox().phases
        ]
        body = {"run": "run", "plan": "sandbox", "title": "t", "site": "s", "note": "n", "phases": phases}
        self.tell(Kind.RUN_OPENED, {**body, "versions": {"golive": "0"}, **(more or {})})
        return self

    def decided(self, phase: str, choice: str = "proceed", code: str = "KTRM", word: str = "PROCEED") -> Story:
        """Let a phase be judged and decided."""
        verdict = {"word": word, "hold": None, "reason": "the numbers say so"}
        self.tell(Kind.JUDGED, {"code": code, "verdict": verdict}, phase)
        self.tell(Kind.DECISION, {"choice": choice, "code": code, "because": "a test", "by_policy": False}, phase)
        return self


def sample(at: float, version: Version, requests: int, failed: int = 0, slow: int = 0, **more: int) -> Sample:
    """Give one second of a version; a fiftieth of its requests are checkouts, `dead` of them failed."""
    over = {edge: (slow if edge <= 1000 else 0) for edge in (50, 100, 200, 300, 400, 500, 750, 1000, 2000)}
    tally = Tally(requests, failed, more.get("client_errors", 0), 0, over)
    routes = {"checkout": Tally(requests // 50, more.get("dead", 0))}
    return Sample(1_700_000_000 + at, at, 1.0, version, tally, Gauges(0.1, 0.2), "canary-25", 0.25, routes)
