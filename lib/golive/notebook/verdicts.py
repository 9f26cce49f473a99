"""The verdict that a page freezes: the guard's newest, or that of the checks where nobody soaks."""

from __future__ import annotations

from dataclasses import replace

from golive.core.decided import NOT_YET, Judged
from golive.core.findings import PASSED, excused
from golive.core.plan import PhaseKind
from golive.core.state import PhaseState
from golive.core.verdict import Hold, Verdict, Word, from_json
from golive.run import Run

SINCE = "; nothing worse was measured since"


def newest(run: Run, here: PhaseState) -> Verdict:
    """Give what the numbers say of the phase `here`, now; HOLD when nothing is known."""
    if not passed(run, here, "special"):
        return _plain(Word.HOLD, "the checks of this phase did not all pass", Hold.BETWEEN)
    if here.kind in (PhaseKind.PREFLIGHT, PhaseKind.COMPLETION):
        return _on_checks(run, here)
    look = run.book.last_look()
    silent = run.plan.guarding.guard_silent.total_seconds()
    if look is None or run.clock.monotonic() - look.at > silent:
        return _plain(Word.HOLD, "the guard is silent, so nothing is known", Hold.UNMEASURED)
    seen = look.body.get("verdict")
    if here.closed_at and here.judged is not None:
        return _still(here.judged, from_json(seen) if seen is not None else None)
    if seen is None or look.body.get("phase") != here.name:
        return _plain(Word.HOLD, "the guard has no verdict on this phase", Hold.UNMEASURED)
    return from_json(seen)


def _still(judged: Judged, seen: Verdict | None) -> Verdict:
    """Give the verdict of a soak that is over, upon which nobody was moved on yet, as it stands now.

    The guard watches on at the same split. What it says now counts, unless it has not enough of it yet: then what was
    frozen stands as long as nothing worse was measured since.
    """
    if seen is None:
        return _plain(Word.HOLD, "the guard does not watch: the next page is not open", Hold.UNMEASURED)
    if seen.hold not in NOT_YET or judged.worse:
        return seen
    frozen = from_json(judged.body["verdict"])
    since = "" if frozen.reason.endswith(SINCE) else SINCE
    return replace(frozen, reason=f"{frozen.reason}{since}")


def _on_checks(run: Run, here: PhaseState) -> Verdict:
    if "start" not in here.checks or not passed(run, here, "start"):
        return _plain(Word.HOLD, "the checks of this phase did not all pass", Hold.BETWEEN)
    if here.kind is PhaseKind.COMPLETION:
        return _plain(Word.PROCEED, "every phase is closed and the checks pass", None)
    return _plain(Word.PROCEED, "every check passed and stable was watched", None)


def passed(run: Run, here: PhaseState, stage: str) -> bool:
    """Say whether nothing that was looked at in a stage is bad now; what a person has excused is not."""
    found, excuses, now = here.found.get(stage, {}), run.state().excuses, run.clock.moment()
    if found:
        return all(one.result in PASSED or excused(one, excuses, now) is not None for one in found.values())
    checked = here.checks.get(stage)
    return checked is None or checked.passed


def _plain(word: Word, reason: str, hold: Hold | None) -> Verdict:
    return Verdict(word, hold, "", reason, (), 0.0, None, None, word, "the letter says nothing here")
