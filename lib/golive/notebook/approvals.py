"""Another person's approval, from their own terminal or as the line that they have sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from golive.core.answers import Stop
from golive.core.approval_line import line_of, moment_of_line, read_line, who_of
from golive.core.approving import approve_may, judged_as, waiver_may, waiver_with
from golive.core.consent import SAME, missing
from golive.core.errors import NameUnknown, Stopped
from golive.core.findings import Excuse
from golive.core.folding import fold
from golive.core.moments import Moment, utc
from golive.core.record import Entry, Kind, Who
from golive.core.state import PhaseState, State
from golive.pages.answer import Answer
from golive.pages.words import clock
from golive.run import Run


def approve(run: Run, phase: str, line: str) -> Answer:
    """Let the line count that another person has printed, for the newest verdict of `phase`, or for a waiver.

    Raises:
        Stopped: If it is of another run, phase, verdict or evidence, too old, or of somebody who may not.
    """
    said, now = read_line(line), run.clock.moment()
    state = run.state()
    if said["run"] != state.run:
        raise Stopped(f"this line approves in the run {said['run']!r}, and this is {state.run}", _print(state, phase))
    waiver = waiver_with(state, said["code"])
    if waiver is not None:
        if said["evidence"] != waiver.evidence:
            why = f"this line approves the evidence {said['evidence']!r}, and {waiver.answer} is {waiver.evidence}"
            raise Stopped(why, f"let them approve {waiver.answer} of this run")
        who, made = _sent(run, said, now, f"let them approve {waiver.answer} of this run")
        return _enter_waiver(run, waiver, who, said["because"], made, pasted=True)
    here = _named(state, said["phase"])
    if here.name != phase:
        at = state.named(phase)
        raise Stopped(f"this line approves {here.title}, and what is decided here is {at.title}", _print(state, phase))
    judged = here.judged
    if judged is None or said["code"] != judged.code:
        newest = f"the newest verdict is {judged.code} of {clock(judged.at)}" if judged else "there is no verdict yet"
        raise Stopped(f"this line approves {said['code']!r}, and {newest}", _print(state, phase))
    if said["evidence"] != judged.evidence:
        why = f"this line approves the evidence {said['evidence']!r}, and {judged.code} froze {judged.evidence}"
        raise Stopped(why, _print(state, phase))
    who, made = _sent(run, said, now, _print(state, phase))
    return _enter(run, phase, who, said["because"], made, pasted=True)


def _sent(run: Run, said: Mapping[str, str], now: Moment, then: str) -> tuple[Who, Moment]:
    """Give who has sent a line and when: from another account than this one, and lately."""
    who, made = who_of(said), moment_of_line(said, now)
    if (who.user, who.host) == (run.who.user, run.who.host):
        raise Stopped(f"this line comes from {who.user}@{who.host}, which is here: {SAME}", then)
    if now.since(made) > run.plan.judging.decision_valid.total_seconds():
        raise Stopped(f"this line was printed at {said['at']}, too long ago to count", then)
    return who, made


def approve_here(run: Run, code: str, because: str) -> Answer:
    """Approve the verdict or the waiver of that code as the one who is at this terminal.

    Raises:
        Stopped: If there is no such newest verdict and no such waiver, or they may not.
    """
    state = run.state()
    if waiver := waiver_with(state, code):
        return _enter_waiver(run, waiver, run.who, because, run.clock.moment(), pasted=False)
    here = judged_as(state, code)
    if isinstance(here, Stop):
        raise here.error()
    return _enter(run, here.name, run.who, because, run.clock.moment(), pasted=False)


def printed(run: str, phase: str, code: str, evidence: str, who: Who, because: str, at: str) -> str:
    """Give the line that the first person pastes; nothing of the run has to be known here.

    Raises:
        Stopped: If a part is missing.
    """
    parts = {"--phase": phase, "--evidence": evidence, "--because": because}
    missing_ones = [name for name, part in parts.items() if not any(letter.isalnum() for letter in part)]
    if missing_ones:
        why = f"without the run's store it needs {' and '.join(missing_ones)}, which the first person's page says"
        raise Stopped(why, "type all of the line that their page shows")
    said = {"run": run, "phase": phase, "code": code.strip().upper(), "evidence": evidence}
    return line_of({**said, "name": who.name, "user": who.user, "host": who.host, "at": at, "because": because})


def _enter(run: Run, phase: str, who: Who, because: str, made: Moment, *, pasted: bool) -> Answer:
    valid = run.plan.judging.decision_valid.total_seconds()
    judged = run.state().named(phase).judged
    assert judged is not None

    def counts(entries: Sequence[Entry]) -> None:
        state = fold(entries)
        here = state.named(phase)
        if here.judged is None or here.judged.evidence != judged.evidence:
            raise Stopped(f"{judged.code} is not the newest verdict any more", "look at the newer one")
        if stop := approve_may(state, here, who, because, valid, run.clock.moment()):
            raise stop.error()

    body: dict[str, Any] = {"code": judged.code, "evidence": judged.evidence, "by": who.to_json(), "because": because}
    body |= {"at": utc(made.at), "moment": made.to_json(), "good_for": valid, "pasted": pasted}
    run.append(Kind.APPROVED, body, phase, counts)
    state = run.state()
    here = state.named(phase)
    seen = f"{who.seen}, as the pasted line says" if pasted else who.seen
    facts = [("claimed by", f"{who.name}; seen: {seen}"), ("verdict", f"{judged.word}: {judged.reason}")]
    facts += [("evidence", judged.evidence)]
    waits = missing(state, here, run.clock.moment()) if here.decision is not None else None
    then = waits.next if waits else "go.close() on their page" if here.decision else "they decide on their page"
    return Answer("DONE", f"{who.name} approves {judged.code} of {here.title}: {because}", facts, next=then)


def _enter_waiver(run: Run, waiver: Excuse, who: Who, because: str, made: Moment, *, pasted: bool) -> Answer:
    def counts(entries: Sequence[Entry]) -> None:
        state = fold(entries)
        standing = waiver_with(state, waiver.answer)
        assert standing is not None  # what the record holds once, it holds for good
        if stop := waiver_may(state, standing, who, because, run.clock.moment()):
            raise stop.error()

    body: dict[str, Any] = {"waiver": waiver.id, "called": waiver.called, "code": waiver.answer}
    body |= {"evidence": waiver.evidence, "by": who.to_json(), "because": because, "at": utc(made.at)}
    run.append(Kind.APPROVED, {**body, "moment": made.to_json(), "pasted": pasted}, waiver.phase, counts)
    seen = f"{who.seen}, as the pasted line says" if pasted else who.seen
    facts = [("claimed by", f"{who.name}; seen: {seen}"), ("waived by", f"{waiver.name}: {waiver.because}")]
    facts.append(("until", waiver.until))
    said = f"{who.name} approves the waiver {waiver.answer} of {waiver.called}: {because}"
    return Answer("DONE", said, facts, next="await go.checks() on their page")


def _named(state: State, phase: str) -> PhaseState:
    try:
        return state.named(phase)
    except KeyError:
        error = NameUnknown("phase", phase, [one.name for one in state.phases])
        raise Stopped(f"this line approves an {error}", "let them type the line that this page shows") from None


def _print(state: State, phase: str) -> str:
    judged = state.named(phase).judged
    return f"let them approve {judged.code} of this run" if judged else "go.judge()"
