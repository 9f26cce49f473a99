"""A person's word on one finding: attested, where only a person can know; waived, where it is bad and may stand."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from golive.adapters.kept import KeepFailed, Kept, keep
from golive.core.consent import approving
from golive.core.decided import EVIDENCE_LENGTH
from golive.core.errors import Stopped
from golive.core.findings import PASSED, UNMEASURED, Found
from golive.core.moments import utc
from golive.core.phases import UNFILLED
from golive.core.plain import plain
from golive.core.record import Kind
from golive.core.state import State
from golive.core.units import duration
from golive.notebook.desk import Desk
from golive.pages.answer import Answer
from golive.pages.words import clock

CALLS = {
    Kind.ATTESTED: 'go.attest("{called}", "what you know", until="24h", link="https://…")',
    Kind.WAIVED: 'go.waive("{called}", because="why it may stand", until="2h", link="https://…")',
}
LINK = re.compile(r"https?://[^\s/]+\S*")
LONGEST_WHY = 1000
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
REHEARSED = 'in a rehearsal on the run\'s own world one person may type both: second="who agrees"'


@dataclass(frozen=True)
class Word:
    """What was typed."""

    kind: Kind
    called: str
    because: str
    until: str = ""
    link: str = ""
    file: str = ""
    second: str = ""


def give(desk: Desk, phase: str, word: Word) -> Answer:
    """Write a person's word down; the file that it names is copied beside the record.

    Raises:
        Stopped: With what to type instead, when it can't count: nothing was written then.
    """
    found = _found(desk.state, phase, word)
    now = desk.run.clock.moment()
    until = _until(word, now.at)
    _refuse(desk, found, word)
    kept = _kept(desk, word)
    body = {
        "finding": found.id,
        "called": found.called,
        "code": found.code,
        "was": found.result,
        "because": plain(word.because, LONGEST_WHY),
        "until": utc(until),
        "good_for": (until - now.at).total_seconds(),
        "moment": now.to_json(),
        "link": word.link,
        "file": kept.name if kept else "",
        "sha256": kept.sha256 if kept else "",
        "second": word.second,
    }
    if word.kind is Kind.WAIVED and not word.second:
        return _awaiting(desk, phase, found, body)
    desk.run.append(word.kind, body, phase)
    who = f"{desk.run.who.name} with {word.second}" if word.second else desk.run.who.name
    said = f"{found.called} is {word.kind.value} by {who} until {clock(utc(until))}: {body['because']}"
    return Answer("DONE", said, next="the next cell")


def _awaiting(desk: Desk, phase: str, found: Found, body: dict[str, Any]) -> Answer:
    """Write down a waiver that counts once a second person has approved it, and say what they type."""
    code = "W" + "".join(secrets.choice(LETTERS) for _ in range(4))
    entry, run = desk.run.append(Kind.WAIVED, {**body, "answer": code}, phase), desk.state.run
    more = f"--phase {phase} --evidence {entry.hash[:EVIDENCE_LENGTH]} --print "
    who = ", ".join(sorted(_others(desk)))
    facts = [("missing", f"a second person of the plan's roles ({who})")]
    facts.append(("without this run's store", approving(run, code, "NAME", more)))
    if desk.run.plan.own_world:
        facts.append(("alone", REHEARSED))
    said = f"{found.called} is waived by {desk.run.who.name} until {clock(body['until'])}: {body['because']}"
    return Answer("WAITING", f"{said}; it does not count yet", facts, next=f"they type: {approving(run, code, 'NAME')}")


def _found(state: State, phase: str, word: Word) -> Found:
    """Give the newest finding of that name: this phase's first, then those of phases before it."""
    here = state.named(phase)
    for of in (here, *reversed([one for one in state.phases if one is not here])):
        for stage in ("watched", "special", "start"):
            if word.called in of.found.get(stage, {}):
                return of.found[stage][word.called]
    known = sorted({name for of in state.phases for stage in of.found.values() for name in stage})
    raise Stopped(f"nothing was found under {word.called!r}; there are {', '.join(known) or 'none yet'}", _typed(word))


def _until(word: Word, now: datetime) -> datetime:
    """Give the end of a person's word: a length of time from now, or a moment in UTC."""
    try:
        end = now + duration(word.until)
    except ValueError:
        try:
            end = datetime.fromisoformat(word.until)
        except ValueError:
            raise Stopped(f"until={word.until!r}: '2h' or '2026-01-31T12:00Z' was expected", _typed(word)) from None
        end = end if end.tzinfo else end.replace(tzinfo=UTC)
    if end <= now:
        raise Stopped(f"until={word.until!r} is over already", _typed(word))
    return end


def _refuse(desk: Desk, found: Found, word: Word) -> None:
    if found.result in PASSED:
        raise Stopped(f"{found.called} has passed: there is nothing to say about it", "the next cell")
    if not any(letter.isalnum() for letter in word.because):
        raise Stopped("it needs a reason in words", _typed(word))
    if bool(word.link) == bool(word.file):
        raise Stopped("it needs a link or a file, and one of them", _typed(word))
    if word.link and not LINK.fullmatch(word.link):
        raise Stopped(f"link={plain(word.link, 80)!r}: an address that begins with https:// was expected", _typed(word))
    if word.kind is Kind.ATTESTED:
        if found.result != UNMEASURED:
            raise Stopped(f"{found.called} was measured, as {found.result}: only a waiver covers that", _waiver(word))
        return
    names = _others(desk)
    known = ", ".join(sorted(names)) or "the plan names none"
    if not names or (word.second and word.second not in names):
        raise Stopped(f"a waiver needs a second person of the plan's roles ({known})", _typed(word))
    if word.second and not desk.run.plan.own_world:
        raise Stopped(f"{word.second} approves it themselves, and nobody types that for them", _typed(word))


def _others(desk: Desk) -> set[str]:
    """Give the people of the plan's roles besides who is here."""
    return {person.name for person in desk.run.plan.roles.values()} - {desk.run.who.name, *UNFILLED}


def _kept(desk: Desk, word: Word) -> Kept | None:
    if not word.file:
        return None
    try:
        return keep(Path(word.file).expanduser(), desk.run.folder.evidence)
    except KeepFailed as error:
        raise Stopped(str(error), _typed(word)) from None


def _typed(word: Word) -> str:
    return CALLS[word.kind].format(called=plain(word.called, 60))


def _waiver(word: Word) -> str:
    return CALLS[Kind.WAIVED].format(called=plain(word.called, 60))
