"""From domain objects to answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from golive.core.plan import Plan
from golive.core.record import Entry, Kind
from golive.core.responsible import stood_in
from golive.core.state import Act
from golive.core.verdict import Reading, Verdict, Word
from golive.pages.answer import Answer, Table
from golive.pages.calling import escalation as escalation
from golive.pages.foreseen import COLUMNS, foreseen_rows, warnings
from golive.pages.words import both, clock, glyph, percent, span
from golive.ports import Finding, Result

MARKS = {Result.PASS: "✔", Result.FAIL: "✖", Result.COULD_NOT_MEASURE: "?", Result.ATTESTED: "✔", Result.WAIVED: "–"}
MOST_NAMED = 5
AGAIN = "mend what failed, then run this cell again"
ANY = 0.01  # less is said to be none


def verdict_answer(
    verdict: Verdict, *, code: str, picture: bytes | None, note: str, evidence: tuple[bytes, str] | None = None
) -> Answer:
    """Give the verdict with a row for each criterion, and what the runbook's letter says.

    `evidence` is the picture of the evidence against time, and its title.
    """
    columns = ("", "criterion", "seen", "of", "proceed below", "roll back above", "evidence", "says")
    rows = [
        (
            glyph(reading.word.value),
            reading.sentence,
            percent(reading.seen),
            str(reading.requests) if reading.requests else "",
            percent(reading.proceed_below),
            percent(reading.rollback_above) if reading.rollback_above is not None else "–",
            evidence_in_words(reading),
            reading.why,
        )
        for reading in verdict.readings
    ]
    facts = [("answer with", code), ("as written", f"{verdict.as_written}: {verdict.as_written_why}"), ("limits", note)]
    if verdict.word is Word.HOLD and verdict.more_requests:
        facts.insert(1, ("needed", f"{verdict.more_requests} more requests, about {span(verdict.more_seconds)}"))
    choice = {Word.PROCEED: "proceed", Word.HOLD: "hold", Word.ROLLBACK: "rollback"}[verdict.word]
    then = f'go.decide("{choice}", "{code}", because="what you saw")'
    table = Table(columns, rows)
    return Answer(verdict.word.value, verdict.reason, facts, table, picture, verdict.reason, then, evidence)


def evidence_in_words(reading: Reading) -> str:
    """Give how much evidence a reading has on either side, of what it takes; "–" where none is gathered."""
    if reading.rollback_evidence >= 1:
        return "enough to roll back"
    parts = []
    if reading.rollback_evidence >= ANY:
        parts.append(f"{reading.rollback_evidence:.0%} of what a rollback takes")
    if reading.criterion in ("cpu", "memory", "client_errors", "worse_than_stable", "top_up"):
        return parts[0] if parts else "–"
    if reading.proceed_evidence >= 1:
        parts.append("enough to proceed")
    elif reading.proceed_evidence >= ANY:
        parts.append(f"{reading.proceed_evidence:.0%} of what it takes to proceed")
    return ", ".join(parts) or "none yet"


def checks_answer(findings: Sequence[Finding], then: str = "", took: float = 0.0) -> Answer:
    """Give one row for each check, what stands in the way first, each with the next thing to do.

    `took` is how long all of them took together, in seconds; `then` is what to type when nothing stands in the way.
    """
    bad = [finding for finding in findings if finding.result not in (Result.PASS, Result.ATTESTED, Result.WAIVED)]
    good = [finding for finding in findings if finding not in bad]
    rows = [
        (MARKS[f.result], f.sentence, f.called or f.check, f.result.value, f.seen, f.expected) for f in (*bad, *good)
    ]
    headline = f"{len(good)} of {len(findings)} checks passed"
    named = ", ".join(finding.called or finding.check for finding in bad[:MOST_NAMED])
    more = f" and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
    headline += f"; in the way: {named}{more}" if bad else ""
    facts = [(f.called or f.check, f.then) for f in bad if f.then]
    slowest = max(findings, key=lambda finding: finding.milliseconds, default=None)
    if slowest is not None and took:
        own = slowest.milliseconds / 1000
        facts.append(("took", f"{took:.1f} s, the slowest ({slowest.called or slowest.check}) {own:.1f} s"))
    table = Table(("", "check", "called", "result", "seen", "expected"), rows)
    return Answer("FAIL" if bad else "PASS", headline, facts, table, next=AGAIN if bad else then)


def baseline_answer(body: Mapping[str, Any], then: str, plan: Plan | None = None) -> Answer:
    """Give what is normal: stable before the first shift; and, by the plan, what its soaks can tell at this rate."""
    requests = body["requests"]
    if not requests:
        return Answer("DONE", "stable has no visitors now: there is nothing to hold the canary against", next=then)
    facts = [
        ("visitors", f"{requests} requests in {body['seconds']} s, {body['rate']} a second"),
        ("failed", percent(body["failed"] / requests)),
        ("over 500 ms", percent(body["over"]["500"] / requests)),
        ("over 1000 ms", percent(body["over"]["1000"] / requests)),
    ]
    if plan is None or not body["rate"]:
        return Answer("DONE", "this is what stable does", facts, next=then)
    learned = body.get("dispersion")
    table = Table(COLUMNS, foreseen_rows(plan, body["rate"], learned))
    told = warnings(plan, body["rate"], learned)
    facts += [("before you start", sentence) for sentence in told if sentence.startswith("NOT CONCLUSIVE")]
    headline = "this is what stable does, and what each soak can tell at its rate"
    return Answer("DONE", headline, facts, table, next=then)


def act_answer(act: Act, then: str) -> Answer:
    """Give what came of something that touched the world."""
    good = "PASS" if act.name == "prove" else "DONE"
    seen = act.detail.get("seen", act.result)
    return Answer(good if act.done else "FAIL", f"{act.name} at {both(act.ended_at)}: {seen}", next=then)


def timeline(entries: Sequence[Entry]) -> Answer:
    """Give the run's story, one row for each entry that a person would tell."""
    rows = [(str(e.seq), clock(e.at), e.phase, e.kind.value, say(e), e.who["name"]) for e in entries if say(e)]
    table = Table(("entry", "when", "phase", "what", "in words", "who"), rows)
    return Answer("DONE", f"{len(rows)} of {len(entries)} entries, in their order", table=table)


def say(entry: Entry) -> str:
    """Give an entry in one line; "" for those that only machines read."""
    body = entry.body
    match entry.kind:
        case Kind.RUN_OPENED:
            return f"{body['title']}, plan {body['plan']}"
        case Kind.GUARD_STARTED:
            other = f", with other code ({body['code']})" if body.get("began_with") else ""
            return f"{body['guard']} {'stands by' if body.get('as') == 'standby' else 'has started'}{other}"
        case Kind.LEASE_TAKEN:
            return f"{body['guard']} acts, fence {body['fence']}: {body['because']}"
        case Kind.GUARD_STOPPED:
            return f"{body['guard']} has ended: {body['why']}"
        case Kind.CHECKED:
            return f"checks ({body['stage']}) {'passed' if body['passed'] else 'did not all pass'}"
        case Kind.BASELINE:
            return f"stable: {body['failed']} of {body['requests']} requests failed"
        case Kind.FINDING if body.get("stage") == "watched":
            return f"watched {body['called']}: {body['result']}, {body['seen']}"
        case Kind.FINDING:
            return f"{body['sentence']}: {body['result']}" if body["result"] != "pass" else ""
        case Kind.ATTESTED | Kind.WAIVED:
            return f"{body['called']} {entry.kind.value} until {body['until']}: {body['because']}"
        case Kind.REQUEST | Kind.INTENT:
            what = percent(body["share"]) if "share" in body else body.get("name", "")
            return f"{body['act']} {what} {body.get('because', '')}".strip()
        case Kind.OUTCOME:
            return f"{body['act']} {body['result']}: {body.get('seen', '')}"
        case Kind.STRAYED if body["share"] is None:
            return f"the router reads back the recorded {percent(body['recorded'])} again"
        case Kind.STRAYED:
            return f"the router reads back {percent(body['share'])}, below the recorded {percent(body['recorded'])}"
        case Kind.NOT_OURS:
            return f"left alone: {body['why']}" if body["why"] else "the router may be this run's again"
        case Kind.LAST_RESORT:
            return f"last resort {'' if body['done'] else 'failed: '}{body['driver']}: {body['did']}"
        case Kind.VERDICT:
            return f"{body['word']}: {body['reason']}"
        case Kind.JUDGED:
            return f"{body['code']} {body['verdict']['word']}: {body['verdict']['reason']}"
        case Kind.HANDED_OVER:
            return f"{body['from']} hands the wheel to {body['to']}: {body['because']}"
        case Kind.WHEEL_TAKEN:
            return f"{body['by']} {'was handed' if body['offered'] else 'took'} the wheel from {body['from']}"
        case Kind.DECISION:
            return f"{body['choice']} (answers {body['code']}): {body['because']}"
        case Kind.APPROVED:
            of = f" of {body['called']}" if "waiver" in body else ""
            return f"{body['by']['name']} approves {body['code']}{of}: {body['because']}"
        case Kind.PHASE_CLOSED:
            return f"closed; {stood_in(entry)}" if stood_in(entry) else "closed"
        case Kind.RUN_CLOSED:
            return f"{body['result']}: {body['why']}"
        case Kind.SOAKED:
            return f"soaked {body['seconds']:.0f} s: {body['word']}"
        case Kind.SUMMARY:
            return f"summed up {clock(body['since'])} to {clock(body['until'])}"
        case Kind.FAULT:
            return f"fault set on purpose: {body['fault']}"
        case Kind.DIGEST | Kind.PAGE:
            return ""
        case Kind.NOTICE:
            return f"{body['level']}: {body['title']}"
        case _:
            return str(body.get("why") or body.get("text") or body.get("notebook") or entry.kind.value)
