"""What a run went on with although it was not seen to be good: attested, waived, or left as it was. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from golive.core.findings import PASSED, UNMEASURED
from golive.core.record import Entry, Kind
from golive.core.state import State

BY_THE_PLAN = "the plan"
NOT_APPROVED = "waived, and not approved"


@dataclass(frozen=True)
class Given:
    """A person's word on one finding.

    Attributes:
        word: "attested", "waived", or that no second person has approved the waiver.
        called: The line's name in the plan.
        was: What the check itself came to.
        who: Name as claimed and account as seen, with the second person of a waiver.
        until: UTC, ISO 8601; "" for as long as the run lasts.
        see: The link, or the name of the file that was kept.
        sha256: That file's hash; "" for a link.
    """

    word: str
    phase: str
    called: str
    was: str
    who: str
    because: str
    at: str
    until: str
    see: str
    sha256: str = ""

    @property
    def unmeasured(self) -> bool:
        """Whether it covers what could not be measured."""
        return self.was == UNMEASURED


@dataclass(frozen=True)
class Left:
    """A line that was not good when it was last looked at in a phase, and that nobody has said anything about."""

    phase: str
    called: str
    result: str


def given(entries: Iterable[Entry]) -> tuple[Given, ...]:
    """Give what people attested and waived, in its order; what a plan waives by name and what was stated, too."""
    words = dict[tuple[str, ...], Given]()
    for entry in entries:
        if entry.kind in (Kind.ATTESTED, Kind.WAIVED):
            words[(entry.id,)] = _given(entry)
        elif entry.kind is Kind.APPROVED and (waiver := (str(entry.body.get("waiver", "")),)) in words:
            words[waiver] = _approved(words[waiver], entry)
        elif entry.kind is Kind.FINDING and entry.body["result"] == "waived" and not _excused(entry):
            called = entry.body.get("called") or entry.body["check"]
            words[(entry.phase, called)] = _by_the_plan(entry, called)
        elif entry.kind is Kind.FINDING and entry.body["result"] == "attested" and not _excused(entry):
            called = entry.body.get("called") or entry.body["check"]
            words[(entry.phase, called)] = _stated(entry, called)
    return tuple(words.values())


def _approved(one: Given, entry: Entry) -> Given:
    by = entry.body["by"]
    pasted = ", as the line says that was pasted" if entry.body["pasted"] else ""
    return replace(one, word="waived", who=f"{one.who}, with {by['name']} ({by['user']}@{by['host']}{pasted})")


def _excused(entry: Entry) -> bool:
    return bool(entry.body.get("evidence", {}).get("excused"))


def _by_the_plan(entry: Entry, called: str) -> Given:
    """Give what the plan itself waives by name: its check says by whom."""
    return Given("waived", entry.phase, called, "fail", BY_THE_PLAN, str(entry.body["seen"]), entry.at, "", "the plan")


def _stated(entry: Entry, called: str) -> Given:
    """Give a statement that was there already when its line was looked at."""
    body, evidence = entry.body, entry.body.get("evidence", {})
    who, see = (
        str(evidence.get("who") or "named in what was seen"),
        str(evidence.get("link") or evidence.get("statement", "")),
    )
    told = (entry.phase, called, "a statement", who, str(body["seen"]), entry.at, body.get("good_until", ""), see)
    return Given("attested", *told, str(evidence.get("statement_sha256", "")))


def _given(entry: Entry) -> Given:
    body, who = entry.body, entry.who
    name = f"{who['name']} ({who['user']}@{who['host']})" + (f", with {body['second']}" if body.get("second") else "")
    word = NOT_APPROVED if body.get("answer") and not body.get("second") else entry.kind.value
    told = (word, entry.phase, body["called"], body["was"], name, body["because"], entry.at, body["until"])
    return Given(*told, body.get("link") or body.get("file", ""), body.get("sha256", ""))


def left(state: State) -> tuple[Left, ...]:
    """Give the lines that stood in a phase as they were found, not good, and without anybody's word."""
    excused = {(one.called, one.code) for one in state.excuses if not one.awaits}
    return tuple(
        Left(phase.name, found.called, found.result)
        for phase in state.phases
        for stage in phase.found.values()
        for found in stage.values()
        if found.result not in PASSED and (found.called, found.code) not in excused
    )
