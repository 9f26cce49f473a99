"""What a rollback came to, as an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from golive.core.state import Act
from golive.pages.answer import Answer, Table
from golive.pages.words import clock, percent

INCIDENT = "open 91_incident.ipynb"
STILL = ("still to come", "visitors counted on the canary after it, and stable's health")
MARKS = {"pass": "✔", "fail": "✖"}


def rollback_answer(act: Act) -> Answer:
    """Give what a rollback came to, as the record holds it."""
    detail = act.detail
    verified = detail.get("verified", {})
    facts = [("because", str(detail.get("because", ""))), *rollback_facts(verified)]
    when = clock(act.ended_at)
    if act.result == "superseded":
        return Answer("LEFT ALONE", f"nobody was moved: {detail.get('seen', '')}, {when}", facts, next="golive status")
    word = "ROLLED BACK" if act.done else "FAIL"
    headline = "everybody is back on stable" if act.done else "the rollback is not confirmed: use ROLLBACK.txt"
    table = left_to_undo(verified.get("also_undo") or ())
    return Answer(word, f"{headline}, {when}", facts, table=table, next=INCIDENT)


def unrecorded_rollback(done: bool, superseded: bool, why: str, verified: Mapping[str, Any], unrecorded: str) -> Answer:
    """Give what a rollback came to that the record could not take."""
    facts = [*rollback_facts(verified), ("not recorded", unrecorded)]
    if superseded:
        return Answer("LEFT ALONE", f"nobody was moved: {why}", facts, next="golive status")
    word = "ROLLED BACK" if done else "FAIL"
    headline = "everybody is back on stable" if done else f"the rollback is not confirmed, {why}: use ROLLBACK.txt"
    return Answer(word, headline, facts, table=left_to_undo(verified.get("also_undo") or ()), next=INCIDENT)


def begun_answer(at: str) -> Answer:
    """Give what the guard's first call of the router came to, at that UTC: everybody is back, and not verified yet."""
    return Answer("ROLLED BACK", f"the guard read back 0 % from the router, {clock(at)}", [STILL], next=INCIDENT)


def moved_answer(done: bool, superseded: bool, seconds: float, why: str) -> Answer:
    """Give what calling the router without a guard came to, before it is verified."""
    if superseded:
        return Answer("LEFT ALONE", f"nobody was moved: {why}", next="golive status")
    if not done:
        return Answer("FAIL", f"the rollback is not confirmed, {why}: use ROLLBACK.txt", [STILL], next=INCIDENT)
    headline = f"0 % read back from the router, {seconds:.2f} s after the first call, without a guard"
    return Answer("ROLLED BACK", headline, [STILL], next=INCIDENT)


def asked_once_more(doubts: Sequence[str], because: str) -> Answer:
    """Give what speaks against a rollback now, and what to type to have it all the same."""
    said = json.dumps(because, ensure_ascii=False)
    then = f'await go.rollback(because={said}, even_though="what you know that speaks for it")'
    return Answer("ASKED ONCE MORE", f"nobody was moved yet: {'; '.join(doubts)}", next=then)


def rollback_facts(verified: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what was seen of a rollback, a line each."""
    healthy = {True: "yes", False: "NO: look at it now"}.get(verified.get("stable_healthy", ""), "not asked")
    counted = verified.get("counted_after")
    facts = [
        ("read back", percent(verified.get("read_back"))),
        ("visitors on the canary after", "not counted" if counted is None else str(counted)),
        ("stable healthy", healthy),
        ("seconds to safe", str(verified.get("seconds_to_safe", "unknown"))),
    ]
    return facts + [("last resort", str(did)) for did in verified.get("last_resort") or ()]


def left_to_undo(rows: Sequence[Mapping[str, Any]]) -> Table | None:
    """Give what moving visitors back does not undo, and what was seen of it; None when the plan names nothing."""
    if not rows:
        return None
    shown = [
        (MARKS.get(str(row["result"]), "?"), row["name"], row["sentence"], str(row["result"]), str(row.get("seen", "")))
        for row in rows
    ]
    return Table(("", "also undo", "what to do", "looked at", "seen"), shown)
