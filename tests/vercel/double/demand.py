"""What can be made to go wrong with the double's answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class OnDemand:
    """One thing that goes wrong with the requests that it is for.

    Attributes:
        where: Method and path of the requests, as an expression: `POST .*/approve-stage`.
        status, body, headers: What is answered instead; nothing is done.
        cut: "before" what was asked for is done the connection breaks, or "after" it.
        silent: Seconds in which nothing is answered; what was asked for is done first.
        instead: A body with which an answer of 200 is replaced, after the thing was done.
        times: So often.
    """

    where: str
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    silent: float = 0.0
    instead: Any = None
    times: int = 1_000_000

    def takes(self, what: str) -> bool:
        """Say whether this request is one of them, and count it."""
        if self.times <= 0 or not re.fullmatch(self.where, what):
            return False
        self.times -= 1
        return True


def refused(where: str, status: int, code: str, message: str, times: int = 1_000_000, **more: Any) -> OnDemand:
    """Give an error in Vercel's form."""
    return OnDemand(where, status, {"error": {"code": code, "message": message, **more}}, times=times)


def limited(where: str, seconds: float, now: float, times: int = 1) -> OnDemand:
    """Give a 429 that ends in so many seconds."""
    reset = round((now + seconds) * 1000)
    limit = {"remaining": 0, "reset": reset // 1000, "resetMs": reset, "total": 6}
    return refused(where, 429, "rate_limited", "Too many requests", times, limit=limit)
