"""Whose report it is: of which commit, and of when; what it does not say is no pass."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from golive.adapters.reports.reading import ReportTrouble
from golive.core.plain import plain
from golive.core.units import say_duration

SHORTEST = 12
SKEW = timedelta(minutes=2)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{12,64}(?![0-9a-f])")


@dataclass(frozen=True)
class Wrong:
    """A report that was read and does not count: why, and the next thing to do. The line fails."""

    why: str
    then: str


def is_commit(text: str) -> bool:
    """Say whether a text is a commit's hash that is long enough to name one commit."""
    return bool(_HASH.fullmatch(text.lower()))


def same_commit(one: str, other: str) -> bool:
    """Say whether two hashes, either of them perhaps shortened, name one commit."""
    one, other = one.lower(), other.lower()
    return is_commit(one) and is_commit(other) and (one.startswith(other) or other.startswith(one))


def commits_in(texts: Iterable[str]) -> list[str]:
    """Give every commit's hash that stands in some texts."""
    return [found for text in texts for found in _HASH.findall(_UUID.sub("", text.lower()))]


def of_commit(wanted: str, said: Iterable[str], address: str) -> Wrong | None:
    """Hold a report against the release's commit: by what it says itself, or by an address that holds the commit.

    Raises:
        ReportTrouble: If neither says, or the plan names no commit.
    """
    if not is_commit(wanted):
        raise ReportTrouble(
            f"the plan's release.commit is {plain(wanted, 50)!r}, no commit", "put the release's Git hash there"
        )
    named = [text for text in said if text]
    commits = commits_in(named) or commits_in([address])
    if any(same_commit(wanted, commit) for commit in commits):
        return None
    if commits:
        return Wrong(f"of commit {commits[0][:SHORTEST]}", f"run the tool on commit {wanted[:SHORTEST]}")
    raise ReportTrouble(
        "it does not say of which commit it is", "let the tool write it, or keep the report at {release.commit}/…"
    )


def of_time(at: datetime, now: datetime, not_older_than: timedelta) -> Wrong | None:
    """Hold the moment that a report was made against now."""
    if at > now + SKEW:
        return Wrong(f"from the future: {_moment(at)}", "set the clock of the machine that ran the tool")
    if now - at > not_older_than:
        return Wrong(f"of {_moment(at)}, older than {say_duration(not_older_than)}", "run the tool again")
    return None


def moment(text: str, zone: str = "") -> datetime:
    """Give a moment that a report names; `zone` (IANA) is where a clock without a zone stood.

    Raises:
        ReportTrouble: If there is none, it is no moment, or nobody knows its zone.
    """
    if not text:
        raise ReportTrouble("it does not say when it was made", "let the tool write the time")
    try:
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is None and zone:
            at = at.replace(tzinfo=ZoneInfo(zone))
        if at.tzinfo is None:
            raise ReportTrouble(f"its time {plain(text, 40)} names no zone", "set `zone` of this line")
        return at.astimezone(UTC)
    except (ZoneInfoNotFoundError, ValueError, OverflowError) as error:
        raise ReportTrouble(
            f"its time {plain(text, 40)!r} is none: {plain(error, 60)}", "run the tool again"
        ) from error


def from_epoch(seconds: float) -> datetime:
    """Give the moment of so many seconds since 1970.

    Raises:
        ReportTrouble: If that is no moment.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ReportTrouble(f"its time {seconds:g} is none", "run the tool again") from error


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
