"""An approval as one line of ASCII that one person reads out or sends, and another pastes: it names all it binds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from golive.core.canonical import canonical, tame
from golive.core.errors import Stopped
from golive.core.moments import Moment
from golive.core.plain import plain
from golive.core.record import Who

KEYS = ("run", "phase", "code", "evidence", "name", "user", "host", "at", "because")
CHECK_LENGTH = 12
LONGEST = 8000
SKEW = 60.0  # seconds by which the clocks of two machines may differ
PASTE = "let them print the line again, and paste all of it"


def line_of(said: Mapping[str, str]) -> str:
    """Give what the other person pastes into a cell: `go.approve('{…}')`, with a check of its own."""
    told = {key: plain(said[key], 1000) for key in KEYS}
    return f"go.approve({json.dumps({**told, 'check': _check(told)}, ensure_ascii=True)!r})"


def read_line(text: str) -> dict[str, str]:
    """Give what a pasted line says.

    Raises:
        Stopped: If it is none, or a part of it is missing or was changed.
    """
    try:
        told = json.loads(text[:LONGEST])
    except ValueError:
        raise Stopped("this is no line of golive approve, or not all of it", PASTE) from None
    whole = isinstance(told, dict) and set(told) == {*KEYS, "check"} and all(isinstance(v, str) for v in told.values())
    if not whole or told.pop("check") != _check(told):
        raise Stopped("a part of this line is missing or was changed: its check differs", PASTE)
    return dict(told)


def who_of(said: Mapping[str, str]) -> Who:
    """Give whom a line says it is from."""
    return Who(said["name"], said["user"], said["host"])


def moment_of_line(said: Mapping[str, str], now: Moment) -> Moment:
    """Give when a line was printed, on this host's clock; two clocks that differ by less than a minute are one.

    Raises:
        Stopped: If it says no time, or one that has not been yet.
    """
    try:
        at = datetime.fromisoformat(said["at"]).astimezone(UTC)
    except ValueError:
        raise Stopped("this line does not say when it was printed", PASTE) from None
    ahead = (at - now.at).total_seconds()
    if ahead > SKEW:
        raise Stopped(f"this line says {said['at']}, and that has not been yet: a clock is wrong", PASTE)
    return Moment(min(at, now.at))


def _check(told: Any) -> str:
    return hashlib.sha256(canonical(tame(told))).hexdigest()[:CHECK_LENGTH]
