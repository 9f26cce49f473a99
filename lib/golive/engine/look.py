"""What a look leads to: a pure function from what the guard knows to what it does now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from golive.core.order import NAMED, Step
from golive.core.plan import Plan
from golive.core.state import Act, PhaseState, State
from golive.core.verdict import Hold, Verdict, Word
from golive.engine.stray import SAME, Stray
from golive.ports import Split, Unknown

SURE = 2  # reads in a row that lie on one side of the record
LOCKED_OUT = 3  # times guard_silent after which a record that takes nothing is given up
GIVES_UP = 15.0  # seconds that a rollback may take in a world of our own that nobody operates any more
TOO_LONG = 10  # reads after which setting back has failed for long enough


@dataclass(frozen=True)
class Known:
    """What the guard knows at one look.

    Attributes:
        now, since: Monotonic seconds; `since` is when the phase's watching began.
        stored: Whether the record can be written.
        rolling: Whether a rollback is under way in this process; `moving` likewise a shift or a proof.
        unattended: Seconds for which nobody has been at the wheel.
        watched: Seconds of the soak that were watched.
        stray: How the router's read-back differs from the record, None when it does not.
        lowers: Whether the router can set a smaller share than it has.
        locked: Seconds for which the record has taken nothing from the guard that holds the lease.
        not_ours: Whose the router is, when it shows another run's claim or another canary; else "".
    """

    plan: Plan
    state: State
    verdict: Verdict | None
    split: Split | Unknown
    now: float
    since: float
    stored: bool
    rolling: bool
    moving: bool
    unattended: float
    watched: float = 0.0
    stray: Stray | None = None
    lowers: bool = True
    locked: float = 0.0
    not_ours: str = ""


@dataclass(frozen=True)
class RollBack:
    """Send everybody back, for a reason; `request` is "" when nobody asked, `even_though` what he was told who did."""

    reason: str
    request: str = ""
    even_though: str = ""


@dataclass(frozen=True)
class Begin:
    """Begin what an operator asked for: a shift, a proof, or what shall become of a deployment."""

    asked: Act


@dataclass(frozen=True)
class SetBack:
    """Undo what stands above the recorded split, which nobody asked the guard for."""

    stray: Stray


@dataclass(frozen=True)
class SayStrayed:
    """Write down that the router reads back less than was recorded (`share`), or again what was (None)."""

    share: float | None


@dataclass(frozen=True)
class SayNotOurs:
    """Write down whose the router is, "" that it may be ours again."""

    why: str


@dataclass(frozen=True)
class EndSoak:
    """Write down that the soak is over, and with what."""

    body: dict[str, Any]


@dataclass(frozen=True)
class SayAlone:
    """Tell people outside that nobody is at the wheel of a site that has been cut over: that is held, and watched."""


@dataclass(frozen=True)
class Abandon:
    """Close the run: nobody has been at the wheel for long enough, and nobody is on the canary."""


Do = RollBack | Begin | SetBack | SayNotOurs | SayStrayed | EndSoak | SayAlone | Abandon


def decide(known: Known) -> tuple[Do, ...]:
    """Give what has to be done now. Backward comes first and alone; forward needs the record."""
    if _given_up(known):
        return (Abandon(),)
    back = _backward(known)
    if known.rolling:
        return ()
    if back is not None:
        return (back,)
    if not known.stored:
        return ()
    asked, forward = known.state.request, list[Do]()
    if known.not_ours:
        return _left_alone(known)
    if known.state.not_ours and isinstance(known.split, Split):
        forward.append(SayNotOurs(""))
    if known.state.rollback is not None:
        promotes = asked is not None and asked.name == Step.PROMOTE and not known.moving
        return (*forward, *((Begin(asked),) if asked is not None and promotes else ()), *_abandoned(known))
    if _above(known):
        assert known.stray is not None
        return tuple(forward) if known.moving else (*forward, SetBack(known.stray))
    forward += _strayed(known)
    if asked is not None and asked.name in ("shift", "prove", *NAMED) and not known.moving:
        forward.append(Begin(asked))
    return (*forward, *_end_of_soak(known), *_abandoned(known))


def _backward(known: Known) -> RollBack | None:
    state, verdict, asked = known.state, known.verdict, known.state.request
    if asked is not None and asked.name == "rollback":
        detail = asked.detail
        return RollBack(str(detail.get("because", "")), asked.request, str(detail.get("even_though", "")))
    if known.not_ours:
        return None
    if state.rollback is not None:
        return RollBack(_why_again(known)) if _not_back_yet(known) else None
    if verdict is not None and verdict.word is Word.ROLLBACK and state.canary_out:
        return RollBack(verdict.reason)
    before_cutover = state.canary_out and not state.cutover_at
    if _nobody_there(known) and before_cutover:
        return RollBack(f"nobody has been at the wheel for {known.unattended:.0f} s")
    if known.locked > LOCKED_OUT * known.plan.guarding.guard_silent.total_seconds() and before_cutover:
        return RollBack(f"the record could not be written for {known.locked:.0f} s")
    if _above(known) and known.stray is not None and known.stored and not known.moving:
        if not known.lowers or not known.state.split:
            can = "this router can't lower it" if not known.lowers else "everybody belongs on stable"
            return RollBack(f"{_said(known.stray, known.now)}, and {can}")
        if known.stray.reads >= TOO_LONG:
            return RollBack(f"{_said(known.stray, known.now)}, and setting it back has not helped")
    return None


def _left_alone(known: Known) -> tuple[Do, ...]:
    """Move nobody on a router that is another run's; say so once, and answer who asks."""
    said: tuple[Do, ...] = ()
    if known.not_ours != known.state.not_ours and (known.state.canary_out or known.state.claimed):
        said = (SayNotOurs(known.not_ours),)
    asked = known.state.request
    begins = asked is not None and asked.name in ("shift", "prove") and not known.moving and not known.state.rolled_back
    return (*said, *([Begin(asked)] if begins and asked is not None else []), *_abandoned(known))


def _above(known: Known) -> bool:
    """Say whether more visitors are on the canary than this run has put there; what it has not begun is not its own."""
    stray = known.stray
    begun = known.state.split > 0 or any(phase.shift is not None for phase in known.state.phases)
    return stray is not None and stray.above and stray.reads >= SURE and begun


def _strayed(known: Known) -> tuple[Do, ...]:
    """Let the record know when the read-back falls below it, and when it is there again."""
    stray, said = known.stray, known.state.strayed
    if known.moving or not isinstance(known.split, Split) or not known.state.split:
        return ()
    if stray is None:
        agrees = said is not None and abs(known.split.share - known.state.split) < SAME
        return (SayStrayed(None),) if agrees else ()
    below = not stray.above and stray.reads >= SURE and stray.share != said
    return (SayStrayed(stray.share),) if below else ()


def _why_again(known: Known) -> str:
    rollback, stray = known.state.rollback, known.stray
    if rollback is None or not rollback.done or stray is None:
        return "the rollback has not reached every visitor"
    return f"{_said(stray, known.now)}, after the rollback"


def _said(stray: Stray, now: float) -> str:
    stood = max(0.0, now - stray.since)
    record = f"above the {stray.recorded:.2%} of the record"
    return f"the router read back {stray.share:.2%}, {record}, for {stood:.1f} s at most"


def _not_back_yet(known: Known) -> bool:
    """Say whether this run was rolled back and the router still has, or may have, visitors on the canary."""
    rollback, split = known.state.rollback, known.split
    if rollback is None or (isinstance(split, Split) and split.share == 0 and (rollback.done or rollback.open)):
        return False
    return not rollback.done or isinstance(split, Split)


def _end_of_soak(known: Known) -> tuple[EndSoak, ...]:
    phase, verdict = known.state.phase, known.verdict
    if phase is None or verdict is None or phase.soaked is not None or not soaks(known.plan, phase):
        return ()
    seconds = known.now - known.since
    judging = known.plan.judging
    longest = known.plan.phase(phase.name).soak.total_seconds() + judging.hold_up_to.total_seconds()
    ready = verdict.soak_left <= 0 and (verdict.word is Word.PROCEED or verdict.hold is Hold.AFTER_CUTOVER)
    if not ready and seconds <= longest:
        return ()
    seen = {reading.criterion: reading.seen for reading in verdict.readings}
    return (EndSoak({"seconds": known.watched, "word": verdict.word, "reason": verdict.reason, "seen": seen}),)


def soaks(plan: Plan, phase: PhaseState) -> bool:
    """Say whether a phase has a soak, and what has to come before it is done."""
    if plan.phase(phase.name).soak.total_seconds() <= 0:
        return False
    return not phase.shifts or (phase.proof is not None and phase.proof.done)


def _abandoned(known: Known) -> tuple[Do, ...]:
    """Close what nobody operates; a site that was cut over is never left unwatched, unless it is our own world."""
    if not _nobody_there(known):
        return ()
    return (SayAlone(),) if known.state.canary_out and not known.plan.own_world else (Abandon(),)


def _given_up(known: Known) -> bool:
    """Say whether a world of our own, which nobody operates, has not taken its rollback in time."""
    patience, back = known.plan.guarding.abandon_after, known.state.rollback
    if patience is None or not known.plan.own_world or not known.stored or known.state.closed or back is None:
        return False
    return not back.done and known.unattended >= patience.total_seconds() + GIVES_UP


def _nobody_there(known: Known) -> bool:
    patience, state = known.plan.guarding.abandon_after, known.state
    if patience is None or not state.run or state.closed:
        return False
    return known.unattended >= patience.total_seconds()
