"""The wheel changes hands: handed over by who has it, taken by who is to have it, each with a name and a reason."""

from __future__ import annotations

from collections.abc import Sequence

from golive.core.answers import Already, May, Stop
from golive.core.folding import fold
from golive.core.record import Entry, Kind
from golive.core.wheel import hand_over_may, take_wheel_may
from golive.pages.answer import Answer
from golive.run import Run


def hand_over(run: Run, to: str, because: str) -> Answer:
    """Offer the wheel to somebody, who has it once they have taken it; until then nothing changes.

    Raises:
        Stopped: If this operator has no wheel to hand over, or names nobody, or gives no reason.
    """
    name = run.who.name

    def still(entries: Sequence[Entry]) -> None:
        _raised(hand_over_may(fold(entries), name, to, because))

    allowed = _raised(hand_over_may(run.state(), name, to, because))
    if isinstance(allowed, Already):
        return Answer("NOTHING DONE", allowed.what)
    run.append(Kind.HANDED_OVER, {"from": name, "to": to, "because": because}, _phase(run), still)
    taking = f"golive take-wheel {run.folder.name} --operator {to!r}"
    return Answer("DONE", f"{name} hands the wheel to {to}, who has it once they take it: {because}", next=taking)


def take_wheel(run: Run, because: str = "") -> Answer:
    """Take the wheel: at once when it was handed to this operator, else with a reason.

    Raises:
        Stopped: If it was not handed over to this operator and no reason is given.
    """
    name = run.who.name

    def still(entries: Sequence[Entry]) -> None:
        _raised(take_wheel_may(fold(entries), name, because))

    wheel = run.state().wheel
    allowed = _raised(take_wheel_may(run.state(), name, because))
    if isinstance(allowed, Already):
        return Answer("NOTHING DONE", allowed.what)
    offered = wheel.offered_to == name
    body = {"by": name, "from": wheel.name, "offered": offered, "because": because or wheel.because}
    run.append(Kind.WHEEL_TAKEN, body, _phase(run), still)
    how = "was handed" if offered else "took"
    return Answer("DONE", f"{name} {how} the wheel from {wheel.name}: {body['because']}", next="the next cell")


def _raised(allowed: May) -> May:
    if isinstance(allowed, Stop):
        raise allowed.error()
    return allowed


def _phase(run: Run) -> str:
    phase = run.state().phase
    return phase.name if phase is not None else ""
