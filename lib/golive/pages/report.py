"""`index.html`: the whole go-live on one page, without network or script."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import jinja2
from markupsafe import Markup

from golive.core.plain import plain
from golive.core.plan import Criteria
from golive.core.record import Entry, Kind
from golive.core.responsible import stood_in
from golive.core.samples import Sample
from golive.core.state import State
from golive.pages.charts import Event, conclusion, golive_chart
from golive.pages.tables import say
from golive.pages.words import clock, day, glyph, percent

MARKED = (Kind.DECISION, Kind.OUTCOME, Kind.FAULT, Kind.RUN_CLOSED)
HEADLINES = {"completed": "COMPLETED", "rolled-back": "ROLLED BACK", "held": "HELD"}
FILES = ("record.jsonl", "samples.csv", "plan.yaml", "ROLLBACK.txt", "MANIFEST.json", "SEAL")
LONGEST = 4000
GOOD = ("pass", "attested", "waived")


@dataclass(frozen=True)
class Row:
    """One line of a table; `mark` is its number in the picture, 0 when it has none."""

    mark: int
    at: str
    phase: str
    cells: Sequence[str]


def index_html(
    *,
    state: State,
    entries: Sequence[Entry],
    samples: Sequence[Sample],
    criteria: Criteria,
    pages: Sequence[tuple[str, str]],
) -> str:
    """Give the page that a stranger reads first."""
    marks = [entry for entry in entries if _marked(entry)]
    numbers = {entry.seq: number for number, entry in enumerate(marks, 1)}
    titles = {phase.name: phase.title for phase in state.phases}
    title = conclusion(samples, criteria)
    events = [Event(datetime.fromisoformat(e.at).timestamp(), e.kind) for e in marks]
    picture = base64.b64encode(golive_chart(samples, criteria=criteria, title=title, events=events)).decode()
    word = HEADLINES.get(state.closed, (state.closed or "open").upper())
    findings = [entry for entry in entries if entry.kind is Kind.FINDING]

    def row(entry: Entry, *cells: str) -> Row:
        return Row(numbers.get(entry.seq, 0), clock(entry.at), titles.get(entry.phase, entry.phase), cells)

    environment = jinja2.Environment(loader=jinja2.PackageLoader("golive.pages"), autoescape=True, finalize=_visible)
    return environment.get_template("index.html").render(
        state=state,
        word=word,
        glyph=glyph(word),
        why=next((e.body["why"] for e in reversed(entries) if e.kind is Kind.RUN_CLOSED), "the run is open"),
        facts=_facts(state, entries),
        opened=entries[0].body,
        picture=Markup(picture),  # base64
        title=title,
        marks=[row(entry, _told(entry), entry.who["name"]) for entry in marks],
        decisions=[row(entry, *_decision(entry, entries)) for entry in entries if _decides(entry)],
        verdicts=[row(entry, entry.body["word"], entry.body["reason"]) for entry in entries if _judges(entry)],
        checks=[row(e, e.body["sentence"], e.body["result"], e.body["seen"], e.body["expected"]) for e in findings],
        passed=sum(entry.body["result"] in GOOD for entry in findings),
        pages=pages,
        files=FILES,
        head=entries[-1].hash,
        number=len(entries),
    )


def _visible(value: object) -> object:
    """Give a text of somebody else's with what turns the reading or hides made visible."""
    return plain(value, LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


def _marked(entry: Entry) -> bool:
    return entry.kind in MARKED and not (entry.kind is Kind.OUTCOME and entry.body["act"] == "prove")


def _told(entry: Entry) -> str:
    """Give a mark in words; why a person decided stands in the table of decisions."""
    return f"{entry.body['choice']}, as decided above" if entry.kind is Kind.DECISION else say(entry)


def _decides(entry: Entry) -> bool:
    rolled_back = entry.kind is Kind.OUTCOME and entry.body["act"] == "rollback"
    return rolled_back or _stands_in(entry) or entry.kind in (Kind.DECISION, Kind.APPROVED, Kind.ATTESTED, Kind.WAIVED)


def _stands_in(entry: Entry) -> bool:
    return entry.kind is Kind.PHASE_CLOSED and bool(stood_in(entry))


def _judges(entry: Entry) -> bool:
    return entry.kind is Kind.VERDICT


def _decision(entry: Entry, entries: Sequence[Entry]) -> tuple[str, str, str, str]:
    """Give what was decided, by whom, why, and which verdict that answers."""
    body = entry.body
    if entry.kind is Kind.OUTCOME:
        by = next((e.who for e in entries if e.id == body.get("request")), entry.who)
        said = "roll back" if body["result"] == "done" else "roll back, NOT CONFIRMED"
        return said, _person(by), str(body.get("because", "")), _standing(entry, entries)
    if entry.kind is Kind.PHASE_CLOSED:
        return "closes the phase", _signed(entry), entry.body["because"], stood_in(entry)
    if entry.kind in (Kind.ATTESTED, Kind.WAIVED):
        kept = body.get("link") or body.get("file") or ""
        stands = f"{body['called']}: {body['was']}; until {day(body['until'])}; {kept}"
        code = f" ({body['answer']})" if body.get("answer") else ""
        return f"{entry.kind.value} {body['called']}{code}", _signed(entry), body["because"], stands
    frozen = (e.body["verdict"] for e in entries if e.kind is Kind.JUDGED and e.body["code"] == body["code"])
    verdict = next(frozen, None)
    waived = f"{body['code']} {body.get('called', '')}".strip()
    answered = f"{verdict['word']} ({body['code']}): {verdict['reason']}" if verdict else waived
    if entry.kind is Kind.APPROVED:
        pasted = ", as the line says that was pasted" if body["pasted"] else ""
        return "approves", f"{_person(body['by'])}{pasted}", body["because"], answered
    return body["choice"], _signed(entry), body["because"], answered


def _signed(entry: Entry) -> str:
    return _person(entry.who) + (f", with {entry.body['second']}" if entry.body.get("second") else "")


def _person(who: object) -> str:
    assert isinstance(who, dict)
    return f"{who['name']} ({who['user']}@{who['host']})" if who.get("user") else str(who["name"])


def _standing(entry: Entry, entries: Sequence[Entry]) -> str:
    """Give the guard's verdict as it stood when an entry was made."""
    before = [e for e in entries if e.kind is Kind.VERDICT and e.seq < entry.seq]
    return f"{before[-1].body['word']}: {before[-1].body['reason']}" if before else "none yet"


def _facts(state: State, entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Give what a stranger asks first."""
    opened = entries[0].body
    shares = [float(e.body["share"]) for e in entries if e.kind is Kind.OUTCOME and e.body["act"] == "shift"]
    what = "a rehearsal on the run's own sandbox: no visitor of a real site was touched"
    assumed = [phase.title for phase in state.phases if phase.assumed]
    facts = [
        ("what", what if opened.get("world") == "sandbox" else "a go-live"),
        ("site", f"{opened['site']}, plan {opened['plan']} {state.fingerprint[:12]}"),
        ("when", f"{day(state.opened_at)} to {day(state.closed_at) if state.closed_at else 'now'}"),
        ("who", ", ".join(sorted({_person(e.who) for e in entries if _decides(e) or e.kind is Kind.RUN_OPENED}))),
        ("canary had", f"at most {percent(max(shares))}" if shares else "no visitors by a shift of this run"),
        ("now", f"{percent(state.split)} of visitors on the canary"),
    ]
    if assumed:
        facts.append(("assumed", f"not proven in this run: {', '.join(assumed)}"))
    if state.faults:
        facts.append(("faults", f"set on purpose: {', '.join(state.faults)}"))
    return [*facts, ("limits", str(opened["note"]))]
