"""What only a named person can know: their statement of this release, in a file or at an address."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from golive.adapters.checks.run import Known, Saw, Scene, Unseen
from golive.adapters.reports.origin import moment, of_commit, of_time
from golive.adapters.reports.reading import Loose, Report, ReportTrouble, json_of, model_of, report_at
from golive.core.phases import UNFILLED
from golive.core.plain import plain
from golive.core.scalars import Part, PositiveDuration
from golive.core.units import say_duration

LARGEST = 100_000
LONGEST = 120
ASK = 'go.attest("{called}", says="what you know", until="24h", link="https://…")'
LINK = re.compile(r"https?://[^\s/]+\S*")
SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def _said(value: str) -> str:
    if not any(letter.isalnum() for letter in value):
        raise ValueError("a sentence was expected that a person can answer")
    return value


class StatementSettings(Part):
    """What is asked; a file or an address with a person's statement, "" for none; and how old that may be.

    `of_file` is a file or an address that the statement has to be about: its SHA-256 must be the one that it names.
    """

    asks: Annotated[str, AfterValidator(_said)]
    statement: str = ""
    of_file: str = ""
    not_older_than: PositiveDuration = timedelta(days=7)


class Statement(Loose):
    """A statement as it is written: who answers what, when, of which commit, and what shows it."""

    who: str = ""
    answer: Literal["yes", "no"]
    says: str = ""
    at: str = ""
    commit: str = ""
    link: str = ""
    sha256: str = ""


async def stated(scene: Scene, wanted: StatementSettings) -> Saw | Unseen:
    """See what a person has stated of this release; without a statement that counts, it is still to be asked."""
    age = say_duration(wanted.not_older_than)
    expected = f"{wanted.asks}: a person's yes, of the release's commit, at most {age} old"
    ask = ASK.format(called=plain(scene.called, 60))
    if not wanted.statement:
        return Unseen(expected, "nobody has stated it", ask)
    try:
        report = await report_at(wanted.statement, scene.base, largest=LARGEST)
        told = model_of(Statement, json_of(report), report, "statement")
        trouble = await _trouble(told, scene, wanted)
    except ReportTrouble as error:
        return Unseen(expected, error.why, ask)
    who, says = plain(told.who, 60), plain(told.says, LONGEST)
    evidence = _evidence(told, report)
    if trouble:
        return Unseen(expected, f"{who or 'nobody'}: {trouble}", ask, evidence)
    if told.answer == "no":
        return Saw(False, expected, f"{who} says no: {says}", evidence, f"see {who}, and mend what keeps them")
    return Saw(True, expected, says, evidence, by=who)


async def _trouble(told: Statement, scene: Scene, wanted: StatementSettings) -> str:
    """Say why a statement does not count; "" when it does.

    Raises:
        ReportTrouble: If it does not say what it has to.
    """
    if told.who.strip() in UNFILLED:
        return "the statement has no name under it"
    if not any(letter.isalnum() for letter in told.says):
        return "the statement says nothing"
    if not LINK.fullmatch(told.link) and not SHA256.fullmatch(told.sha256):
        return "the statement names neither a link nor a file's sha256"
    age = wanted.not_older_than
    wrong = of_commit(scene.commit, [told.commit], "") or of_time(moment(told.at), scene.clock.now(), age)
    if wrong is not None:
        return f"the statement is {wrong.why}"
    if wanted.of_file:
        about = await report_at(wanted.of_file, scene.base)
        if told.sha256.lower() != about.sha256:
            return (
                f"the statement is of another file than {about.address}, whose sha256 begins with {about.sha256[:12]}"
            )
    return ""


def _evidence(told: Statement, report: Report) -> dict[str, Any]:
    named = {name: plain(getattr(told, name), 200) for name in ("who", "answer", "at", "commit", "link", "sha256")}
    return {**named, "statement": report.address, "statement_sha256": report.sha256}


KNOWN = {"statement": Known("A named person has stated it", stated, StatementSettings)}
