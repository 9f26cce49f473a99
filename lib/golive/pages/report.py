"""`index.html`: the whole go-live on one page, without network or script."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import jinja2

from golive.core.plan import Criteria
from golive.core.record import Entry, Kind
from golive.core.samples import Sample
from golive.core.state import State
from golive.pages.charts import Event, conclusion, golive_chart
from golive.pages.tables import say
from golive.pages.words import clock, glyph

MARKED = (Kind.DECISION, Kind.OUTCOME, Kind.FAULT, Kind.RUN_CLOSED)
HEADLINES = {"completed": "COMPLETED", "rolled-back": "ROLLED BACK", "held": "HELD"}


def index_html(
    *,
    state: State,
    entries: Sequence[Entry],
    samples: Sequence[Sample],
    criteria: Criteria,
    pages: Sequence[tuple[str, str]],
) -> str:
    """Give the page that a stranger reads first."""
    marks = [e for e in entries if e.kind in MARKED and not (e.kind is Kind.OUTCOME and e.body["act"] == "prove")]
    title = conclusion(samples, criteria)
    events = [Event(datetime.fromisoformat(e.at).timestamp(), e.kind) for e in marks]
    picture = base64.b64encode(golive_chart(samples, criteria=criteria, title=title, events=events)).decode()
    word = HEADLINES.get(state.closed, (state.closed or "open").upper())
    environment = jinja2.Environment(loader=jinja2.PackageLoader("golive.pages"), autoescape=True)
    return environment.get_template("index.html").render(
        state=state,
        word=word,
        glyph=glyph(word),
        why=next((e.body["why"] for e in reversed(entries) if e.kind is Kind.RUN_CLOSED), "the run is open"),
        opened=entries[0].body,
        picture=picture,
        title=title,
        marks=[(number, *_row(entry)) for number, entry in enumerate(marks, 1)],
        decisions=[_decision(entry, entries) for entry in entries if entry.kind is Kind.DECISION],
        verdicts=[_row(entry) for entry in entries if entry.kind is Kind.VERDICT],
        checks=[_check(entry) for entry in entries if entry.kind is Kind.FINDING],
        pages=pages,
        head=entries[-1].hash,
        number=len(entries),
    )


def _row(entry: Entry) -> tuple[str, str, str, str]:
    return clock(entry.at), entry.phase, say(entry), entry.who["name"]


def _decision(entry: Entry, entries: Sequence[Entry]) -> dict[str, Any]:
    body, who = entry.body, entry.who
    verdict = next(
        (e.body["verdict"] for e in entries if e.kind is Kind.JUDGED and e.body["code"] == body["code"]), None
    )
    return {
        "at": clock(entry.at),
        "phase": entry.phase,
        "choice": body["choice"],
        "name": who["name"],
        "seen": f"{who['user']}@{who['host']}",
        "because": body["because"],
        "answers": f"{body['code']} {verdict['word'] if verdict else ''}",
    }


def _check(entry: Entry) -> tuple[str, str, str, str, str]:
    body = entry.body
    return clock(entry.at), entry.phase, body["sentence"], body["result"], body["seen"]
