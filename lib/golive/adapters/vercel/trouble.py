"""What can be wrong with a call to Vercel, as a value: what it was, what Vercel said, and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LONGEST = 200  # characters of what Vercel said that are told on


class Kind(StrEnum):
    """What was wrong, in the words that a page shows."""

    NO_TOKEN = "no token"
    WRONG = "Vercel takes the request for wrong (400)"
    TOKEN = "Vercel does not take the token (401)"
    PAYMENT = "Vercel wants this to be paid for (402)"
    FORBIDDEN = "the token may not do this (403)"
    NOT_FOUND = "Vercel knows no such thing (404)"
    CONFLICT = "Vercel is at something else (409)"
    GONE = "it is gone at Vercel (410)"
    UNFIT = "Vercel won't do this as things stand (422)"
    LIMITED = "Vercel limits the rate of requests (429)"
    BROKEN = "Vercel itself has trouble"
    OTHER = "Vercel answered something unexpected"
    NO_ANSWER = "Vercel did not answer"
    GARBAGE = "Vercel answered what nobody understands"
    BEHIND = "Vercel's answer is behind what it had told before"
    HELD_BACK = "not asked, to stay within the requests a minute that the plan allows"


BY_STATUS = {
    400: Kind.WRONG,
    401: Kind.TOKEN,
    402: Kind.PAYMENT,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    409: Kind.CONFLICT,
    410: Kind.GONE,
    422: Kind.UNFIT,
    429: Kind.LIMITED,
}
NEXT = {
    Kind.TOKEN: "make a token for this team at vercel.com/account/settings/tokens and start with it",
    Kind.PAYMENT: "look at what docs/vercel.md says costs money",
    Kind.FORBIDDEN: "look at the team in the plan, and at whom the token belongs to",
    Kind.NOT_FOUND: "look at project, team and deployments in the plan",
}


@dataclass(frozen=True)
class Trouble:
    """A call that came to nothing.

    Attributes:
        why: One line of at most a few hundred characters, without the token.
        status: Of the answer, 0 when there was none.
        wait: Seconds after which asking again makes sense.
        maybe_done: Whether the request may have reached Vercel and been carried out all the same.
    """

    kind: Kind
    why: str
    status: int = 0
    wait: float = 0.0
    maybe_done: bool = False

    @property
    def is_refusal(self) -> bool:
        """Whether Vercel, or we ourselves, said no, so that nothing was changed."""
        return 400 <= self.status < 500 or self.kind in (Kind.NO_TOKEN, Kind.HELD_BACK)


def of_status(status: int, what: str, content: bytes, wait: float) -> Trouble:
    """Give the trouble that an answer above 299 stands for; `what` names the call."""
    kind = BY_STATUS.get(status, Kind.BROKEN if status >= 500 else Kind.OTHER)
    said = _said(content)
    tail = f"; asked again in {wait:.0f} s at the earliest" if kind is Kind.LIMITED else ""
    told = f": {said}" if said else ""
    number = f" ({status})" if kind in (Kind.BROKEN, Kind.OTHER) else ""
    does = f"; {NEXT[kind]}" if kind in NEXT else ""
    return Trouble(kind, f"{what}: {kind}{number}{told}{tail}{does}", status, wait, maybe_done=status >= 500)


def _said(content: bytes) -> str:
    """Give Vercel's code and message on one line; its bodies have `error`, and some `err`."""
    text = content[:2000].decode("utf-8", "replace")
    try:
        data: Any = json.loads(content)
        error = data.get("error") or data.get("err") or {}
        if isinstance(error, dict):
            text = " ".join(str(error[key]) for key in ("code", "message") if error.get(key))
    except (ValueError, AttributeError, RecursionError):
        pass
    return "".join(one if one.isprintable() else " " for one in text).strip()[:LONGEST]
