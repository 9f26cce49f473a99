"""What was let through in a run: every attestation and waiver, what could not be measured, and what nobody answered."""

from __future__ import annotations

from collections.abc import Sequence

from golive.core.let_through import NOT_APPROVED, Given, Left, given, left
from golive.core.record import Entry
from golive.core.state import State
from golive.pages.answer import Answer, Table
from golive.pages.words import day

NONE = "none"
COLUMNS = ("phase", "line", "word", "was", "who", "why", "until", "see")
DIGITS = 16


def let_through(state: State, entries: Sequence[Entry], then: str = "") -> Answer:
    """Give a row for each word of a person and each line that was left as it was; "none" is said aloud."""
    words, rest = given(entries), left(state)
    titles = {phase.name: phase.title for phase in state.phases}
    rows = [*(_row(one, titles) for one in words), *(_left(one, titles) for one in rest)]
    waived = [one for one in words if one.word == "waived"]
    attested = [one for one in words if one.word == "attested"]
    facts = [
        ("waived", _named(waived)),
        ("attested", _named(attested)),
        ("not measured, waived", _named([one for one in waived if one.unmeasured])),
        ("not approved", _named([one for one in words if one.word == NOT_APPROVED])),
        ("left as found", _named(rest)),
    ]
    counts = f"{len(waived)} waived, {len(attested)} attested, {len(rest)} left as found"
    headline = counts if rows else "nothing was let through: none waived, none attested, none left as found"
    return Answer("DONE", headline, facts, Table(COLUMNS, rows), next=then)


def seen_at(one: Given) -> str:
    """Give where a word's evidence is: its link, or its file with the beginning of the file's hash."""
    return f"{one.see}, SHA-256 {one.sha256[:DIGITS]}…" if one.sha256 else one.see


def until(one: Given) -> str:
    """Give how long a word holds, for people."""
    return day(one.until) if one.until else "the end of the run"


def _named(lines: Sequence[Given] | Sequence[Left]) -> str:
    return ", ".join(dict.fromkeys(one.called for one in lines)) or NONE


def _row(one: Given, titles: dict[str, str]) -> tuple[str, ...]:
    phase = titles.get(one.phase, one.phase)
    return (phase, one.called, one.word, one.was, one.who, one.because, until(one), seen_at(one))


def _left(one: Left, titles: dict[str, str]) -> tuple[str, ...]:
    return (titles.get(one.phase, one.phase), one.called, "nobody's", one.result, "–", "–", "–", "–")
