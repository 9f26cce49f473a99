"""The lessons-learned page as it is begun from the record: what happened, and room for what people make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from golive.core.folding import fold
from golive.core.holds import holds
from golive.core.let_through import given, left
from golive.core.plan import Plan
from golive.core.record import Entry, Kind
from golive.core.samples import Sample
from golive.core.state import State
from golive.core.worst import Worst, worst_moments
from golive.pages.let_through import seen_at, until
from golive.pages.markdown import section, table, text
from golive.pages.tables import say
from golive.pages.words import day, percent, span

WRONG = (Kind.FAULT, Kind.STRAYED, Kind.NOT_OURS, Kind.LAST_RESORT)
FOR_PEOPLE = """## What went well

-

## What to change

-

## Actions

| action | owner | due |
| --- | --- | --- |
|  |  |  |
"""


@dataclass(frozen=True)
class Told:
    """What the page is begun from; `stands` says what is known of the record it comes from."""

    plan: Plan
    entries: Sequence[Entry]
    samples: Sequence[Sample]
    stands: str


def lessons(told: Told) -> str:
    """Give the page, in Markdown: the same record gives the same page."""
    state = fold(told.entries)
    titles = {phase.name: phase.title for phase in state.phases}
    entries = [entry for entry in told.entries if say(entry)]
    parts = [
        f"# Lessons learned: {text(told.plan.title)}\n",
        "Begun from the record, whose parts are below; the next three sections are for people. Times are UTC.\n",
        table(("what", "as the record has it"), _facts(state, told)) + "\n",
        FOR_PEOPLE,
        section("Rollbacks", ROLLBACKS, _rollbacks(told.entries, titles), "None: nobody was sent back."),
        section("Holds", HOLDS, _holds(told.entries, titles), "None, besides soaks that were not over yet."),
        section("Waivers and attestations", LET, _let_through(state, told.entries, titles), "None."),
        section("Faults and alarms", STORY, [_line(e, titles) for e in told.entries if _wrong(e)], "None."),
        section("Worst moments", WORST, [_worst(one, titles) for one in _worsts(told)], "No canary request was seen."),
        section("Timeline", STORY, [_line(entry, titles) for entry in entries], "The record tells nothing."),
    ]
    return "\n".join(parts)


STORY = ("when", "phase", "who", "what")
ROLLBACKS = ("when", "phase", "by", "because", "came to", "time to safe", "tries")
HOLDS = ("when", "phase", "which", "why", "lasted")
LET = ("phase", "line", "word", "was", "who", "why", "until", "see")
WORST = ("phase", "criterion", "worst", "of", "in the minute from")


def _facts(state: State, told: Told) -> list[tuple[str, str]]:
    head, opened = told.entries[-1], told.entries[0].body
    names = sorted({entry.who["name"] for entry in told.entries if entry.kind in (Kind.DECISION, Kind.PHASE_CLOSED)})
    end = f"closed as {state.closed} at {day(state.closed_at)}" if state.closed else "still open"
    return [
        ("run", state.run),
        ("site", f"{opened['site']}, plan {state.plan} {state.fingerprint[:12]}"),
        ("opened", day(state.opened_at)),
        ("end", end),
        ("decided or closed by", ", ".join(names) or "nobody yet"),
        ("record", f"{head.seq} entries, head {head.hash}"),
        ("how it stands", told.stands),
    ]


def _line(entry: Entry, titles: dict[str, str]) -> tuple[str, ...]:
    return (day(entry.at), titles.get(entry.phase, entry.phase), entry.who["name"], f"{entry.kind}: {say(entry)}")


def _wrong(entry: Entry) -> bool:
    return entry.kind in WRONG or (entry.kind is Kind.NOTICE and entry.body["level"] in ("alarm", "warning"))


def _rollbacks(entries: Sequence[Entry], titles: dict[str, str]) -> list[tuple[str, ...]]:
    """Give each rollback that was begun, by its intent where it has one, with what came of it."""
    begun: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.body.get("act") == "rollback" and entry.kind in (Kind.INTENT, Kind.OUTCOME):
            begun.setdefault(entry.body.get("intent") or entry.id, []).append(entry)
    asked = {entry.id: entry.who["name"] for entry in entries if entry.kind is Kind.REQUEST}
    return [_rollback(parts, asked, titles) for parts in begun.values()]


def _rollback(parts: Sequence[Entry], asked: dict[str, str], titles: dict[str, str]) -> tuple[str, ...]:
    first, last = parts[0], parts[-1]
    body: dict[str, Any] = dict(last.body)
    verified = body.get("verified") or {}
    seconds, tries = verified.get("seconds_to_safe"), verified.get("tries")
    by = asked.get(body.get("request", ""), first.who["name"])
    came = f"{body['result']}: {body.get('seen', '')}" if last.kind is Kind.OUTCOME else "its end is not in the record"
    safe = f"{seconds:.1f} s" if isinstance(seconds, int | float) else "not measured"
    phase = titles.get(first.phase, first.phase)
    return (day(first.at), phase, by, str(body.get("because", "")), came, safe, str(tries or "–"))


def _holds(entries: Sequence[Entry], titles: dict[str, str]) -> list[tuple[str, ...]]:
    return [
        (
            day(one.at),
            titles.get(one.phase, one.phase),
            one.hold,
            one.reason,
            span(one.lasted.total_seconds()) if one.lasted is not None else "to the end of this record",
        )
        for one in holds(entries)
    ]


def _let_through(state: State, entries: Sequence[Entry], titles: dict[str, str]) -> list[tuple[str, ...]]:
    words = [
        (titles.get(w.phase, w.phase), w.called, w.word, w.was, w.who, w.because, until(w), seen_at(w))
        for w in given(entries)
    ]
    rest = [
        (titles.get(one.phase, one.phase), one.called, "nobody's", one.result, "", "", "", "") for one in left(state)
    ]
    return [*words, *rest]


def _worsts(told: Told) -> tuple[Worst, ...]:
    return worst_moments(told.samples, told.plan)


def _worst(one: Worst, titles: dict[str, str]) -> tuple[str, ...]:
    at = day(datetime.fromtimestamp(one.second, UTC).isoformat())
    of = f"{one.requests} requests" if one.requests else ""
    when = f"{at}, the whole phase" if one.whole else at
    return (titles.get(one.phase, one.phase), one.criterion, percent(one.share), of, when)
